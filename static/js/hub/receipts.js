// `got` and `read`: at most one of each a second and conversation, the newest wins, and what the
// line swallowed goes again when it is back (storage.md 2.4).

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {{got: number, read: number, readOrd: number}} Marks */

const EVERY_MS = 1000;

export class Receipts {
  /** @type {Map<string, Marks>} */ #wanted = new Map();
  /** @type {Map<string, Marks>} */ #told = new Map();
  /** @type {Map<string, number>} */ #timers = new Map();
  #send;
  #clock;

  /**
   * @param {(frame: import("../protocol.js").GotFrame | import("../protocol.js").ReadFrame) => boolean} send
   * @param {Clock} clock
   */
  constructor(send, clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Everything up to seq is stored here. @param {string} conv @param {number} seq */
  got(conv, seq) {
    this.#want(conv, { got: seq, read: 0, readOrd: 0 });
    this.#soon(conv);
  }

  /** Shown to the person. @param {string} conv @param {number} seq @param {number} ord */
  read(conv, seq, ord) {
    this.#want(conv, { got: 0, read: seq, readOrd: ord });
    this.#soon(conv);
  }

  /** Before the next send: who answers has read. @param {string} conv */
  flush(conv) {
    const wanted = this.#wanted.get(conv);
    if (!wanted) return;
    const told = this.#told.get(conv) ?? { got: 0, read: 0, readOrd: 0 };
    const { read, readOrd: ord, got } = wanted;
    // Where read receipts are off, `got` is all that the peer learns.
    if (got > told.got && !this.#send({ t: "got", conv, seq: got })) return;
    if (ord > told.readOrd && !this.#send({ t: "read", conv, seq: read, ord })) return;
    this.#told.set(conv, { ...wanted });
  }

  /**
   * What the server knows already, and what this browser does: the rest is told (again).
   * @param {VectorRow} theirs
   * @param {VectorRow} [mine]
   */
  known(theirs, mine = theirs) {
    const { conv, my_got, my_read, my_read_ord } = theirs;
    this.#told.set(conv, { got: my_got, read: my_read, readOrd: my_read_ord });
    if (mine.my_got) this.#want(conv, { got: mine.my_got, read: mine.my_read, readOrd: mine.my_read_ord });
    const wanted = this.#wanted.get(conv);
    if (wanted && (wanted.got > my_got || wanted.readOrd > my_read_ord)) this.#soon(conv);
  }

  closed() {
    for (const timer of this.#timers.values()) this.#clock.cancel(timer);
    this.#timers.clear();
  }

  /** @param {string} conv @param {Marks} marks */
  #want(conv, { got, read, readOrd }) {
    const { got: g = 0, read: r = 0, readOrd: o = 0 } = this.#wanted.get(conv) ?? {};
    this.#wanted.set(conv, { got: Math.max(g, got), read: Math.max(r, read), readOrd: Math.max(o, readOrd) });
  }

  /** At once, then not again for a second. @param {string} conv */
  #soon(conv) {
    if (this.#timers.has(conv)) return;
    this.flush(conv);
    const timer = this.#clock.after(EVERY_MS, () => {
      this.#timers.delete(conv);
      this.flush(conv);
    });
    this.#timers.set(conv, timer);
  }
}
