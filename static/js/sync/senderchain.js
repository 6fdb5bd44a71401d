// Per device of a conversation: the counter and the commitment that each message repeats of the
// one before (docs/encryption.md 4.13). A server that drops, replays or reorders shows here.

/** @typedef {{ctr: number, c: string | null}} Last c null: the message before has no content left */
/** @typedef {Record<string, Last>} Lasts by device */
/** @typedef {"missing" | "replayed"} Alarm */

/**
 * @param {Lasts} lasts
 * @param {{device: string, ctr: number, c: string | null, prev: string | null}} message
 * @returns {{lasts: Lasts, alarm: Alarm | null}}
 */
export function follow(lasts, { device, ctr, c, prev }) {
  const last = lasts[device];
  const next = { ...lasts, [device]: { ctr, c } };
  if (!last) return { lasts: next, alarm: null }; // seen from the middle: nothing to compare with
  if (ctr <= last.ctr) return { lasts, alarm: "replayed" };
  if (ctr > last.ctr + 1) return { lasts: next, alarm: "missing" };
  const same = c === null || last.c === null || prev === last.c;
  return { lasts: next, alarm: same ? null : "missing" };
}
