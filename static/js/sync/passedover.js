// Rows between what was here and the row that a browser jumped to. Silent ones among them may be of messages
// below: of those that this browser shows from its own store, and of those that it fetches for somebody who begins
// to read among them. It must look at them before it can be sure of what stands below.

/** @typedef {{from: number, to: number}} Passed both included */

/**
 * What a step to `seq` passes over. Of what lies further back than what is kept nothing is shown from here: the
 * server has it, without what was deleted.
 * @param {Passed | undefined} passed before
 * @param {number} have
 * @param {number} seq
 * @param {number} keep so many rows stay in this browser
 * @returns {{passed?: Passed}} member of what is kept
 */
export function passing(passed, have, seq, keep) {
  if (seq <= have + 1) return passed ? { passed } : {};
  const from = Math.min(have + 1, passed?.from ?? seq);
  return { passed: { from: Math.max(from, seq - keep + 1), to: seq - 1 } };
}

/**
 * Without what was looked at, or is gone; out of the middle nothing is taken.
 * @param {Passed | undefined} passed
 * @param {number} first
 * @param {number} last
 * @returns {{passed?: Passed}}
 */
export function without(passed, first, last) {
  if (!passed) return {};
  const { from, to } = passed;
  const cut = { from: first <= from ? Math.max(from, last + 1) : from, to: last >= to ? Math.min(to, first - 1) : to };
  return cut.from > cut.to ? {} : { passed: cut };
}
