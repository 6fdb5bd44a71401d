// What this device alone still has: messages above the row from which the server's log is another
// one, because an older backup was put back (ADR 15). They keep their place in the thread.

import { cutAt } from "../chat/receipttimes.js";
import { PAGE_MAX } from "../protocol.js";
import { logKey } from "../sending/outboxstore.js";
import { leads } from "./newest.js";
import { without } from "./passedover.js";
import { follow } from "./senderchain.js";

/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {import("./conversation.js").Kept} Kept */
/** @typedef {Message & {after: number}} OnlyHere `after`: seq of the row behind which it stands */
/** @typedef {import("../storage/stores.js").Change} Change */
/** @typedef {Pick<import("../storage/stores.js").Stores, "get" | "all">} Reading */

/** In the order they were shown in. @param {Reading} stores @param {string} conv @returns {Promise<OnlyHere[]>} */
export async function onlyHere(stores, conv) {
  const rows = await stores.all("only", [conv], [conv, "\uffff"]);
  return rows.map(([, message]) => message).sort((a, b) => a.after - b.after || a.time - b.time || a.seq - b.seq);
}

/**
 * Moves what lies above `seq` aside; what was moved before and stood above it now stands there, too.
 * @param {Reading} stores
 * @param {string} conv
 * @param {number} seq
 * @returns {Promise<{changes: Change[], count: number}>} of one write; how many there are then
 */
async function moveAside(stores, conv, seq) {
  const above = (await stores.all("messages", [conv, seq + 1], [conv, Number.MAX_SAFE_INTEGER])).map(([, it]) => it);
  const earlier = await onlyHere(stores, conv);
  const shown = /** @type {Message[]} */ (above).filter(({ mid }) => mid); // withheld rows say nothing
  const moved = shown.map((message) => ({ ...message, after: seq }));
  const lowered = earlier.filter(({ after }) => after > seq).map((message) => ({ ...message, after: seq }));
  /** @type {Change[]} */
  const changes = [...lowered, ...moved].map((message) => ({
    store: "only",
    key: [conv, message.mid ?? ""],
    value: message,
  }));
  for (const store of above.length ? /** @type {const} */ (["messages", "relations"]) : []) {
    changes.push({ store, key: [conv, seq + 1], upto: [conv, Number.MAX_SAFE_INTEGER], remove: true });
  }
  return { changes, count: new Set([...earlier, ...moved].map(({ mid }) => mid)).size };
}

/**
 * What is known of a conversation from `seq` on, where the server's log is another one above it: the row
 * is the server's in every number. Of what followed on what, and of epochs, nothing is forgotten.
 * @param {Reading} stores
 * @param {Kept} before
 * @param {number} seq
 * @param {import("../protocol.js").VectorRow} row
 * @returns {Promise<{kept: Kept, changes: Change[]}>}
 */
export async function rewound(stores, before, seq, row) {
  const { conv, peer_got, peer_read } = row;
  const { steps, epoch } = before;
  const { changes, count } = await moveAside(stores, conv, seq);
  const below = await stores.all("messages", [conv, seq - PAGE_MAX], [conv, seq]);
  const newest = below.findLast(([, message]) => leads(message))?.[1] ?? null;
  const { passed, ...known } = before;
  const kept = { ...known, ...without(passed, seq + 1, Number.MAX_SAFE_INTEGER), row, have: seq, newest, only: count };
  kept.epoch = { n: epoch.n, seq: Math.min(epoch.seq, seq + 1) };
  if (steps) kept.steps = { got: cutAt(steps.got, peer_got), read: cutAt(steps.read, peer_read) };
  // A counter that was given to a message of the log before this one is not given again (docs/encryption.md 4.13).
  const logs = ((await stores.get("meta", logKey(conv))) ?? 0) + 1;
  changes.push({ store: "meta", key: logKey(conv), value: logs });
  return { kept, changes };
}

/**
 * A row beside what is known: what followed on what, and whether it was here before under its name. Then it is
 * the same message in a new place, or other bytes.
 * @param {Reading} stores
 * @param {Kept} kept
 * @param {Message} message gets the warning
 * @param {import("./decrypt.js").Opened["step"]} step
 * @returns {Promise<{lasts: Kept["lasts"], only: number, changes: Change[]}>} of one write with the row
 */
export async function judge(stores, kept, message, step) {
  const { lasts, only = 0 } = kept;
  const key = [message.conv, message.mid ?? ""];
  /** @type {OnlyHere | undefined} */
  const before = only ? await stores.get("only", key) : undefined;
  if (before && isSame(before, message)) {
    keepSaid(message, before);
    return { lasts, only: only - 1, changes: [{ store: "only", key, remove: true }] };
  }
  const known = message.seq === kept.have + 1 ? lasts : {}; // after a jump there is nothing to compare with
  const followed = step ? follow(known, step) : { lasts: {}, alarm: null };
  const alarm = before ? "replayed" : followed.alarm;
  if (alarm) message.warnings.push(alarm);
  return { lasts: followed.lasts, only, changes: [] };
}

/**
 * What was said here of it stands: it was deleted by who wrote it, or the server alone emptied it since.
 * @param {Message} message
 * @param {Message} before
 */
function keepSaid(message, { content, c, gone }) {
  if (gone === "deleted") {
    delete message.content;
    message.gone = gone;
  } else if (content && message.gone === "erased") {
    delete message.gone;
    Object.assign(message, { content, c });
  }
}

/**
 * Of what the server emptied its counter alone can be compared. By a version that did not note C it was kept with its
 * words alone.
 * @param {OnlyHere} before
 * @param {Message} message
 */
function isSame(before, message) {
  if (message.gone) return before.ctr === message.ctr && before.device === message.device;
  if (before.c === undefined) return before.content?.body === message.content?.body;
  return before.c === message.c && before.ctr === message.ctr;
}
