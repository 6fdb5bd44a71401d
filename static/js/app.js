// The entry of the pages of chats: the bus, then the elements, then what joins them: the
// address, the two panes, and which chat somebody looks at.

import { startBus } from "./pages/starting.js";
import { announceFailures } from "./ui/announcer.js";
import { setTitle } from "./ui/badges.js";
import { part } from "./ui/bubbles.js";
import { MessageMenu } from "./ui/messagemenu.js";
import { chatAddress, chatOf } from "./ui/person.js";
import { wireReactions } from "./ui/reactionpills.js";
import { wireReplying } from "./ui/replying.js";
import { wireUnsent } from "./ui/unsentact.js";

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const heading = main.dataset.title ?? document.title;

const page = await startBus();
await Promise.all([
  import("./elements/chat-status.js"),
  import("./elements/chat-list.js"),
  import("./elements/chat-readall.js"),
  import("./elements/chat-thread.js"),
  import("./elements/chat-person.js"),
  import("./elements/chat-verify.js"),
  import("./elements/chat-composer.js"),
  import("./elements/chat-media.js"),
  import("./elements/chat-attach.js"),
  import("./elements/chat-voice.js"),
  import("./elements/chat-report.js"),
]);
announceFailures();
const list = /** @type {import("./elements/chat-list.js").ChatList} */ (main.querySelector("chat-list"));
const thread = /** @type {HTMLElement} */ (main.querySelector("chat-thread"));
const person = /** @type {import("./elements/chat-person.js").ChatPerson} */ (main.querySelector("chat-person"));
const composer = /** @type {import("./elements/chat-composer.js").ChatComposer} */ (
  main.querySelector("chat-composer")
);
const attach = /** @type {import("./elements/chat-attach.js").ChatAttach} */ (main.querySelector("chat-attach"));
const voice = /** @type {import("./elements/chat-voice.js").ChatVoice} */ (main.querySelector("chat-voice"));

const answer = (/** @type {import("./sync/decrypt.js").Message} */ message) => composer.answer(message);
const menu = /** @type {HTMLDialogElement} */ (document.getElementById("message-menu"));
new MessageMenu(part(thread, "messages"), menu, answer);
wireReplying(part(thread, "messages"), answer, () => composer.writable);
wireReactions(part(thread, "messages"));
wireUnsent(thread);

/** @type {string | null} */ let left = null; // by a key: its row gets the focus

main.addEventListener("pick", (event) => {
  event.preventDefault(); // this page shows it
  go(/** @type {CustomEvent} */ (event).detail);
});
main.querySelector(".thread-back")?.addEventListener("click", back);
main.addEventListener("leave", back);
addEventListener("popstate", () => show(chatOf(location.pathname)));
addEventListener("keydown", leaveChat);
show(chatOf(location.pathname));
document.documentElement.dataset.ready = "";

/** @param {string} conv */
function go(conv) {
  const address = chatAddress(conv);
  if (location.pathname !== address) history.pushState({ fromList: true }, "", address);
  show(conv);
}

/** @param {Event} event */
function back(event) {
  event.preventDefault();
  if (history.state?.fromList) return history.back();
  history.pushState(null, "", "/chats");
  show(null);
}

/** @param {KeyboardEvent} event */
function leaveChat(event) {
  const open = document.querySelector("dialog[open], :popover-open");
  if (event.key !== "Escape" || event.isComposing || open || !chatOf(location.pathname)) return;
  if (composer.answerNothing()) return;
  left = chatOf(location.pathname);
  back(event);
}

/** @param {string | null} conv */
function show(conv) {
  main.dataset.view = conv ? "thread" : "list";
  document.body.dataset.bar = conv ? "hidden" : "";
  part(main, "none").hidden = Boolean(conv);
  if (conv !== thread.getAttribute("conv")) {
    if (conv) thread.setAttribute("conv", conv);
    else thread.removeAttribute("conv");
  }
  if (!conv) setTitle(heading);
  list.mark(conv);
  if (!conv && left) list.focusOn(left);
  left = null;
  void person.open(conv);
  void composer.open(conv);
  void attach.open(conv);
  void voice.open(conv);
  page?.look();
}
