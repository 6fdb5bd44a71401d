// When a message was delivered and read. A mark says "everything up to here, now": kept as steps,
// it gives each message its time. Of marks that moved while nobody listened only the last is
// known: a message then has the latest time that it can have.

import { tickOf } from "./ticks.js";

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
  // Where the first step began is no longer known.
  if (first && kept.length < steps.length) kept[0] = [first[0], first[1], false];
  return [...kept, [seq, time, heard]];
}

/** A mark that has fallen: what it said above no longer counts. @param {Step[]} steps @param {number} seq */
export function cutAt(steps, seq) {
  return steps.filter(([upto]) => upto <= seq);
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
 * @param {import("./ticks.js").Marks} marks of the peer
 */
export function momentsOf(steps, seq, marks) {
  const tick = tickOf(marks, seq);
  const seen = tick === "read" ? momentOf(steps.read, seq) : undefined;
  const arrived = tick === "sent" ? undefined : momentOf(steps.got, seq);
  return { delivered: arrived ?? (seen && { ...seen, exact: false }), read: seen };
}
