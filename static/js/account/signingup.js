// Signing up: a name that is kept, then an account with everything at once. Policy: as in joining.js.

import { b64, equal, fromB64, M1Error, require } from "../crypto/encoding.js";
import { PUZZLES } from "../crypto/work.js";
import { newWorker, WORK_WORKER } from "../crypto/workers.js";
import { newAccount, newPassword } from "./identity.js";
import { emptied, requireCrypto, settle } from "./joining.js";
import { api } from "./openaccount.js";
import { remember } from "./remembered.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../protocol.js").SignUp} SignUp */
/** @typedef {import("../protocol.js").WorkDone} WorkDone */
/** @typedef {import("./joining.js").OnProgress} OnProgress */
/**
 * @typedef {object} Reservation
 * @property {Bytes} uid
 * @property {string} name as the server writes it
 * @property {Bytes} pepper
 * @property {Working | undefined} work begun; where the site asks for it
 * @property {() => Promise<Reservation>} again the same name, asked for once more
 */

/** What another start mends: the site asks for work since, or for more of it. */
const ASKED_SINCE = new Set(["work", "work_easy"]);

/**
 * @param {string} name
 * @param {string} [invite] token of an invite, where nobody signs up without
 * @returns {Promise<Reservation>} kept for ten minutes; ApiError taken, bad_name, uninvited, closed
 */
export async function reserveName(name, invite) {
  const answer = await api.post("/api/sign-up/start", { name, ...(invite && { invite }) });
  return {
    uid: fromB64(answer.uid, 16),
    name: answer.name,
    pepper: fromB64(answer.pepper, 32),
    work: answer.work && new Working(answer.work),
    again: () => reserveName(name, invite),
  };
}

/**
 * Make the account. ApiError `reservation` when the name was released meanwhile.
 * @param {Reservation} reservation
 * @param {{displayName: string, password: string, code: string, onProgress?: OnProgress}} person
 */
export async function signUp(reservation, { displayName, password: typed, code, onProgress }) {
  requireCrypto();
  const { uid, name, pepper } = reservation;
  onProgress?.("stretch");
  const password = await newPassword(typed);
  onProgress?.("keys");
  const stores = await emptied(uid);
  const device = await stores.newDevice();
  const person = { uid, pepper, displayName, password, code, device, ms: Date.now() };
  const { body, link, seed } = await newAccount(person);
  await remember(stores, { name, displayName, links: [link], seeds: new Map([[1, seed]]) });
  await handIn(body, reservation, onProgress);
  settle(uid, stores);
}

/** @param {SignUp} body @param {Reservation} reservation @param {OnProgress | undefined} onProgress */
async function handIn(body, reservation, onProgress) {
  try {
    await sent(body, reservation, onProgress);
  } catch (error) {
    if (!ASKED_SINCE.has(/** @type {{code: string}} */ (error).code)) throw error;
    const fresh = await reservation.again();
    require(equal(fresh.uid, reservation.uid), "reservation", "the keys are those of another uid");
    await sent(body, fresh, onProgress);
  }
}

/** @param {SignUp} body @param {Reservation} reservation @param {OnProgress | undefined} onProgress */
async function sent(body, { work }, onProgress) {
  const done = work && { work: await work.wait((part) => onProgress?.("work", part)) };
  onProgress?.("store");
  await api.post("/api/sign-up", { ...body, ...done });
}

/** A proof of work that goes on in a worker, while its person writes down their recovery code. */
export class Working {
  #part = 0;
  /** @type {(part: number) => void} */ #tell = () => {};
  /** @type {Promise<WorkDone>} */ #done;
  #worker;

  /** @param {import("../protocol.js").Work} work @param {() => Worker} [start] */
  constructor({ challenge, bits }, start = () => newWorker(WORK_WORKER, { type: "module" })) {
    const worker = start();
    this.#worker = worker;
    this.#done = new Promise((done, failed) => {
      worker.addEventListener("message", ({ data: { solved, nonces, code } }) => {
        if (nonces || code) this.stop();
        if (nonces) return done({ challenge, nonces: b64(nonces) });
        if (code) return failed(new M1Error(code, "the proof of work"));
        this.#part = solved / PUZZLES;
        this.#tell(this.#part);
      });
      worker.addEventListener("error", () => failed(new M1Error("not_loaded", "the worker")));
    });
    this.#done.catch(() => {}); // told to who waits
    worker.postMessage({ challenge: fromB64(challenge), bits });
  }

  /** @param {(part: number) => void} tell how much of it is done, up to 1 */
  wait(tell) {
    tell(this.#part);
    this.#tell = tell;
    return this.#done;
  }

  /** It is not wanted any more; a page that is left ends it, too. */
  stop() {
    this.#worker.terminate();
  }
}
