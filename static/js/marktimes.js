// When a message was delivered and read. A mark says "everything up to here, now": kept as steps,
// it gives each message its time. Of marks that moved while nobody listened only the last is
// known, which is then the latest time it can have been.

/** @typedef {import("./hub/letters.js").Letter} Letter */
/** @typedef {[seq: number, time: number, heard: boolean]} Step `heard`: live, so the time is exact */
/** @typedef {{got: Step[], read: Step[]}} Steps */
/** @typedef {{time: number, exact: boolean}} Moment */

export const STEPS_MAX = 200; // a conversation; older messages then have a latest time

/**
 * @param {Step[]} steps
 * @param {number | undefined} seq
 * @param {number | undefined} time
 * @param {boolean} heard
 * @returns {Step[]} the same where the mark did not rise
 */
export function stepped(steps, seq, time, heard) {
  if (!seq || time === undefined || seq <= (steps.at(-1)?.[0] ?? 0)) return steps;
  const kept = steps.slice(-(STEPS_MAX - 1));
  const [first] = kept;
  // What the first step is the end of is not known any more.
  if (first && kept.length < steps.length) kept[0] = [first[0], first[1], false];
  return [...kept, [seq, time, heard]];
}

/** @param {Step[]} steps @param {number} seq @returns {Moment | undefined} */
export function momentOf(steps, seq) {
  const step = steps.find(([upto]) => upto >= seq);
  return step && { time: step[1], exact: step[2] };
}

/**
 * Of a message of mine; what is read was delivered, at that moment at the latest.
 * @param {Steps} steps
 * @param {number} seq
 * @param {number} got how far the peer has received
 * @param {number} read and read
 */
export function momentsOf(steps, seq, got, read) {
  const seen = seq <= read ? momentOf(steps.read, seq) : undefined;
  const arrived = seq <= Math.max(got, read) ? momentOf(steps.got, seq) : undefined;
  return { delivered: arrived ?? (seen && { ...seen, exact: false }), read: seen };
}
