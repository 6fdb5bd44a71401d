// One live session with the server, again and again: challenge → hello → state | same, pings,
// acknowledgements, and what to do after each close (docs/protocol.md).
//
// Policy: reconnectpolicy.js says whether and when to come back; `#acknowledge` keeps the send window
// of the server open; `#alive` decides that a silent transport is dead.

import {
  ACK_EVERY_BYTES,
  ACK_EVERY_FRAMES,
  CLOSE_DONE,
  CLOSE_SIGN_IN,
  PING_SECONDS,
  PONG_SECONDS,
  VERSION,
} from "../protocol.js";
import { afterClose } from "./reconnectpolicy.js";

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("./websocket.js").Dial} Dial */
/** @typedef {import("./websocket.js").Transport} Transport */
/** @typedef {import("../protocol.js").ClientFrame} ClientFrame */
/** @typedef {import("../protocol.js").ServerFrame} ServerFrame */
/** @typedef {Exclude<ServerFrame, {t: "challenge" | "ping" | "pong" | "state" | "same" | "drain"}>} HeardFrame all others are its own */
/** @typedef {import("../protocol.js").VectorRow} VectorRow */

/** @typedef {"stopped" | "connecting" | "live" | "waiting"} LiveState */
/** @typedef {import("./reconnectpolicy.js").StopReason} StopReason */

/**
 * @typedef {object} Credentials
 * @property {string} token
 * @property {string} device
 * @property {string} proof
 */

/**
 * @typedef {object} LiveConnectionParts
 * @property {Dial} dial
 * @property {Clock} clock
 * @property {(nonce: string, fresh: boolean) => Promise<Credentials>} credentials `fresh`: the
 *   last token was refused
 * @property {() => Promise<string>} vecHash
 * @property {() => boolean} focus
 * @property {(state: LiveState, more: {reason?: StopReason, inMs?: number}) => void} changed
 * @property {(rows: VectorRow[] | null, data: string) => void} opened the vector, or null where the
 *   server's is ours, and the name of what the server holds; comes again after a re-check. What is resent
 *   waits for it
 * @property {(frame: HeardFrame) => void} heard
 */

const OPENING_MS = 15_000; // dialled, and no state by then
const PING_LEAST_MS = 20_000;

export class LiveConnection {
  /** @type {LiveConnectionParts} */ #parts;
  /** @type {LiveState} */ #state = "stopped";
  /** @type {Transport | null} */ #transport = null;
  #attempt = 0; // closes in a row without a live session between
  #tokenRefused = 0; // 4401s in a row
  #drainMs = 0; // the last `drain`, spent by the close that follows
  #dialled = 0; // number of the transport: what an older one still says is not heard
  /** @type {number | undefined} */ #retryTimer;
  /** @type {number | undefined} */ #openTimer;
  /** @type {number | undefined} */ #pingTimer;
  /** @type {number | undefined} */ #pongTimer;
  #data = ""; // of the challenge
  #frames = 0; // received on this transport
  #bytes = 0;
  #ackedFrames = 0;
  #ackedBytes = 0;
  /** @type {VectorRow[]} */ #rows = [];
  #parted = 0; // `state` frames of the vector under way

  /** @param {LiveConnectionParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  get isLive() {
    return this.#state === "live";
  }

  start() {
    if (this.#state === "stopped" || this.#state === "waiting") this.#connect();
  }

  stop() {
    this.#hangUp(CLOSE_DONE);
    this.#become("stopped", { reason: "done" });
  }

  /** What the server said could not be dealt with: start again. */
  again() {
    if (this.isLive) this.#connect();
  }

