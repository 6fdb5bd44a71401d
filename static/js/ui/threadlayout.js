// What stands in a thread, in order: days, the line before what is unread, notices, bubbles in
// groups, and at the end what still waits. Pure: chat-thread turns it into nodes.

import { emptied } from "../chat/deleted.js";
import { reactionsOf } from "../chat/reactions.js";
import { tickOf } from "../chat/ticks.js";
import { sameDay } from "./day.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */
/** @typedef {import("../sending/outbox.js").Entry} Entry */
/** @typedef {import("../sync/notices.js").Notice} Notice */
/** @typedef {"waiting" | "failed" | import("../chat/ticks.js").Tick} Status */

/**
 * @typedef {{type: "day", key: string, time: number}
 *   | {type: "unread", key: string}
 *   | {type: "notice", key: string, kind: string, time: number, count?: number}
 *   | Bubble} Item
 */

/**
 * @typedef {object} Bubble
 * @property {"bubble"} type
 * @property {string} key
 * @property {boolean} mine
 * @property {boolean} first of its group
 * @property {boolean} last of its group
 * @property {number} time
 * @property {Message} [message]
 * @property {Entry} [entry]
 * @property {Status} [status] of what is mine
 * @property {Entry} [deleting] of the outbox: it waits, or has failed
 * @property {import("../chat/reactions.js").Reaction[]} [reactions]
 * @property {Entry} [reacting] of the outbox: it has failed
 * @property {boolean} [only] it is on this device alone
 */

/**
 * @typedef {object} Thread
 * @property {Message[]} messages oldest first
 * @property {import("../sync/onlyhere.js").OnlyHere[]} [only] in order
 * @property {Entry[]} entries
 * @property {Notice[]} notices
 * @property {import("../chat/ticks.js").Marks} marks of the peer
 * @property {number} [unreadFrom] ord of the first message that was unread when the chat opened
 */

const GROUP_MS = 5 * 60 * 1000;

/** @param {Thread} thread @returns {Item[]} */
export function layout({ messages, only = [], entries, notices, marks, unreadFrom }) {
  /** @type {Item[]} */
  const items = [];
  const waiting = notices.filter(firstOfDay).sort((a, b) => a.seq - b.seq);
  const alone = only.filter(shown);
  const deletions = new Map(entries.map((entry) => [entry.content.t === "del" ? entry.content.ref : "", entry]));
  const reactions = reacting(messages, entries);
  let unreadShown = unreadFrom === undefined;
  for (const message of messages.filter(shown)) {
    onlyUpto(items, alone, message.seq);
    while (waiting[0] && waiting[0].seq < message.seq) notice(items, waiting.shift());
    if (message.broken === "before_reset") {
      closed(items, message);
      continue;
    }
    if (!unreadShown && !message.mine && message.ord >= (unreadFrom ?? 0)) {
      unreadShown = true;
      day(items, message.time);
      items.push({ type: "unread", key: "unread" });
    }
    const deleting = message.mine && message.mid && !message.gone ? deletions.get(message.mid) : undefined;
    const said = deleting && !deleting.failed ? {} : reactions(message);
    const bubble = { key: `seq ${message.seq}`, mine: message.mine, time: message.time, message, ...said };
    const status = tickOf(marks, message.seq);
    if (!message.mine) add(items, bubble);
    else add(items, deleting ? { ...bubble, ...beingDeleted(message, deleting, status) } : { ...bubble, status });
  }
  onlyUpto(items, alone, Number.POSITIVE_INFINITY);
  for (const one of waiting) notice(items, one);
  const landed = new Set(messages.map(({ mid }) => mid));
  for (const entry of entries) {
    if (entry.content.t !== "text" || (entry.sealed && landed.has(entry.sealed.frame.client_id))) continue;
    const status = entry.failed ? /** @type {const} */ ("failed") : /** @type {const} */ ("waiting");
    add(items, { key: `entry ${entry.id}`, mine: true, time: entry.written, entry, status });
  }
  return items;
}

/**
 * Where a message stands: its own number says nothing of that where it is on this device alone.
 * @param {Message | import("../sync/onlyhere.js").OnlyHere} message
 */
export function placeOf(message) {
  return "after" in message
    ? { key: `only ${message.mid}`, seq: message.after }
    : { key: `seq ${message.seq}`, seq: message.seq };
}

/**
 * Whether the first unread message is among these: else the line before it has no place yet.
 * @param {Message[]} messages
 * @param {number | undefined} unreadFrom
 */
