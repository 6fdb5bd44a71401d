// `get` and its `page`: a request over the live connection, answered by a reference. A break refuses what is
// under way; the server's "busy" and "rate" are waited out here.

/** @typedef {import("../protocol.js").GetFrame} Get */
/** @typedef {import("../protocol.js").MsgFrame} Msg */
/** @typedef {import("../protocol.js").ServerFrame} ServerFrame */
/** @typedef {import("../clock.js").Clock} Clock */

/**
 * @typedef {object} Question
 * @property {Get} frame
 * @property {Msg[]} rows
 * @property {(answer: {rows: Msg[], more: boolean}) => void} done
 * @property {(error: Error) => void} failed
 * @property {number} timer
 */

const ANSWER_MS = 20_000;
const AGAIN_MS = 1000;

export class HistoryRequests {
  /** @type {Map<number, Question>} */ #open = new Map();
  #ref = 0;
  #send;
  #clock;

  /** @param {(frame: Get) => boolean} send @param {Clock} clock */
  constructor(send, clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /**
   * @param {Omit<Get, "t" | "ref">} what
   * @returns {Promise<{rows: Msg[], more: boolean}>} throws where there is no line
   */
  ask(what) {
    return new Promise((done, failed) => {
      const ref = ++this.#ref;
      /** @type {Get} */
      const frame = { t: "get", ref, ...what };
      const timer = this.#clock.after(ANSWER_MS, () => this.#fail(ref, "no answer"));
      this.#open.set(ref, { frame, rows: [], done, failed, timer });
      this.#transmit(ref);
    });
  }

  /** @param {ServerFrame} frame @returns {boolean} whether it was an answer */
  answered(frame) {
    if (!("ref" in frame) || frame.ref == null) return false;
    const question = this.#open.get(frame.ref);
    if (!question) return frame.t === "page";
    if (frame.t === "page") this.#page(frame.ref, question, frame);
    else if (frame.t === "busy" || (frame.t === "error" && frame.retry_ms !== undefined)) {
      this.#clock.after(frame.retry_ms ?? AGAIN_MS, () => this.#transmit(question.frame.ref));
    } else if (frame.t === "error" && (frame.code === "rate" || frame.code === "internal")) {
      this.#clock.after(AGAIN_MS, () => this.#transmit(question.frame.ref));
    } else this.#fail(frame.ref, frame.t === "error" ? frame.code : "refused");
    return true;
  }

  closed() {
    for (const ref of [...this.#open.keys()]) this.#fail(ref, "closed");
  }

  /** @param {number} ref @param {Question} question @param {import("../protocol.js").PageFrame} page */
  #page(ref, question, { rows, more }) {
    question.rows.push(...rows);
    if (question.frame.last && more) return; // previews come in several frames
    this.#clock.cancel(question.timer);
    this.#open.delete(ref);
    question.done({ rows: question.rows, more });
  }

  /** @param {number} ref */
  #transmit(ref) {
    const question = this.#open.get(ref);
    if (question && !this.#send(question.frame)) this.#fail(ref, "not connected");
  }

  /** @param {number} ref @param {string} why */
  #fail(ref, why) {
    const question = this.#open.get(ref);
    if (!question) return;
    this.#clock.cancel(question.timer);
    this.#open.delete(ref);
    question.failed(Object.assign(new Error(why), { code: "later" }));
  }
}
