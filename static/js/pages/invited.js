// The entry of /invite#token: whom it is from, and what can be done about it. Somebody who has to sign
// in first comes back here; the token waits in this tab, so that no address with it goes to the server,
// and until the link was answered for good.

import { STATE } from "../chat/contactstate.js";
import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { busy } from "../ui/forms.js";
import { Found } from "../ui/found.js";
import { actOnRow } from "../ui/peopleact.js";
import { chatAddress, nameOf } from "../ui/person.js";
import { toast } from "../ui/toast.js";
import { forgetInvite, keepInvite, keptInvite } from "./invitetoken.js";
import { startBus } from "./starting.js";

/** @typedef {import("../people/contacts.js").Contact} Contact */
/** @typedef {import("../protocol.js").ShownInvite} ShownInvite */

const token = location.hash.slice(1) || keptInvite();
const main = /** @type {HTMLElement} */ (document.getElementById("main"));

if (token) keepInvite(token);
history.replaceState(null, "", location.pathname); // the link is not left in the history
addEventListener("hashchange", () => location.reload()); // another link, into the same tab
await open();
document.documentElement.dataset.ready = "";

async function open() {
  const signedIn = await startBus({ readable: true });
  if (!token || !signedIn) return instead(token ? "stranger" : "nothing");
  const found = new Found(part(main, "result"));
  try {
    const invite = await bus.ask("invited", token);
    if (!invite.connects) forgetInvite();
    await show(found, invite);
  } catch (error) {
    if (isOver(error)) forgetInvite();
    found.say(isOver(error) ? over() : explain(error), "notice notice-warning");
  }
}

/** @param {"stranger" | "nothing"} shown */
function instead(shown) {
  part(main, "result").hidden = true;
  part(main, shown).hidden = false;
}

/** @param {Found} found @param {ShownInvite} invite */
async function show(found, invite) {
  const self = gettext("This invite is your own. Send it to the person whom you want to write to.");
  await found.show(invite.peer, { connects: invite.connects, self });
  if (invite.peer.uid === (await bus.ask("me"))) return forgetInvite();
  bus.on("contacts", (now) => tell(invite, now));
  tell(invite, await bus.ask("contacts"));
  part(main, "as").hidden = false;
  main.addEventListener("click", (event) => void act(event, found));
}

/** What pressing the button does. @param {ShownInvite} invite @param {Contact[]} contacts */
function tell({ peer, connects }, contacts) {
  const contact = contacts.find((one) => one.peer.uid === peer.uid);
  if (contact?.state === STATE.CONNECTED) forgetInvite();
  part(main, "lead").textContent = lead(connects, contact?.state, nameOf(contact ?? { peer }));
  part(main, "lead").hidden = false;
}

/** @param {boolean} connects @param {number | undefined} state @param {string} name */
function lead(connects, state, name) {
  if (state === STATE.CONNECTED) return format(gettext("You and {name} are connected."), { name });
  if (state === STATE.BLOCKED) return format(gettext("You blocked {name}. Unblock them first."), { name });
  const words = connects
    ? gettext("{name} agreed when they made this invite: press Connect, and you can write to each other at once.")
    : gettext("{name} sees your name and decides. You can write once they accept.");
  return format(words, { name });
}

/** @param {Event} event @param {Found} found */
async function act(event, found) {
  const button = /** @type {HTMLButtonElement | null} */ (
    /** @type {HTMLElement} */ (event.target).closest("button[data-act]")
  );
  if (button?.dataset.act === "connect") return connect(button, found);
  if ((await actOnRow(event, token)) && button?.dataset.act === "request") location.assign("/people");
}

/** @param {HTMLButtonElement} button @param {Found} found */
async function connect(button, found) {
  busy(button, true);
  try {
    const conv = await bus.ask("acceptInvite", token);
    forgetInvite();
    location.assign(chatAddress(conv));
  } catch (error) {
    busy(button, false);
    if (!isOver(error))
      return toast(explain(error, { moved: gettext("You blocked this person. Unblock them first.") }));
    forgetInvite();
    for (const gone of ["lead", "as"]) part(main, gone).hidden = true;
    found.say(over(), "notice notice-warning");
  }
}

/** One answer for all that is over: the server does not tell them apart. @param {unknown} error */
function isOver(error) {
  const { status, code } = /** @type {{status?: number, code?: string}} */ (error);
  return status === 404 || code === "unknown";
}

function over() {
  return gettext(
    "This invite does not work any more: it was used or withdrawn, or its time is over. Ask for a new one.",
  );
}
