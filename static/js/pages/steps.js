/** Shows one of the parts marked data-step, and tells screen readers by focusing its heading. */
export class Steps {
  #parts;

  /** @param {ParentNode} root */
  constructor(root) {
    this.#parts = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-step]"));
  }

  /** @param {string} name */
  show(name) {
    for (const part of this.#parts) part.hidden = part.dataset.step !== name;
    const shown = [...this.#parts].find((part) => !part.hidden);
    const start = shown?.querySelector("[tabindex='-1']:is(h1, h2)");
    if (start instanceof HTMLElement) start.focus();
    globalThis.scrollTo?.(0, 0);
  }
}

/**
 * Moves the bar of a part as the flow reports its steps.
 * @param {HTMLElement} part
 * @param {[string, string][]} script step and what is said while it runs, in order
 * @returns {(step: string, part?: number) => void} part: of this step, up to 1
 */
export function progressOf(part, script) {
  const bar = /** @type {HTMLProgressElement} */ (part.querySelector("progress"));
  const words = /** @type {HTMLElement} */ (part.querySelector("[data-progress]"));
  return (step, part = 0) => {
    const at = script.findIndex(([name]) => name === step);
    const said = script[at]?.[1];
    if (said === undefined) return;
    bar.value = (at + 1 + part) / (script.length + 1);
    if (words.textContent !== said) words.textContent = said; // else it is read out again
  };
}
