// The pages where a member of staff sets up an app, and those behind a link. They work without this
// script: the token of the link can be typed, and the secret of the app as well.

import { qrCode } from "../ui/qrcode.js";

const TOKEN = 64; // characters

const token = document.querySelector("#id_token");
const picture = document.querySelector("#qr");

// What stands behind # never reached the server; it is sent as a form, which no log keeps.
if (token instanceof HTMLInputElement && location.hash.length > 1) {
  token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
}

// Nobody reads it; what is typed is the code.
const row = token?.closest(".form-row");
if (token instanceof HTMLInputElement && row instanceof HTMLElement) row.hidden = token.value.length === TOKEN;

if (picture instanceof HTMLElement && picture.dataset.address) {
  picture.append(await qrCode(picture.dataset.address, "The secret of your app, for its camera"));
}
