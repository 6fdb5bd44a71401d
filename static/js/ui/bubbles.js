// One item of a thread as nodes: clones of the one <template>, filled by textContent alone.

import { format, gettext, ngettext } from "../text.js";
import { summaryWords } from "./attachmentwords.js";
import { whyNotDeleted } from "./deletingwords.js";
import { acceptedWords, joinedWords } from "./joinednews.js";
import { linkify } from "./linkify.js";
import { putTick } from "./tick.js";
import { clockTime, dayName, fullTime } from "./when.js";

/** @typedef {import("./threadlayout.js").Item} Item */
/** @typedef {import("./threadlayout.js").Bubble} Bubble */

const EMOJI_ONLY = /^(?:\p{RGI_Emoji}\s*){1,3}$/v;
const EMOJI_ONLY_MAX = 128; // three of the longest and some spaces; more is not looked through

const apart = () => gettext("Not sent: you blocked this person, or are not connected with them any more.");
const refused = () => gettext("Not sent: the server refuses this message.");

/** Those of the outbox; else the keys of the chat did not stand. @type {Record<string, () => string>} */
const FAILURES = {
  not_connected: apart,
  unknown: apart,
  too_big: () => gettext("Not sent: this message is too long."),
  too_long: () => gettext("Not sent: this message is too long."),
  file_too_large: () => gettext("Not sent: a file is larger than this server takes."),
  quota: () =>
    gettext("Not sent: your storage on this server is full. A smaller file may fit; Settings show what is left."),
  site_full: () => gettext("Not sent: this server has no room for files right now. Try again later."),
  lost: () => gettext("Not sent: this browser lost the file. Delete this message and attach the file again."),
  unsupported: () => gettext("Not sent: this server does not take such messages."),
  bad_seq: refused,
  blob: refused,
  reused: refused,
  other_epoch: () => gettext("Not sent: the server shows another key than before. Compare safety numbers."),
};

/** @type {Record<string, () => string>} */
const WAITS = {
  offline: () => gettext("Not sent yet: there is no connection. It is sent when you are back online."),
  quota: () => gettext("Not sent yet: this browser's storage is full. It is sent when there is room."),
  identity: () => gettext("Not sent yet: decide about the new security identity first."),
};

/** @type {Record<string, () => string>} */
const WARNINGS = {
  missing: () => gettext("A message before this one is missing. The server may have dropped it."),
  replayed: () => gettext("The server showed this message out of its place. Do not rely on it."),
  list_forged: () => gettext("Your device lists do not match. Somebody may be listening in: compare safety numbers."),
  old_epoch: () => gettext("Sealed with a key that had been given up. It may come from a device that was removed."),
  odd_time: () => gettext("The sender's clock is far off."),
};

/** @type {Record<string, (name: string) => string>} */
const NOTICES = {
  list: () => gettext("The devices of this person have changed."),
  devices: () => gettext("You verified this person, and their devices have changed. Ask them whether that was them."),
  identity: () => gettext("The security identity of this person has changed."),
  verified: () => gettext("The security identity of this person has changed. You had verified the one before."),
  epoch: () => gettext("You renewed the encryption key."),
  joined: joinedWords,
  accepted: acceptedWords,
  closed: () => gettext("Messages from before you reset your account stay closed."),
};

/** What of a bubble is seen in it. @type {(keyof Bubble)[]} */
const SEEN = ["message", "only", "mine", "first", "last", "time", "status"];

/** @type {WeakMap<Element, {bubble: Bubble, peerName: string}>} by its node */
const shown = new WeakMap();

/** What a node shows. @param {Element} node @returns {Bubble | undefined} */
export function bubbleOf(node) {
  return shown.get(node)?.bubble;
}

/** @param {Item} item @returns {HTMLElement} */
export function nodeOf(item) {
  const node = cloned(item.type === "bubble" ? "message" : "thread-line");
  node.dataset.key = item.key;
  return node;
}

/**
 * Brings a node up to date; what did not change is not touched, so that nothing is read out twice.
 * @param {HTMLElement} node
 * @param {Item} item
 * @param {string} peerName
 * @returns {boolean} false: it showed that already. A thread is filled with every event, and most of it stays
 */
export function fill(node, item, peerName) {
  if (item.type === "bubble") {
    const same = shows(node, item, peerName);
    shown.set(node, { bubble: item, peerName }); // what is said of it by an emoji may differ
    if (!same) fillBubble(node, item, peerName);
    return !same;
  }
  node.dataset.type = item.type;
  if (item.type === "notice") node.dataset.kind = item.kind;
  put(part(node, "text"), lineWords(item, peerName));
  return true;
}

/** What waits changes in place. @param {HTMLElement} node @param {Bubble} bubble @param {string} peerName */
function shows(node, bubble, peerName) {
  const before = shown.get(node);
  if (before?.peerName !== peerName || [before.bubble, bubble].some(waitingOf)) return false;
  return SEEN.every((key) => before.bubble[key] === bubble[key]);
}

/** What a screen reader hears of a new message, once. @param {Pick<Bubble, "message">} bubble @param {string} peerName */
export function spoken({ message }, peerName) {
  return format(gettext("{name}: {text}"), { name: peerName, text: message ? summaryOf(message) : "" });
}

