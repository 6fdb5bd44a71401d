// What became of this browser: whether its keys are here, and whether the account still knows them
// (docs/encryption.md 4.9). A browser that was removed deletes what it keeps.

import { b64 } from "../crypto/encoding.js";
import { standingProof } from "../crypto/proofs.js";
import { BlobFiles } from "../storage/blobfiles.js";
import { Keystore } from "../storage/keystore.js";
import { currentUid, forgetCurrent } from "./current.js";
import { api, forgetOpen, keptAccount, openAccount } from "./openaccount.js";

/**
 * ready: go on · signed_out: the keys are here, the session is over · removed: they were deleted just
 * now · empty: no keys, or not all of them · away: nobody answers
 * @typedef {"ready" | "signed_out" | "removed" | "empty" | "away"} State
 */

// This tab heard that its browser was removed. Another tab's sign-in may have wiped it before this
// one's looks, and what was wiped says nothing any more.
const HEARD = "m1-removed";

// The sign-in says why, and what becomes of what is kept here (`settleStanding`).
const ELSEWHERE = new Set([
  ...["no_account", "revoked", "reset", "sign_in", "no_device"],
  ...["proof", "enrol", "device_gone", "inconsistent", "closed"],
]);

/** Whether only signing in again helps. @param {unknown} error what openAccount threw */
export function needsSignIn(error) {
  const { code = "", status } = /** @type {{code?: string, status?: number}} */ (error);
  return ELSEWHERE.has(code) || status === 401;
}

/**
 * @param {string} [why] the code of an error, or why the line stopped
 * @returns {Promise<never>} the page goes to the sign-in, and comes back from there
 */
export function toSignIn(why) {
  if (why === "revoked") sessionStorage.setItem(HEARD, "");
  location.replace(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  return new Promise(() => {});
}

/**
 * @param {string} [next] where that leads once it is over
 * @returns {Promise<never>} the page says why the account is suspended, and leads back once it is not
 */
export function toSuspended(next = location.pathname) {
  location.replace(`/suspended?next=${encodeURIComponent(next)}`);
  return new Promise(() => {});
}

/** @returns {Promise<{state: State, name?: string}>} never throws */
export async function settleStanding() {
  const heard = sessionStorage.getItem(HEARD) !== null;
  sessionStorage.removeItem(HEARD);
  const uid = currentUid();
  await BlobFiles.sweepAll().catch(() => {}); // what another page opened as its account was signed out here
  const account = await keptAccount().catch(() => undefined);
  if (!account) {
    if (heard && uid) await wipe(uid); // looking made an empty database where the other tab had just deleted it
    return { state: heard ? "removed" : "empty" };
  }
  const { name } = account;
  try {
    await openAccount();
    return { state: "ready", name };
  } catch (error) {
    const { code, status = 0 } = /** @type {{code?: string, status?: number}} */ (error);
    if (code !== "revoked" && status !== 401 && status !== 403) return { state: "away", name };
    if (code !== "revoked" && !(await isGone(account))) return { state: "signed_out", name };
  }
  forgetOpen();
  await wipe(account.uid);
  return { state: "removed", name };
}

/** @param {import("../crypto/encoding.js").Bytes} uid */
async function wipe(uid) {
  await Keystore.wipe(uid).catch(() => {}); // another tab holds it: it wipes, too
  forgetCurrent();
}

/** @param {{uid: import("../crypto/encoding.js").Bytes, device: import("../crypto/encoding.js").Bytes, dsk: CryptoKey}} account */
async function isGone({ uid, device, dsk }) {
  const signature = await standingProof(dsk, { host: location.host, uid, device });
  const question = { uid: b64(uid), device: b64(device), signature: b64(signature) };
  const answer = await api.post("/api/standing", question).catch(() => undefined);
  return answer?.state === "gone";
}
