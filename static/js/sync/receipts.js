// `got` and `read`: at most one of each a second and conversation, the newest wins, and what the
// connection lost goes again when it is back (docs/protocol.md).

/** @typedef {import("../clock.js").Clock} Clock */
/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {{got: number, read: number, readOrd: number, at: number}} Marks at: when the oldest that was not told was read */

const EVERY_MS = 1000;
const LONG_AGO = 0; // of what an earlier page kept: nobody remembers when
const NONE = { got: 0, read: 0, readOrd: 0, at: LONG_AGO };

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
    this.#want(conv, { ...NONE, got: seq });
    this.#soon(conv);
  }

  /** Shown to the person. @param {string} conv @param {number} seq @param {number} ord */
  read(conv, seq, ord) {
    this.#want(conv, { got: 0, read: seq, readOrd: ord, at: this.#clock.now() });
    this.#soon(conv);
  }

  /** Before the next send: a person who answers has read. @param {string} conv */
  flush(conv) {
    const wanted = this.#wanted.get(conv);
    if (!wanted) return;
    const told = this.#told.get(conv) ?? NONE;
    const { read, readOrd: ord, got } = wanted;
    const ago = Math.max(0, this.#clock.now() - wanted.at);
    // Where read receipts are off, `got` is all that the peer learns.
    if (got > told.got && !this.#send({ t: "got", conv, seq: got })) return;
    if (ord > told.readOrd && !this.#send({ t: "read", conv, seq: read, ord, ...(ago && { ago }) })) return;
    this.#told.set(conv, { ...wanted });
  }

  /**
   * What the server knows already, and what this browser does: the rest is told (again).
   * @param {VectorRow} theirs
   * @param {VectorRow} [mine]
   */
  known(theirs, mine = theirs) {
    const { conv, my_got, my_read, my_read_ord } = theirs;
    this.#told.set(conv, { got: my_got, read: my_read, readOrd: my_read_ord, at: LONG_AGO });
    if (mine.my_got)
      this.#want(conv, { got: mine.my_got, read: mine.my_read, readOrd: mine.my_read_ord, at: LONG_AGO });
    const wanted = this.#wanted.get(conv);
    if (wanted && (wanted.got > my_got || wanted.readOrd > my_read_ord)) this.#soon(conv);
  }

  /** The server's marks are the truth, however low. @param {VectorRow} theirs */
  rewind(theirs) {
    this.#wanted.delete(theirs.conv);
    this.known(theirs);
  }

  closed() {
    for (const timer of this.#timers.values()) this.#clock.cancel(timer);
    this.#timers.clear();
  }

  /** @param {string} conv @param {Marks} marks */
  #want(conv, { got, read, readOrd, at }) {
    const was = this.#wanted.get(conv) ?? NONE;
    // Told as one with what waits, since that may have been read in private.
    const waits = was.readOrd > (this.#told.get(conv)?.readOrd ?? 0);
    const when = waits ? Math.min(was.at, at) : at;
    this.#wanted.set(conv, {
      got: Math.max(was.got, got),
      read: Math.max(was.read, read),
      readOrd: Math.max(was.readOrd, readOrd),
      at: readOrd > was.readOrd ? when : was.at,
    });
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
