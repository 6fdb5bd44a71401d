// One file on the sheet, before it is sent: the very bytes that will be sent, shown; its name, what it
// shows, and whether it goes as it is.

import { AT_ONCE_PIXELS_MAX, fits } from "../chat/filetypes.js";
import { format, gettext } from "../text.js";
import { sizeWords } from "./attachmentwords.js";
import { cloned, part } from "./bubbles.js";
import { icon } from "./icons.js";

import { ALT_MAX, baseOf } from "./trays.js";

/** @typedef {import("./trays.js").Item} Item */
/** @typedef {import("./preparing.js").Prepared} Picked */

const ICONS = { picture: "image", video: "film", audio: "mic", file: "file" };

/** @param {Item} item @returns {HTMLElement} */
export function nodeOfItem(item) {
  const node = cloned("attach-item");
  node.dataset.id = node.dataset.key = item.id;
  field(node, "alt").maxLength = ALT_MAX;
  field(node, "alt").value = item.alt;
  return node;
}

/**
 * @param {HTMLElement} node
 * @param {Item} item
 * @param {{at: number, count: number}} place
 * @param {string} problem of this one; empty: none
 */
export function fillItem(node, item, { at, count }, problem) {
  const { prepared, name, ending, state } = item;
  const typed = field(node, "name");
  if (document.activeElement !== typed) typed.value = baseOf(item);
  part(node, "ending").textContent = ending;
  part(node, "facts").textContent = factsOf(item);
  const picture = prepared?.family === "picture" || (state === "preparing" && item.how !== "file");
  part(node, "alt").hidden = !picture && prepared?.family !== "video";
  const cleaned = prepared?.family === "picture" || prepared?.cleaned;
  part(node, "original-field").hidden = !cleaned && item.how !== "original";
  field(node, "original").checked = item.how === "original";
  part(node, "asks").hidden = state !== "asks";
  const words = problem || wordsOf(item);
  part(node, "words").textContent = words;
  part(node, "words").hidden = !words;
  node.toggleAttribute("data-odd", Boolean(problem) || state === "gone" || state === "asks");
  node.toggleAttribute("data-single", count === 1);
  nameTools(node, name);
  button(node, "earlier").hidden = button(node, "later").hidden = count === 1;
  button(node, "earlier").disabled = at === 0;
  button(node, "later").disabled = at === count - 1;
  preview(part(node, "preview"), item);
}

/** @param {HTMLElement} node @param {string} name */
function nameTools(node, name) {
  const words = {
    remove: gettext("Remove {name}"),
    earlier: gettext("Move {name} up"),
    later: gettext("Move {name} down"),
  };
  for (const [tool, text] of Object.entries(words)) part(node, tool).setAttribute("aria-label", format(text, { name }));
}

/** @param {Item} item */
function factsOf({ state, prepared, file }) {
  if (state === "preparing") return gettext("Getting ready");
  const { bytes = file, w, h } = prepared ?? {};
  return w && h ? `${sizeWords(bytes.size)} · ${w} × ${h}` : sizeWords(bytes.size);
}

/** @param {Item} item what somebody has to know of it; empty: nothing */
function wordsOf({ state, why, prepared, how }) {
  if (state === "gone") return gettext("This file cannot be read any more. Remove it, or pick it again.");
  if (state === "asks" && why === "bomb")
    return gettext(
      "This picture is too large to be shown. As a file it goes as it is, with the place where it was taken.",
    );
  if (state === "asks")
    return gettext(
      "This browser cannot read this picture. Phones make such ones (HEIC). As a file it goes as it is, with the place where it was taken.",
    );
  if (prepared?.family === "picture" && how === "original")
    return gettext("With everything in it: also the place where it was taken, the time and the camera.");
  if (prepared?.told) return gettext("It goes as it is. It may tell the place where it was taken.");
  if (prepared?.more)
    return gettext("This film holds more than pictures and sound, perhaps the way that was taken. That stays in it.");
  if (prepared?.less)
    return gettext(
      "Pictures and sound of this film go. What else is in it, perhaps the way that was taken or subtitles, is left out.",
    );
  return "";
}

/**
 * Shown from the bytes that go, so that what moves here moves there.
 * @param {HTMLElement} place
 * @param {Item} item
 */
function preview(place, { state, prepared }) {
  const shown = /** @type {{shows?: Blob | null}} */ (/** @type {unknown} */ (place));
  const bytes = prepared?.bytes ?? null;
  place.toggleAttribute("data-busy", state === "preparing");
  if (shown.shows === bytes && place.firstChild) return;
  letGo(place);
  shown.shows = bytes;
  if (prepared?.family === "picture") return place.replaceChildren(image(shownOf(prepared)));
  if (prepared?.family === "video" && prepared.thumb) return place.replaceChildren(image(prepared.thumb.bytes));
  place.replaceChildren(icon(ICONS[prepared?.family ?? "file"]));
}

/** The thumbnail of what has so many pixels that ten of them would fill the memory. @param {Picked} prepared */
function shownOf({ bytes, w, h, thumb }) {
  return thumb && !fits({ w, h }, AT_ONCE_PIXELS_MAX) ? thumb.bytes : bytes;
}

/** @param {Blob} bytes */
function image(bytes) {
  const shown = new Image();
  shown.alt = "";
  shown.decoding = "async"; // keys go first
  shown.src = URL.createObjectURL(bytes);
  return shown;
}

/** What is not shown any more leaves the memory. @param {Element} place */
export function letGo(place) {
  for (const shown of place.querySelectorAll("img")) URL.revokeObjectURL(shown.src);
}

/** @param {Element} node @param {string} name */
function field(node, name) {
  return /** @type {HTMLInputElement} */ (part(node, name));
}

/** @param {Element} node @param {string} name */
function button(node, name) {
  return /** @type {HTMLButtonElement} */ (part(node, name));
}
