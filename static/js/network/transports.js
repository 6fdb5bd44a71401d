// Which transport is dialled: WebSocket, or the long poll where no WebSocket gets through. From
// there it looks from time to time whether one does by now, and goes back by itself.
//
// Policy: `#dialSocket` counts the WebSockets that ended before their first frame; `#probe` opens
// one beside the calls. A move is a reconnect (hello, compare, resend), so that nothing is lost or
// doubled.

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("./websocket.js").Dial} Dial */
/** @typedef {import("./websocket.js").Ears} Ears */
/** @typedef {import("./websocket.js").Transport} Transport */
/** @typedef {import("../protocol.js").ServerFrame} ServerFrame */
/** @typedef {import("../protocol.js").ClientFrame} ClientFrame */

/**
 * @typedef {object} CarrierParts
 * @property {Dial} socket
 * @property {Dial} poll
 * @property {Clock} clock
 * @property {Memory} memory
 */

/**
 * @typedef {object} Memory of this browser, so that the next page need not find out again
 * @property {() => number} read until when calls are dialled first, ms
 * @property {(until: number) => void} write
 */

const MISSES = 2; // in a row; one WebSocket may have met a server that restarts
const CONNECT_MS = 8000; // no first frame by then: something on the way drops them
const PROBES_MS = [60_000, 300_000]; // the last one over and over
const REMEMBERED_MS = 300_000; // the network may be another one by then
const PROBE_LEAST_MS = 10_000; // between two, however often the network comes and goes
const REMEMBERED = "calls until"; // in localStorage
const NOT_CLEAN = 1006;

/** @param {CarrierParts} parts @returns {Dial} */
export function transports(parts) {
  const both = new Transports(parts);
  return (ears) => both.dial(ears);
}

class Transports {
  /** @type {CarrierParts} */ #parts;
  #missed = 0; // WebSockets in a row
  /** @type {Trial | null} */ #passed = null; // a probe that got through, until it is dialled
  #probed = Number.NEGATIVE_INFINITY; // when the last probe began

  /** @param {CarrierParts} parts */
  constructor(parts) {
    this.#parts = parts;
    if (parts.memory.read() > parts.clock.now()) this.#missed = MISSES;
  }

  /** @param {Ears} ears @returns {Transport} */
  dial(ears) {
    const passed = this.#passed;
    this.#passed = null;
    if (passed) return passed.adopt(ears);
    return this.#missed < MISSES ? this.#dialSocket(ears) : this.#dialPoll(ears);
  }

  /** @param {Ears} ears @returns {Transport} */
  #dialSocket(ears) {
    const trial = new Trial(this.#parts, {
      opened: () => this.#passes(),
      missed: (late) => {
        this.#missed = late ? MISSES : this.#missed + 1;
      },
    });
    return trial.adopt(ears);
  }

  /** @param {Ears} ears @returns {Transport} */
  #dialPoll(ears) {
    const { clock, poll, memory } = this.#parts;
    let open = false;
    let timer = 0;
    /** @param {number[]} waits */
    const probeAfter = ([wait = 0, ...later]) => {
      timer = clock.after(wait, () => {
        this.#probe(ears);
        probeAfter(later.length ? later : [wait]);
      });
    };
    const over = () => {
      clock.cancel(timer);
      // Where the calls do not pass either, the fault is not WebSocket's: that comes next again.
      if (!open) this.#missed = MISSES - 1;
    };
    const transport = poll({
      heard: (frame, size) => {
        if (!open) {
          open = true;
          probeAfter(PROBES_MS);
          if (memory.read() <= clock.now()) memory.write(clock.now() + REMEMBERED_MS);
        }
        ears.heard(frame, size);
      },
      closed: (code) => {
        over();
        ears.closed(code);
      },
    });
    return {
      send: (frame) => transport.send(frame),
      close: (code) => {
        over();
        transport.close(code);
      },
      wake: () => this.#probe(ears),
    };
  }

  /** @param {Ears} ears of the transport by calls, which is left as soon as the probe gets through */
  #probe(ears) {
    const { clock } = this.#parts;
    if (clock.now() - this.#probed < PROBE_LEAST_MS) return;
    this.#probed = clock.now();
    const trial = new Trial(this.#parts, {
      opened: (frame) => {
        if (frame?.t !== "challenge") return trial.close(); // busy: another time
        this.#passes();
        this.#passed = trial;
        ears.better?.();
        if (this.#passed !== trial) return;
        this.#passed = null; // the live connection has left meanwhile; its next dial is a WebSocket
        trial.close();
      },
      missed: () => {},
    });
  }

  #passes() {
    const { memory } = this.#parts;
    this.#missed = 0;
    if (memory.read()) memory.write(0);
  }
}

/** @type {Memory} */
export const localMemory = {
  read: () => Number(localStorage.getItem(REMEMBERED)),
  write: (until) => localStorage.setItem(REMEMBERED, String(until)),
};

/** A WebSocket under watch until its first frame. What it says is kept until somebody adopts it. */
class Trial {
  #clock;
  #told;
  #timer;
  #transport;
  #opened = false;
  #over = false;
  /** @type {Ears | null} */ #ears = null;
  /** @type {((ears: Ears) => void)[]} */ #kept = [];

  /**
   * @param {CarrierParts} parts
   * @param {{opened: (frame: ServerFrame | null) => void, missed: (late: boolean) => void}} told
   */
  constructor({ socket, clock }, told) {
    this.#clock = clock;
    this.#told = told;
    this.#timer = clock.after(CONNECT_MS, () => this.#late());
    this.#transport = socket({
      heard: (frame, size) => this.#heard(frame, size),
      closed: (code) => this.#closed(code),
    });
  }

  /** @param {Ears} ears */
  adopt(ears) {
    queueMicrotask(() => {
      this.#ears = ears;
      for (const say of this.#kept.splice(0)) say(ears);
    });
    return this;
  }

  /** @param {ClientFrame} frame */
  send(frame) {
    this.#transport.send(frame);
  }

  /** @param {number} [code] */
  close(code) {
    this.#end();
    this.#transport.close(code);
  }

  /** @param {ServerFrame | null} frame @param {number} size */
  #heard(frame, size) {
    if (this.#over) return;
    this.#clock.cancel(this.#timer);
    if (!this.#opened) {
      this.#opened = true;
      this.#told.opened(frame);
    }
    this.#tell((ears) => ears.heard(frame, size));
  }

  /** @param {number} code */
  #closed(code) {
    if (this.#over) return;
    this.#end();
    const ours = this.#opened || code >= 4000;
    if (!ours) this.#told.missed(false);
    this.#tell((ears) => ears.closed(ours ? code : NOT_CLEAN)); // whatever a proxy on the way said
  }

  #late() {
    this.close();
    this.#told.missed(true);
    this.#tell((ears) => ears.closed(NOT_CLEAN));
  }

  #end() {
    this.#over = true;
    this.#clock.cancel(this.#timer);
  }

  /** @param {(ears: Ears) => void} say */
  #tell(say) {
    if (this.#ears) say(this.#ears);
    else this.#kept.push(say);
  }
}
