// How far a message of mine came. Only this module decides it: a mark covers all messages below it
// but those in the gaps beside it, which it passed over (docs/protocol.md, "Sending").

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {NonNullable<VectorRow["gaps"]>} Gaps */
/** @typedef {Pick<VectorRow, "peer_got" | "peer_read" | "gaps">} Marks */
/** @typedef {"sent" | "delivered" | "read"} Tick */

const WITHHELD = 1; // never delivered; any other kind: delivered, and never shown as read
const KEPT_MAX = 500; // gaps of a conversation; older ones are let go

/** @param {Marks} marks @param {number} seq of a message of mine @returns {Tick} */
export function tickOf({ peer_got, peer_read, gaps }, seq) {
  const around = (gaps ?? []).filter(([, first, last]) => first <= seq && seq <= last);
  if (seq <= peer_read && !around.length) return "read";
  const withheld = around.some(([kind]) => kind === WITHHELD);
  return seq <= Math.max(peer_got, peer_read) && !withheld ? "delivered" : "sent";
}

/**
 * What was told once stays known; of two that begin alike the longer one counts.
 * @param {Gaps | null | undefined} known
 * @param {Gaps | null | undefined} told
 * @returns {{gaps?: Gaps}} members of a row
 */
export function withGaps(known, told) {
  if (!told?.length) return known?.length ? { gaps: known } : {};
  const all = new Map((known ?? []).map((gap) => [`${gap[0]} ${gap[1]}`, gap]));
  for (const gap of told) {
    const key = `${gap[0]} ${gap[1]}`;
    if (gap[2] > (all.get(key)?.[2] ?? 0)) all.set(key, gap);
  }
  const gaps = [...all.values()].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  return { gaps: gaps.slice(-KEPT_MAX) };
}
