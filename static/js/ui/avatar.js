const TINTS = 8; // as many as static/css/surface.css has

/**
 * The round mark of a person: first letter, and a tint that follows the uid for ever.
 * @param {Uint8Array} uid
 * @param {string} name
 * @param {string} [extra] more classes
 */
export function avatar(uid, name, extra = "") {
  const mark = document.createElement("span");
  mark.className = `avatar ${extra}`.trim();
  mark.dataset.tint = String((uid[0] ?? 0) % TINTS);
  mark.setAttribute("aria-hidden", "true");
  mark.textContent = initial(name);
  return mark;
}

/** The first character as a reader counts them, emoji and Indic clusters included. @param {string} name */
export function initial(name) {
  const first = new Intl.Segmenter().segment(name.trim())[Symbol.iterator]().next();
  return first.done ? "?" : first.value.segment.toLocaleUpperCase();
}