/** The text of a message, or why there is none. @param {import("../sync/decrypt.js").Message} message */
export function wordsOf({ content, gone, broken, mine }) {
  if (gone === "expired") return gettext("This message has expired.");
  if (gone === "deleted") return mine ? gettext("You deleted this message.") : gettext("This message was deleted.");
  if (gone) return gettext("The server no longer has this message. Its sender did not say that they deleted it.");
  if (broken === "update_app") return gettext("A kind of message that this version does not know. Reload the page.");
  if (broken === "before_reset") return gettext("From before you reset your account.");
  if (broken) return gettext("This message cannot be opened, so it is not shown.");
  return content?.body ?? "";
}

/** The same in one line, with what is attached. @param {import("../sync/decrypt.js").Message} message */
export function summaryOf(message) {
  const { content, gone, broken } = message;
  return content && !gone && !broken ? summaryWords(content) : wordsOf(message);
}

/** @param {Item} item @param {string} peerName */
function lineWords(item, peerName) {
  if (item.type === "day") return dayName(item.time);
  if (item.type === "unread") return gettext("New messages");
  if (item.type !== "notice") return "";
  return item.kind === "only" ? onlyWords(item.count ?? 0) : (NOTICES[item.kind]?.(peerName) ?? "");
}

/** @param {number} count */
function onlyWords(count) {
  const words = ngettext(
    "The server was set back to an older state. {count} message is only on this device.",
    "The server was set back to an older state. {count} messages are only on this device.",
    count,
  );
  return format(words, { count });
}

/** @param {HTMLElement} node @param {Bubble} bubble @param {string} peerName */
function fillBubble(node, bubble, peerName) {
  const { mine, first, last, message, entry, time } = bubble;
  const only = Boolean(bubble.only);
  const waits = waitingOf(bubble);
  const odd = Boolean(message?.gone || message?.broken);
  const flags = { mine, first, last, only, odd, deleting: Boolean(bubble.deleting) };
  for (const [flag, on] of Object.entries(flags)) node.toggleAttribute(`data-${flag}`, on);
  node.dataset.status = bubble.status ?? "";
  node.dataset.waits = (!entry?.failed && entry?.waits) || "";
  if (message && !only) node.dataset.seq = String(message.seq);
  if (waits) node.dataset.entry = waits.id;
  else delete node.dataset.entry;
  put(part(node, "who"), first ? (mine ? gettext("You") : peerName) : "");
  putText(node, message ? wordsOf(message) : (entry?.content.body ?? ""));
  const clock = /** @type {HTMLTimeElement} */ (part(node, "time"));
  put(clock, clockTime(time));
  clock.dateTime = new Date(time).toISOString();
  clock.title = fullTime(time);
  putTick(part(node, "status"), bubble.status);
  putLine(part(node, "warning"), (message?.warnings ?? []).map((warning) => WARNINGS[warning]?.() ?? "").join(" "));
  part(node, "unsent").hidden = !waits?.failed && !waits?.waits;
  put(part(node, "reason"), waits ? whyUnsent(waits) : "");
  part(node, "retry").hidden = !waits?.failed;
  part(node, "discard").hidden = Boolean(waits?.sealed); // it may be there already
  put(part(node, "discard"), discardWords(bubble));
}

/** What of it is in the outbox. @param {Bubble} bubble */
function waitingOf({ entry, deleting, reacting }) {
  return entry ?? deleting ?? reacting;
}

/** @param {Bubble} bubble */
function discardWords({ deleting, reacting }) {
  if (deleting) return gettext("Keep the message");
  return reacting ? gettext("Do not react") : gettext("Delete");
}

/** Why it is not sent; empty where that is not worth a word. @param {import("../sending/outbox.js").Entry} entry */
export function whyUnsent(entry) {
  const { content, failed, waits } = entry;
  if (content.t === "del") return whyNotDeleted(entry);
  if (content.t === "react") return failed ? gettext("Your reaction was not sent.") : "";
  if (failed)
    return FAILURES[failed]?.() ?? gettext("Not sent: the keys of this chat do not match. Compare safety numbers.");
  return waits ? (WAITS[waits]?.() ?? gettext("Not sent yet. This browser keeps trying.")) : "";
}

/** @param {HTMLElement} node @param {string} text */
function putText(node, text) {
  const place = part(node, "text");
  if (place.dataset.text === text) return;
  place.dataset.text = text;
  node.toggleAttribute("data-emoji", text.length <= EMOJI_ONLY_MAX && EMOJI_ONLY.test(text));
  place.replaceChildren(
    ...linkify(text).map((piece) => (piece.href ? anchor(piece) : document.createTextNode(piece.text))),
  );
}

/** @param {import("./linkify.js").Piece} piece */
function anchor({ text, href = "", host }) {
  const link = document.createElement("a");
  link.href = href;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  link.dir = "ltr"; // apart from the text around it, which may run the other way
  link.textContent = text;
  if (host) link.append(leadsTo(host));
  return link;
}

/** @param {string} host */
function leadsTo(host) {
  const place = document.createElement("span");
  place.className = "link-host";
  place.textContent = ` (${host})`;
  return place;
}

/** @param {HTMLElement} place @param {string} words */
function putLine(place, words) {
  put(place, words);
  place.hidden = !words;
}

/** @param {HTMLElement} place @param {string} words */
function put(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

/** @param {Element} node @param {string} name @returns {HTMLElement} */
export function part(node, name) {
  const found = /** @type {HTMLElement | null} */ (node.querySelector(`[data-part="${name}"]`));
  if (!found) throw new Error(`no part ${name}`);
  return found;
}

/** @param {string} id of a template @returns {HTMLElement} */
export function cloned(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
}
