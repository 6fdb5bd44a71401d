// The place of the reader in a thread: at the newest message it stays there. Anywhere else the message
// that they look at does not move, whatever comes above or below it.

const NEAR_PX = 60; // closer to the end than this counts as being there

export class Scrolling {
  #box;
  #list;
  #whole;
  #stuck = true;

  /**
   * @param {HTMLElement} box that scrolls
   * @param {HTMLElement} list of messages
   * @param {() => boolean} whole the list goes up to the newest message
   */
  constructor(box, list, whole) {
    this.#box = box;
    this.#list = list;
    this.#whole = whole;
    box.addEventListener("scroll", () => this.#note(), { passive: true });
    new ResizeObserver(() => this.#stuck && this.toEnd()).observe(box);
  }

  get stuck() {
    return this.#stuck;
  }

  /** Changes the list and keeps the reader's place. @param {() => void} change */
  keeping(change) {
    const anchor = this.#stuck ? null : this.#anchor();
    const before = anchor?.getBoundingClientRect().top ?? 0;
    change();
    if (this.#stuck) this.toEnd();
    else if (anchor?.isConnected) this.#box.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  toEnd() {
    this.#stuck = true;
    this.#box.scrollTop = this.#box.scrollHeight;
  }

  /** @param {Element} node */
  toStart(node) {
    this.#stuck = false;
    // scrollIntoView would move the page around the box as well.
    this.#box.scrollTop += node.getBoundingClientRect().top - this.#box.getBoundingClientRect().top;
    this.#note();
  }

  /** Its beginning is seen in any case. @param {Element} node */
  toMiddle(node) {
    this.#stuck = false;
    const [place, box] = [node.getBoundingClientRect(), this.#box.getBoundingClientRect()];
    this.#box.scrollTop += place.top - box.top - Math.max(0, (box.height - place.height) / 2);
    this.#note();
  }

  /** Messages whose end is inside the window. @returns {HTMLElement[]} */
  visible() {
    const { top, bottom } = this.#box.getBoundingClientRect();
    return this.#messages().filter((node) => {
      const place = node.getBoundingClientRect();
      return place.bottom > top && Math.min(place.bottom, place.top + (bottom - top)) <= bottom + 1;
    });
  }

  /** Whether some of the node is inside the window. @param {Element} node */
  shows(node) {
    const [place, box] = [node.getBoundingClientRect(), this.#box.getBoundingClientRect()];
    return place.bottom > box.top && place.top < box.bottom;
  }

  /** Whether the node is further up than the window. @param {Element} node */
  above(node) {
    return node.getBoundingClientRect().bottom < this.#box.getBoundingClientRect().top;
  }

  #note() {
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    this.#stuck = this.#whole() && scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }

  /** A message: lines of a day or of the first unread one come and go with their neighbours. */
  #anchor() {
    const { top } = this.#box.getBoundingClientRect();
    const inside = (/** @type {Element} */ node) => node.getBoundingClientRect().bottom > top;
    return this.#messages().find((node) => node.matches(".message") && inside(node));
  }

  /** @returns {HTMLElement[]} */
  #messages() {
    return /** @type {HTMLElement[]} */ ([...this.#list.children]);
  }
}
