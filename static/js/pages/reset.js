// The account reset. Without a token in the address: how to get one. With one: what is lost, then a
// new password and a new code as in sign-up. Nothing changes before the code is kept.

import "../elements/password-field.js";
import "../elements/password-strength.js";
import "../elements/recovery-code.js";
import { askReset, openReset, startOver } from "../account/account.js";
import { fromHex } from "../crypto/encoding.js";
import { formatCode, newCode } from "../crypto/recoverycode.js";
import { format, gettext } from "../text.js";
import { explain } from "../ui/explain.js";
import { allRight, byId, judge, onSubmit, tell } from "../ui/forms.js";
import { progressOf, Steps } from "./steps.js";

const root = byId("main");
const steps = new Steps(root);
const ask = /** @type {HTMLFormElement | null} */ (document.getElementById("ask"));
const fresh = byId("fresh");
const meter = root.querySelector("password-strength");
const sheet = root.querySelector("recovery-code");
const SCRIPT = /** @type {[string, string][]} */ ([
  [
    "stretch",
    gettext("Turning your password into a key. This takes a moment, on purpose: it slows down anybody who guesses."),
  ],
  ["keys", gettext("Making the keys of your account and of this browser.")],
  ["store", gettext("Handing the sealed parts to the server.")],
]);

/** @type {import("../account/account.js").Beginning | undefined} */
let beginning;

meter.about = () => [beginning?.name ?? "", beginning?.displayName ?? ""];
if (ask) onSubmit(ask, askForLink);
onSubmit(byId("details"), showCode);
document.documentElement.dataset.ready = "";
addEventListener("hashchange", () => void open());
await open();

async function askForLink() {
  const name = byId("name");
  if (!allRight([[name, name.value.trim() ? "" : gettext("Type your username.")]])) return;
  await askReset(name.value);
  steps.show("sent");
}

async function open() {
  const token = location.hash.slice(1);
  if (!token) return steps.show("ask");
  try {
    beginning = await openReset(fromHex(token));
    root.querySelector("[data-who]").textContent = format(gettext("Start over as @{name}"), { name: beginning.name });
    byId("fresh-for").value = beginning.name;
    steps.show("details");
  } catch (error) {
    const used = gettext("This link has been used or has expired. Get another one below.");
    steps.show("ask");
    tell(root.querySelector("[data-step='ask']"), explain(error, { token: used, bad_body: used, bad_hex: used }));
  }
}

async function showCode() {
  if (!beginning || !judge(fresh, await meter.problem())) return;
  const code = newCode();
  steps.show("code");
  await sheet.ask(await formatCode(code), beginning.name);
  steps.show("working");
  try {
    const onProgress = progressOf(root.querySelector("[data-step='working']"), SCRIPT);
    await startOver(beginning, { password: fresh.value, code, onProgress });
  } catch (error) {
    steps.show("details");
    const used = gettext("This link has been used or has expired. If that was you, sign in with the new password.");
    tell(byId("details"), explain(error, { token: used }));
    return;
  }
  sheet.forget();
  location.assign("/chats");
}
