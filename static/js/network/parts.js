// The bytes of blobs, in numbered parts (media/protocol.py), up and down by the way that they are given (ways.js). A part
// that did not arrive is sent again; nobody but the caller decides when to give up.

import { free } from "../crypto/memory.js";
import { AT_ONCE } from "./ways.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("./ways.js").Way} Way */
/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {typeof globalThis.fetch} Fetch */

export const PART_SMALL = 256 * 1024;
export const PART_MIDDLE = 1024 * 1024;
export const PART_LARGE = 4 * 1024 * 1024;
const PARTS = [PART_SMALL, PART_MIDDLE, PART_LARGE];
const COUNT_MAX = 10_000; // parts of a blob
const FAST = 1_000_000; // bytes a second: 8 Mbit/s
const SLOW_MS = 20_000; // for one part
// For a part on its way up, at first. The server ends all but one of a person's after 120 s; a proxy may take longer.
export const PUT_MS = 130_000;
const IDLE_MS = 20_000; // nothing came of a part that comes
const AHEAD = 2; // parts that are asked for at once
const PATIENCE_MS = 30_000; // without a byte, until a download gives up
const AGAIN_MS = 500; // doubled with each try

/**
 * What became of a part. `code`: offline, busy (later), denied (ticket, token or signature), whole, gone, site_full,
 * refused, unreachable (the place of files lets this browser not in).
 */
export class PartError extends Error {
  /** @param {string} code @param {number} [retryMs] @param {unknown} [cause] */
  constructor(code, retryMs, cause) {
    super(`part: ${code}`, { cause });
    this.name = "PartError";
    this.code = code;
    this.retryMs = retryMs;
  }
}

/** How fast parts have gone up lately, and how large the parts of the next blob are. */
export class Speed {
  /** @type {{from: number, to: number, bytes: number}[]} the last of them */ #parts = [];
  slow = false; // the last part took long

  /** @param {number} from ms @param {number} to ms @param {number} bytes */
  note(from, to, bytes) {
    this.slow = to - from > SLOW_MS;
    this.#parts = [...this.#parts.slice(-5), { from, to, bytes }];
  }

  /** A part that did not arrive says something only where it took long. @param {number} from ms @param {number} to ms */
  noteFailed(from, to) {
    this.slow ||= to - from > SLOW_MS;
  }

