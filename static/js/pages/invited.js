// The entry of /invite#token: whom it is from, and the request. Who has to sign in first comes
// back here; the token waits in this tab, so that no address with it goes to the server.

import { openAccount } from "../account.js";
import { session } from "../session.js";
import { gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { actOnRow } from "../ui/peopleact.js";
import { foundPerson } from "../ui/peoplerow.js";

const PLACE = "invite";
const token = location.hash.slice(1) || sessionStorage.getItem(PLACE) || "";
const main = /** @type {HTMLElement} */ (document.getElementById("main"));

if (token) sessionStorage.setItem(PLACE, token);
history.replaceState(null, "", location.pathname); // the link is not left in the history
await show();

async function show() {
  try {
    await openAccount();
  } catch {
    part(main, "result").hidden = true;
    part(main, "stranger").hidden = false;
    return;
  }
  await session.start();
  main.addEventListener("click", async (event) => {
    if (await actOnRow(event)) location.assign("/people");
  });
  try {
    const [person, contacts] = await Promise.all([session.ask("invited", token), session.ask("contacts")]);
    sessionStorage.removeItem(PLACE);
    part(main, "result").replaceChildren(foundPerson(person, contacts));
  } catch (error) {
    const { status, code } = /** @type {{status?: number, code?: string}} */ (error);
    const over = status === 404 || code === "unknown";
    const words = over ? gettext("This invite is over, or was taken back. Ask for a new one.") : explain(error);
    const line = document.createElement("p");
    line.className = "notice notice-warning";
    line.textContent = words;
    part(main, "result").replaceChildren(line);
  }
}
