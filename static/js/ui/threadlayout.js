// What stands in a thread, in order: days, the line before what is unread, notices, bubbles in
// groups, and at the end what still waits. Pure: chat-thread turns it into nodes.

/** @typedef {import("../hub/letters.js").Letter} Letter */
/** @typedef {import("../outbox.js").Entry} Entry */
/** @typedef {import("../hub/notices.js").Notice} Notice */
/** @typedef {"waiting" | "failed" | "sent" | "delivered" | "read"} Status */

/**
 * @typedef {{type: "day", key: string, time: number}
 *   | {type: "unread", key: string}
 *   | {type: "notice", key: string, kind: string, time: number}
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
 * @property {Letter} [letter]
 * @property {Entry} [entry]
 * @property {Status} [status] of what is mine
 */

/**
 * @typedef {object} Thread
 * @property {Letter[]} letters oldest first
 * @property {Entry[]} entries
 * @property {Notice[]} notices
 * @property {number} peerGot
 * @property {number} peerRead
 * @property {number} [unreadFrom] ord of the first message that was unread when the chat opened
 */

const GROUP_MS = 5 * 60 * 1000;

/** @param {Thread} thread @returns {Item[]} */
export function layout({ letters, entries, notices, peerGot, peerRead, unreadFrom }) {
  /** @type {Item[]} */
  const items = [];
  const waiting = [...notices].sort((a, b) => a.seq - b.seq);
  let unreadShown = unreadFrom === undefined;
  for (const letter of letters.filter(shown)) {
    while (waiting[0] && waiting[0].seq < letter.seq) notice(items, waiting.shift());
    if (letter.broken === "before_reset") {
      closed(items, letter);
      continue;
    }
    if (!unreadShown && !letter.mine && letter.ord >= (unreadFrom ?? 0)) {
      unreadShown = true;
      day(items, letter.time);
      items.push({ type: "unread", key: "unread" });
    }
    const bubble = { key: `seq ${letter.seq}`, mine: letter.mine, time: letter.time, letter };
    add(items, letter.mine ? { ...bubble, status: statusOf(letter.seq, peerGot, peerRead) } : bubble);
  }
  for (const one of waiting) notice(items, one);
  const landed = new Set(letters.map(({ mid }) => mid));
  for (const entry of entries) {
    if (entry.sealed && landed.has(entry.sealed.frame.client_id)) continue;
    const status = entry.failed ? /** @type {const} */ ("failed") : /** @type {const} */ ("waiting");
    add(items, { key: `entry ${entry.id}`, mine: true, time: entry.written, entry, status });
  }
  return items;
}

/**
 * Whether the first unread message is among these: else the line before it has no place yet.
 * @param {Letter[]} letters
 * @param {number | undefined} unreadFrom
 */
export function holdsFirst(letters, unreadFrom) {
  if (unreadFrom === undefined) return true;
  // A silent row repeats the ord of the message before it.
  return letters.some(({ mine, ord, kind }) => !mine && (kind === 1 ? ord <= unreadFrom : ord < unreadFrom));
}

/** Silent rows carry no text; what was withheld is not told. @param {Letter} letter */
function shown(letter) {
  if (letter.gone) return letter.gone !== "withheld" && letter.kind === 1;
  return letter.kind === 1 && (letter.text !== undefined || letter.broken !== undefined);
}

/** @param {number} seq @param {number} got @param {number} read @returns {Status} */
function statusOf(seq, got, read) {
  if (seq <= read) return "read";
  return seq <= got ? "delivered" : "sent";
}

/** @param {Item[]} items @param {Notice | undefined} one */
function notice(items, one) {
  if (!one) return;
  day(items, one.time);
  items.push({ type: "notice", key: `notice ${one.seq} ${one.time} ${one.kind}`, kind: one.kind, time: one.time });
}

/** One line for all that an account reset has closed. @param {Item[]} items @param {Letter} letter */
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

/** @param {number} a @param {number} b */
export function sameDay(a, b) {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
