const MOMENT_MS = 1000; // the server's clock decides, and a request may be fast
const HOUR_MS = 3_600_000; // somebody may have taken it back

/**
 * When to ask again whether a suspension is over.
 * @param {number} [leftMs] of it, by the server's clock; undefined: it has no end
 */
export function lookAgainIn(leftMs = HOUR_MS) {
  return Math.min(Math.max(0, leftMs) + MOMENT_MS, HOUR_MS);
}
