// Where WebSocket does not pass: the same frames carried by calls, `POST /live` (docs/protocol.md).
// The same interface as websocket.js; transports.js says which of the two is dialled.
//
// Policy: `#pump` keeps one call open and opens a second one for what is to be said; `#again`
// repeats a call whose answer was lost, byte for byte, until the transport is given up.

import { CLOSE_BAD_FRAME, POLL_BYTES, POLL_CALLS, POLL_FRAMES, POLL_SECONDS, RID_MAX } from "../protocol.js";
import { readServerFrame } from "./serverframe.js";

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("./websocket.js").Dial} Dial */
/** @typedef {import("./websocket.js").Ears} Ears */
/** @typedef {import("../protocol.js").ClientFrame} ClientFrame */
/** @typedef {import("../protocol.js").PollCall} PollCall */
/** @typedef {import("../protocol.js").PollAnswer} PollAnswer */
/** @typedef {import("../protocol.js").PollClosed} PollClosed */

/**
 * @typedef {object} PollParts
 * @property {string} url of `/live`
 * @property {Clock} clock
 * @property {(url: string, init: RequestInit) => Promise<Response>} fetch
 */

const ANSWER_MS = (POLL_SECONDS + 10) * 1000; // no answer by then: it is lost
const AGAIN_MS = 1000; // between two tries of a call
const GIVE_UP_MS = 10_000; // of failures in a row; as long as a socket may be silent
const NOT_CLEAN = 1006;
const NODE = /^[A-Za-z0-9.:-]{1,40}$/; // a name that needs no quoting in an address
const REFUSED = [400, 413]; // what this page sends is not what the server speaks

/**
 * @param {PollParts} parts
 * @returns {Dial}
 */
export function pollDial(parts) {
  return (ears) => new PollLine(parts, ears);
}

class PollLine {
  /** @type {PollParts} */ #parts;
  /** @type {Ears} */ #ears;
  /** @type {string | undefined} */ #sid;
  #url; // of the next call: with the node that has the session, so that a balancer finds it
  #rid = firstRid(); // of the next call
  #ack = 0; // frames heard; those after a gap wait in #early
  /** @type {Map<number, unknown>} */ #early = new Map();
  /** @type {Map<number, AbortController>} */ #open = new Map(); // calls without an answer, by rid
  /** @type {string[]} */ #out = [];
  /** @type {Set<number>} */ #timers = new Set();
  /** @type {number | undefined} */ #failing; // since when
  #closed = false;

  /** @param {PollParts} parts @param {Ears} ears */
  constructor(parts, ears) {
    this.#parts = parts;
    this.#ears = ears;
    this.#url = parts.url;
    queueMicrotask(() => this.#pump());
  }

  /** @param {ClientFrame} frame */
  send(frame) {
    this.#out.push(JSON.stringify(frame));
    queueMicrotask(() => this.#pump()); // frames of one moment share a call
  }

  /** The server notices that nobody waits any more. */
  close() {
    this.#closed = true;
    for (const call of this.#open.values()) call.abort();
    for (const timer of this.#timers) this.#parts.clock.cancel(timer);
  }

  #pump() {
    while (!this.#closed && this.#mayCall() && (this.#out.length || !this.#open.size)) {
      const rid = this.#rid++;
      void this.#call(rid, this.#body(rid));
    }
  }

  /** The server keeps two answers: a rid is used only when the last but one has been answered. */
  #mayCall() {
    if (this.#sid === undefined) return !this.#open.size;
    return this.#open.size < POLL_CALLS && !this.#open.has(this.#rid - POLL_CALLS);
  }

  /** @param {number} rid @returns {string} */
  #body(rid) {
    const sid = this.#sid && `"sid":${JSON.stringify(this.#sid)},`;
    return `{${sid ?? ""}"rid":${rid},"ack":${this.#ack},"frames":[${this.#load().join()}]}`;
  }

  /** As many frames as one call takes. */
  #load() {
    let count = 1;
    let size = this.#out[0]?.length ?? 0;
    for (const frame of this.#out.slice(1, POLL_FRAMES)) {
      size += frame.length;
      if (size > POLL_BYTES) break;
      count += 1;
    }
    return this.#out.splice(0, count);
  }

  /** @param {number} rid @param {string} body */
  async #call(rid, body) {
    const call = new AbortController();
    this.#open.set(rid, call);
    const late = this.#after(ANSWER_MS, () => call.abort());
    /** @type {PollAnswer | PollClosed | null} */
    let answer = null;
    try {
      const response = await this.#parts.fetch(this.#url, asked(body, call.signal));
      if (REFUSED.includes(response.status)) answer = { close: CLOSE_BAD_FRAME, reason: "refused" };
      else if (response.ok) answer = read(await response.json());
    } catch {
      // Nothing came, or a proxy on the way answered: the same as a lost answer.
    }
    this.#forget(late);
    if (this.#closed) return;
    if (!answer) this.#again(rid, body);
    else if ("close" in answer) this.#end(answer.close);
    else this.#take(rid, answer);
  }

  /** @param {number} rid @param {string} body */
  #again(rid, body) {
    const { clock } = this.#parts;
    this.#failing ??= clock.now();
    if (this.#sid === undefined || clock.now() - this.#failing >= GIVE_UP_MS) return this.#end(NOT_CLEAN);
    this.#after(AGAIN_MS, () => void this.#call(rid, body));
  }

  /** @param {number} rid @param {PollAnswer} answer */
  #take(rid, { sid, frames, node }) {
    this.#failing = undefined;
    this.#sid = sid;
    if (NODE.test(node)) this.#url = `${this.#parts.url}?n=${node}`;
    this.#open.delete(rid);
    for (const [n, frame] of frames) this.#early.set(n, frame);
    while (!this.#closed && this.#early.has(this.#ack + 1)) {
      const text = JSON.stringify(this.#early.get(++this.#ack));
      this.#early.delete(this.#ack);
      this.#ears.heard(readServerFrame(text), text.length);
    }
    this.#pump();
  }

  /** @param {number} code */
  #end(code) {
    this.close();
    this.#ears.closed(code);
  }

  /** @param {number} ms @param {() => void} then */
  #after(ms, then) {
    const timer = this.#parts.clock.after(ms, () => {
      this.#timers.delete(timer);
      then();
    });
    this.#timers.add(timer);
    return timer;
  }

  /** @param {number} timer */
  #forget(timer) {
    this.#timers.delete(timer);
    this.#parts.clock.cancel(timer);
  }
}

/** Random, up to RID_MAX. */
function firstRid() {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return random & RID_MAX;
}

/** @param {string} body @param {AbortSignal} signal @returns {RequestInit} */
function asked(body, signal) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  return { method: "POST", body, signal, headers, credentials: "same-origin", cache: "no-store", redirect: "error" };
}

/** @param {any} answer @returns {PollAnswer | PollClosed | null} null where it is neither */
function read(answer) {
  if (Number.isInteger(answer?.close)) return answer;
  return typeof answer?.sid === "string" && Array.isArray(answer.frames) ? answer : null;
}