  /** The network is back, or the page is in front again: do not wait, and do not trust the transport. */
  wake() {
    if (this.#state === "waiting") this.#connect();
    else if (this.#state === "live") {
      this.#transport?.wake?.();
      this.#ping();
    }
  }

  /** The network is gone: what came over the transport says nothing any more. */
  drop() {
    if (this.isLive) this.#lost(1006);
  }

  /**
   * @param {ClientFrame} frame
   * @returns {boolean} false where there is no session: nothing was sent
   */
  send(frame) {
    if (!this.isLive || !this.#transport) return false;
    this.#transport.send(frame);
    return true;
  }

  #connect() {
    this.#hangUp();
    const own = ++this.#dialled;
    this.#frames = this.#bytes = this.#ackedFrames = this.#ackedBytes = 0;
    this.#rows = [];
    this.#parted = 0;
    this.#become("connecting");
    this.#openTimer = this.#parts.clock.after(OPENING_MS, () => this.#lost(1006));
    this.#transport = this.#parts.dial({
      heard: (frame, size) => own === this.#dialled && this.#heard(frame, size),
      closed: (code) => own === this.#dialled && this.#lost(code),
      better: () => own === this.#dialled && this.isLive && this.#connect(),
    });
  }

  /** @param {ServerFrame | null} frame @param {number} size */
  #heard(frame, size) {
    this.#frames += 1;
    this.#bytes += size;
    this.#acknowledge();
    if (!frame) return;
    switch (frame.t) {
      case "challenge":
        this.#data = frame.data;
        void this.#hello(frame.nonce);
        return;
      case "ping":
        this.#transport?.send({ t: "pong", ack: this.#ack() });
        return;
      case "pong":
        this.#alive();
        return;
      case "state":
        this.#collect(frame);
        return;
      case "same":
        void this.#open(frame.vec_hash ? undefined : null, frame.vec_hash);
        return;
      case "drain":
        this.#drainMs = frame.in_ms;
        return;
      default:
        this.#parts.heard(frame);
    }
  }

  /** @param {string} nonce */
  async #hello(nonce) {
    const own = this.#dialled;
    const { clock } = this.#parts;
    try {
      const { token, device, proof } = await this.#parts.credentials(nonce, this.#tokenRefused > 0);
      const vec_hash = await this.#parts.vecHash();
      if (own !== this.#dialled) return;
      const focus = this.#parts.focus();
      this.#transport?.send({ t: "hello", version: VERSION, token, device, proof, vec_hash, focus });
    } catch (error) {
      if (own !== this.#dialled) return;
      const { status, code } = /** @type {{status?: number, code?: string}} */ (error);
      if (code === "suspended") return this.#end("suspended");
      // Without a session there is no token; anything else passes.
      clock.after(0, () => own === this.#dialled && this.#lost(status === 401 ? CLOSE_SIGN_IN : 1006));
    }
  }

  /** @param {Extract<ServerFrame, {t: "state"}>} frame */
  #collect(frame) {
    this.#rows.push(...frame.rows);
    this.#parted += 1;
    if (this.#parted < frame.of) return;
    const rows = this.#rows;
    this.#rows = [];
    this.#parted = 0;
    void this.#open(rows);
  }

  /**
   * @param {VectorRow[] | null | undefined} rows undefined: the server only tells its hash
   * @param {string} [hash]
   */
  async #open(rows, hash) {
    const own = this.#dialled;
    if (rows === undefined) {
      const vec_hash = await this.#parts.vecHash();
      if (vec_hash !== hash && own === this.#dialled) this.#ping(vec_hash);
      return;
    }
    if (own !== this.#dialled) return;
    this.#alive();
    this.#parts.clock.cancel(this.#openTimer);
    this.#attempt = this.#tokenRefused = this.#drainMs = 0;
    if (!this.isLive) this.#become("live");
    this.#parts.opened(rows, this.#data);
  }

  /** @param {number} code */
  #lost(code) {
    this.#hangUp();
    if (code === CLOSE_SIGN_IN) this.#tokenRefused += 1;
    const { clock } = this.#parts;
    const plan = afterClose(code, {
      attempt: this.#attempt++,
      tokenRefused: this.#tokenRefused,
      drainMs: this.#drainMs,
      focus: this.#parts.focus(),
      between: clock.between,
    });
    this.#drainMs = 0;
    if ("stop" in plan) return this.#end(plan.stop);
    this.#become("waiting", { inMs: plan.inMs });
    this.#retryTimer = clock.after(plan.inMs, () => this.#connect());
  }

  /** @param {StopReason} reason */
  #end(reason) {
    this.#hangUp();
    this.#become("stopped", { reason });
  }

  /** @param {number} [code] */
  #hangUp(code) {
    const { clock } = this.#parts;
    for (const timer of [this.#retryTimer, this.#openTimer, this.#pingTimer, this.#pongTimer]) {
      clock.cancel(timer);
    }
    this.#pongTimer = undefined;
    this.#dialled += 1;
    const transport = this.#transport;
    this.#transport = null;
    transport?.close(code);
  }

  /** @param {string} [vec_hash] */
  #ping(vec_hash) {
    const { clock } = this.#parts;
    clock.cancel(this.#pingTimer);
    this.#transport?.send({ t: "ping", ack: this.#ack(), ...(vec_hash && { vec_hash }) });
    // Asked twice without an answer, the first question decides.
    this.#pongTimer ??= clock.after(PONG_SECONDS * 1000, () => this.#lost(1006));
  }

  /** Anything that answers a ping proves the transport; the next question waits its turn. */
  #alive() {
    const { clock } = this.#parts;
    clock.cancel(this.#pongTimer);
    clock.cancel(this.#pingTimer);
    this.#pongTimer = undefined;
    const pause = clock.between(PING_LEAST_MS, PING_SECONDS * 1000);
    this.#pingTimer = clock.after(pause, () => this.#ping());
  }

  #ack() {
    this.#ackedFrames = this.#frames;
    this.#ackedBytes = this.#bytes;
    return this.#frames;
  }

  #acknowledge() {
    const due =
      this.#frames - this.#ackedFrames >= ACK_EVERY_FRAMES || this.#bytes - this.#ackedBytes >= ACK_EVERY_BYTES;
    if (due && this.isLive) this.#ping();
  }

  /** @param {LiveState} state @param {{reason?: StopReason, inMs?: number}} [more] */
  #become(state, more = {}) {
    this.#state = state;
    this.#parts.changed(state, more);
  }
}
