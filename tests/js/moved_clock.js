// A clock that tests move: timers fire in order, and what they start is awaited.

/** One turn of the loop: what a seam of a test takes to answer. */
export const tick = () => new Promise((resolve) => setImmediate(resolve));

/** Lets every promise that is ready run on. */
export async function settle() {
  for (let turn = 0; turn < 40; turn++) await tick();
}

export class MovedClock {
  #now = 1_700_000_000_000;
  #timers = new Map();
  #next = 1;
  chance = 0.5; // where in its range a random number falls

  now = () => this.#now;

  after = (ms, then) => {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + ms, then });
    return id;
  };

  cancel = (id) => this.#timers.delete(id);

  between = (least, most) => least + this.chance * (most - least);

  async pass(ms) {
    const end = this.#now + ms;
    await settle();
    for (let due = this.#first(end); due; due = this.#first(end)) {
      const [id, timer] = due;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, timer.at);
      timer.then();
      await settle();
    }
    this.#now = end;
  }

  #first(end) {
    const due = [...this.#timers].filter(([, { at }]) => at <= end);
    return due.sort(([, a], [, b]) => a.at - b.at)[0];
  }
}
