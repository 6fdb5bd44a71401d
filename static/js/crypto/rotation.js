// When an epoch must be followed by another one before the next send (docs/encryption.md 4.7).
// Clients decide this without trusting the server's floor.

import { lastRevocation, RESET } from "./devicelist.js";
import { equal } from "./encoding.js";
import { REASON, side } from "./epochrecord.js";

/** @typedef {import("./devicelist.js").Link} Link */
/** @typedef {import("./epochrecord.js").Epoch} Epoch */

const MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000; // weekly, if used: bounds what one stolen secret opens
const MAX_MESSAGES = 10_000;

/**
 * @param {Epoch} epoch the newest record
 * @param {{mine: Link[], theirs: Link[], now: number, sent: number}} state verified chains;
 *   `sent` = messages under this epoch
 * @returns {number | null} the reason of the next record, or null: go on
 */
export function rotationReason(epoch, { mine, theirs, now, sent }) {
  const chains = [mine, theirs];
  if (chains.some((links) => isOtherIdentity(epoch, links))) return REASON.RESET;
  if (isStale(epoch, mine, theirs)) return REASON.REVOKED;
  if (chains.some((links) => headOf(links).g > side(epoch, headOf(links).uid).g)) {
    return REASON.GENERATION;
  }
  if (now - epoch.ms >= MAX_AGE_MS) return REASON.AGE;
  return sent >= MAX_MESSAGES ? REASON.COUNT : null;
}

/**
 * Older than the newest revocation or reset of either user: nothing may be sent under it, and what
 * was received under it after that is flagged.
 * @param {Epoch} epoch
 * @param {Link[]} mine
 * @param {Link[]} theirs
 */
export function isStale(epoch, mine, theirs) {
  return [mine, theirs].some((links) => {
    if (isOtherIdentity(epoch, links)) return true;
    const revocation = lastRevocation(links);
    return revocation !== undefined && side(epoch, revocation.uid).k < revocation.k;
  });
}

/**
 * Made for an identity that an account reset has ended since.
 * @param {Epoch} epoch
 * @param {Link[]} links the present chain of one of the two
 */
export function endedByReset(epoch, links) {
  return Boolean(links[0] && links[0].flags & RESET) && isOtherIdentity(epoch, links);
}

/**
 * The record names a link that the present chain does not contain: another AIK signed it.
 * @param {Epoch} epoch
 * @param {Link[]} links
 */
export function isOtherIdentity(epoch, links) {
  const named = side(epoch, headOf(links).uid);
  return !links.some((link) => link.k === named.k && equal(link.hash, named.linkHash));
}

/** @param {Link[]} links @returns {Link} */
function headOf(links) {
  return /** @type {Link} */ (links.at(-1));
}
