// Questions of one kind that come at the same moment, or while others are under way, go together: a
// new device asks for what it needs of a thousand contacts in a few requests.

/**
 * @template {object} Question
 * @template Answer
 */
export class Batcher {
  #most;
  #by;
  #ask;
  /** @type {{question: Question, done: (answer: Answer | undefined) => void, failed: (error: unknown) => void}[]} */
  #waiting = [];
  #asking = false;

  /**
   * @param {number} most questions a request
   * @param {(question: Question) => string} by what the answers go by: of two with the same, one waits
   * @param {(questions: Question[]) => Promise<Map<string, Answer>>} ask
   */
  constructor(most, by, ask) {
    this.#most = most;
    this.#by = by;
    this.#ask = ask;
  }

  /** @param {Question} question @returns {Promise<Answer | undefined>} undefined: it was left out */
  ask(question) {
    return new Promise((done, failed) => {
      this.#waiting.push({ question, done, failed });
      if (!this.#asking) void this.#run();
    });
  }

  async #run() {
    this.#asking = true;
    while (this.#waiting.length) {
      await null; // what is asked in the same turn of the loop is in time
      const some = this.#next();
      try {
        const answers = await this.#ask([...some.values()].map(({ question }) => question));
        for (const [key, { done }] of some) done(answers.get(key));
      } catch (error) {
        for (const { failed } of some.values()) failed(error);
      }
    }
    this.#asking = false;
  }

  #next() {
    const some = new Map();
    this.#waiting = this.#waiting.filter((one) => {
      const key = this.#by(one.question);
      if (some.size === this.#most || some.has(key)) return true;
      some.set(key, one);
      return false;
    });
    return some;
  }
}