export function holdsFirst(messages, unreadFrom) {
  if (unreadFrom === undefined) return true;
  // A silent row repeats the ord of the message before it.
  return messages.some(({ mine, ord, kind }) => !mine && (kind === 1 ? ord <= unreadFrom : ord < unreadFrom));
}

/** Silent rows carry no text, and withheld ones are not shown. @param {Message} message */
function shown(message) {
  if (message.gone) return message.gone !== "withheld" && message.gone !== "hidden" && message.kind === 1;
  return message.kind === 1 && (message.content?.body !== undefined || message.broken !== undefined);
}

/**
 * Gone for me at once; back where it could not be deleted.
 * @param {Message} message
 * @param {Entry} deleting
 * @param {Status} status
 * @returns {Pick<Bubble, "message" | "deleting" | "status">}
 */
function beingDeleted(message, deleting, status) {
  return deleting.failed
    ? { message, deleting, status }
    : { message: emptied(message, "deleted"), deleting, status: "waiting" };
}

/**
 * What people say of each message by an emoji: as it is kept beside it, as rows that are held say it, which come a
 * moment earlier, and as the outbox has it.
 * @param {Message[]} messages
 * @param {Entry[]} entries in the order in which they were written
 * @returns {(message: Message) => Pick<Bubble, "reactions" | "reacting">}
 */
function reacting(messages, entries) {
  /** @type {Map<string | undefined, import("../chat/reactions.js").Said[]>} */
  const rows = new Map();
  for (const { seq, mine, content } of messages.filter(isReaction)) {
    const said = { seq, mine, t: "react", body: content?.body };
    rows.set(content?.ref, [...(rows.get(content?.ref) ?? []), said]);
  }
  const mine = new Map(entries.filter(isReaction).map((entry) => [entry.content.ref, entry]));
  return ({ mid, gone, relations = [] }) => {
    const said = rows.get(mid) ?? [];
    const entry = mine.get(mid);
    if (!mid || gone || !(entry || said.length || relations.length)) return {};
    const waiting = entry?.failed ? undefined : entry?.content.body;
    const reactions = reactionsOf([...relations, ...said], waiting);
    return { ...(reactions.length && { reactions }), ...(entry?.failed && { reacting: entry }) };
  };
}

/** @param {{content?: import("../chat/content.js").Content}} said */
function isReaction({ content }) {
  return content?.t === "react";
}

/** Several sign-ins of a day are one line. @param {Notice} one @param {number} at @param {Notice[]} all */
function firstOfDay({ kind, time }, at, all) {
  if (kind !== "list" && kind !== "devices") return true;
  return !all.slice(0, at).some((before) => before.kind === kind && sameDay(before.time, time));
}

/** @param {Item[]} items @param {Notice | undefined} one */
function notice(items, one) {
  if (!one) return;
  day(items, one.time);
  items.push({ type: "notice", key: `notice ${one.seq} ${one.time} ${one.kind}`, kind: one.kind, time: one.time });
}

/**
 * What stands below `seq` on this device alone, behind a line that counts it.
 * @param {Item[]} items
 * @param {import("../sync/onlyhere.js").OnlyHere[]} alone what is put goes
 * @param {number} seq
 */
function onlyUpto(items, alone, seq) {
  while (alone[0] && alone[0].after < seq) {
    const [{ after, time }] = alone;
    const next = alone.findIndex((message) => message.after !== after);
    const here = alone.splice(0, next < 0 ? alone.length : next);
    day(items, time);
    items.push({ type: "notice", key: `only ${after}`, kind: "only", time, count: here.length });
    for (const message of here) {
      add(items, { key: `only ${message.mid}`, mine: message.mine, time: message.time, message, only: true });
    }
  }
}

/** One line for all that an account reset has closed. @param {Item[]} items @param {Message} message */
function closed(items, { seq, time }) {
  const before = items.at(-1);
  if (before?.type === "notice" && before.kind === "closed") return;
  items.push({ type: "notice", key: `closed ${seq}`, kind: "closed", time });
}

/** @param {Item[]} items @param {Omit<Bubble, "type" | "first" | "last">} bubble */
function add(items, bubble) {
  day(items, bubble.time);
  const before = items.at(-1);
  const joins = before?.type === "bubble" && before.mine === bubble.mine && bubble.time - before.time < GROUP_MS;
  if (joins) before.last = false;
  items.push({ type: "bubble", first: !joins, last: true, ...bubble });
}

/** @param {Item[]} items @param {number} time */
function day(items, time) {
  const before = items.findLast((item) => item.type !== "unread");
  if (before && "time" in before && sameDay(before.time, time)) return;
  items.push({ type: "day", key: `day ${new Date(time).toDateString()} ${items.length ? "" : "first"}`, time });
}