  /** Bytes; undefined before the first part. */
  get perSecond() {
    if (!this.#parts.length) return undefined;
    const begun = Math.min(...this.#parts.map(({ from }) => from));
    const ended = Math.max(...this.#parts.map(({ to }) => to));
    return (1000 * this.#parts.reduce((sum, { bytes }) => sum + bytes, 0)) / Math.max(1, ended - begun);
  }

  /** @param {number} size of the blob @param {boolean} [cut] no part of it arrives @returns {number} */
  part(size, cut = false) {
    const slow = cut || this.slow || this.#parts.some(({ from, to }) => to - from > SLOW_MS);
    const fast = (this.perSecond ?? 0) >= FAST;
    if (slow && size <= COUNT_MAX * PART_SMALL) return PART_SMALL;
    return fast || size > COUNT_MAX * PART_MIDDLE ? PART_LARGE : PART_MIDDLE;
  }
}

/**
 * @param {{fetch: Fetch, clock: Clock}} seams
 * @param {{way: Way, body: BodyInit, ms: number}} part `ms`: it may take
 * @param {AbortSignal} signal
 * @returns {Promise<void>} once the server has it; throws PartError, and what `signal` says
 */
export async function putPart({ fetch, clock }, { way, body, ms }, signal) {
  const late = new AbortController();
  const timer = clock.after(ms, () => late.abort());
  const how = { ...init(way), method: "PUT", body, signal: AbortSignal.any([signal, late.signal]) };
  try {
    const answer = await reached(() => fetch(way.url, how), way, signal);
    if (!answer.ok) throw refusal(answer, way);
  } finally {
    clock.cancel(timer);
  }
}

/** Another origin gets no cookie of one that is beside it. @param {Way} way @returns {RequestInit} */
function init({ headers, direct }) {
  return { cache: "no-store", credentials: direct ? "omit" : "same-origin", redirect: "error", headers };
}

/**
 * @template T
 * @param {() => Promise<T>} ask
 * @param {Way} way
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
async function reached(ask, { direct }, signal) {
  try {
    return await ask();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // A browser does not say whether a line, a policy of the page or one of that server was in the way.
    throw new PartError(direct ? "unreachable" : "offline", undefined, error);
  }
}

const CODES = new Map([
  [401, "denied"],
  [403, "denied"],
  [404, "gone"],
  [409, "whole"],
  [410, "gone"],
  [507, "site_full"],
]);

/** Of a signed URL: that bytes came otherwise than they were signed, a new one mends as well. */
const DIRECT_CODES = new Map([
  [404, "gone"],
  [507, "site_full"],
]);

/** @param {Response} answer @param {Way} way */
function refusal({ status, headers }, { direct }) {
  const later = status >= 500 || status === 429 || status === 408;
  const seconds = Number(headers.get("Retry-After"));
  const known = (direct ? DIRECT_CODES : CODES).get(status);
  const code = known ?? (later ? "busy" : direct ? "denied" : "refused");
  return new PartError(code, seconds > 0 ? seconds * 1000 : undefined);
}

/**
 * @typedef {object} Down
 * @property {Fetch} fetch
 * @property {Clock} clock
 * @property {import("../lanes.js").Lanes} lanes how many parts may come at once, of all blobs
 * @property {(n: number, fresh: boolean, wanted: number[]) => Promise<Way>} way of part n; `fresh`: the last one was
 *   refused; `wanted`: n and the parts after it
 * @property {Pick<import("./ways.js").Reach, "patience" | "missed" | "came">} reach of the place past the site
 * @property {AbortSignal} signal
 * @property {(done: number) => void} progress bytes that have come
 */

/**
 * The bytes of a blob in their order.
 * @param {number} size bytes, sealed
 * @param {Down} down
 * @returns {AsyncGenerator<Bytes, void>} throws PartError: `gone`, or what was in the way too long
 */
export async function* getParts(size, down) {
  const counted = new Counted(down.progress);
  const first = await getPart(0, [0], down, counted);
  const part = first.length;
  // Of the last part alone another length is right; of a blob that is one part, it is the first.
  if (part > size || (part < size && !PARTS.includes(part))) throw new PartError("refused");
  yield first;
  const count = Math.ceil(size / part);
  const numbers = Array.from({ length: count }, (_, n) => n);
  /** @type {Promise<Bytes>[]} */
  const coming = [];
  for (let n = 1; n < count; n++) {
    while (coming.length < AHEAD && n + coming.length < count) {
      const next = n + coming.length;
      const asked = getPart(next, numbers.slice(next, next + AT_ONCE), down, counted);
      asked.catch(() => {}); // heard when its turn comes
      coming.push(asked);
    }
    yield await /** @type {Promise<Bytes>} */ (coming.shift());
  }
}

/** Bytes that came, of all parts: those of a try that failed do not count. */
class Counted {
  #sum = 0;
  #told;

  /** @param {(done: number) => void} told */
  constructor(told) {
    this.#told = told;
  }

  /** @param {number} bytes */
  add(bytes) {
    this.#sum += bytes;
    this.#told(this.#sum);
  }
}

/** @param {number} n @param {number[]} wanted @param {Down} down @param {Counted} counted @returns {Promise<Bytes>} */
async function getPart(n, wanted, down, counted) {
  const { clock, lanes, reach, signal } = down;
  let fresh = false; // the last way was refused
  let begun = clock.now();
  for (let tries = 0; ; tries++) {
    let came = 0;
    /** @type {Way | undefined} */ let way;
    try {
      way = await down.way(n, fresh, wanted);
      const taken = way;
      const note = (/** @type {number} */ bytes) => {
        came += bytes;
        begun = clock.now();
        counted.add(bytes);
      };
      const queued = clock.now();
      const part = await lanes.run(() => {
        begun += clock.now() - queued; // other parts were on their way
        return getOnce(taken, down, note);
      });
      if (taken.direct) reach.came();
      return part;
    } catch (error) {
      counted.add(-came);
      signal.throwIfAborted();
      // The way comes from another tab, which may be away as a server is.
      const { code, retryMs } = error instanceof PartError ? error : new PartError("offline", undefined, error);
      const denied = code === "denied" || code === "unreachable";
      const again = denied && !fresh; // at once, by another way
      fresh ||= denied;
      const later = again || code === "offline" || code === "busy" || code === "unreachable";
      if (!later && way?.direct && code === "denied") throw new PartError("unreachable", undefined, error);
      const unreached = code === "unreachable" && !again;
      if (!later || clock.now() - begun >= (unreached ? reach.patience : PATIENCE_MS)) {
        if (unreached) reach.missed();
        throw error;
      }
      if (!again) await pause(clock, Math.min(PATIENCE_MS, retryMs ?? AGAIN_MS * 2 ** Math.min(tries, 6)), signal);
    }
  }
}

/**
 * @param {Way} way
 * @param {Down} down
 * @param {(bytes: number) => void} came
 * @returns {Promise<Bytes>}
 */
async function getOnce(way, { fetch, clock, signal }, came) {
  const idle = new AbortController();
  /** @type {number | undefined} */ let timer;
  const wait = () => {
    clock.cancel(timer);
    timer = clock.after(IDLE_MS, () => idle.abort());
  };
  const either = AbortSignal.any([signal, idle.signal]);
  const read = async () => {
    const answer = await fetch(way.url, { ...init(way), signal: either });
    if (!answer.ok) return answer;
    return await bodyOf(answer, (bytes) => {
      wait();
      came(bytes);
    });
  };
  wait();
  try {
    const answer = await reached(read, way, signal);
    if (answer instanceof Uint8Array) return answer;
    throw refusal(answer, way);
  } finally {
    clock.cancel(timer);
  }
}

/** @param {Response} answer @param {(bytes: number) => void} came @returns {Promise<Bytes>} */
async function bodyOf(answer, came) {
  const length = Number(answer.headers.get("Content-Length"));
  if (!(length > 0 && length <= PART_LARGE)) throw new Error("a part without its length");
  const whole = new Uint8Array(length);
  let at = 0;
  for (const reader = /** @type {ReadableStream<Bytes>} */ (answer.body).getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > length) throw new Error("longer than it said");
    whole.set(value, at);
    at += value.length;
    came(value.length);
    free(value);
  }
  if (at < length) throw new Error("cut");
  return whole;
}

/** @param {Clock} clock @param {number} ms @param {AbortSignal} signal ends it @returns {Promise<void>} */
export function pause(clock, ms, signal) {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => {
    const over = () => {
      clock.cancel(timer);
      signal.removeEventListener("abort", over);
      done();
    };
    const timer = clock.after(ms, over);
    signal.addEventListener("abort", over);
  });
}
