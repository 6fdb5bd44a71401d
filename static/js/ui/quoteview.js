// What an answer shows of the message that it is of: in its bubble, and above the field while it is written.

import { isVisual, kindOf } from "../chat/attachmentkinds.js";
import { AT_ONCE_PIXELS_MAX, fits } from "../chat/filetypes.js";
import { excerpt } from "../chat/quoting.js";
import { format, gettext } from "../text.js";
import { durationWords } from "./attachmentwords.js";
import { part, summaryOf } from "./bubbles.js";
import { files } from "./mediafiles.js";
import { movesLittle } from "./motion.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */
/** @typedef {import("../chat/content.js").Attachment} Attachment */
/** @typedef {{name: string, words: string, label: string, picture?: Attachment | undefined}} Quote */

const AT_ONCE_BYTES_MAX = 64 * 1024; // of a picture without a small one of it

/**
 * @param {Message | undefined} original undefined: it is not here
 * @param {string} peerName
 * @returns {Quote} `label`: what a screen reader hears
 */
export function quoteOf(original, peerName) {
  if (!original)
    return { name: "", words: gettext("Message not here"), label: gettext("Reply to a message that is not here") };
  const words = quoteWords(original);
  const label = original.mine ? gettext("Reply to your message: {text}") : gettext("Reply to {name}: {text}");
  return {
    name: original.mine ? gettext("You") : peerName,
    words,
    label: format(label, { name: peerName, text: words }),
    picture: pictureOf(original),
  };
}

/** An excerpt, or what is attached and how long that lasts. @param {Message} message */
function quoteWords(message) {
  const words = excerpt(summaryOf(message));
  const { ms } = message.content?.att?.[0] ?? {};
  return ms ? `${words} · ${durationWords(ms)}` : words;
}

/** The first one, if there is a small one of it. @param {Message} message @returns {Attachment | undefined} */
function pictureOf({ content, gone, broken }) {
  const [first] = (!gone && !broken && content?.att) || [];
  if (!first || !isVisual(kindOf(first))) return undefined;
  const small = kindOf(first) === "picture" && first.size <= AT_ONCE_BYTES_MAX && fits(first, AT_ONCE_PIXELS_MAX);
  return first.thumb || small ? first : undefined;
}

/** A small picture in a quote. It holds bytes only while it is near the screen. */
export class QuotePicture {
  /** @type {Attachment | undefined} */ #attachment;
  /** @type {import("./openedfiles.js").Held | undefined} */ #held;
  #near = false;
  #image;

  /** @param {HTMLImageElement} image */
  constructor(image) {
    this.#image = image;
  }

  /** @param {Attachment | undefined} attachment none: there is nothing to show any more */
  show(attachment) {
    if (this.#attachment?.blob === attachment?.blob) return;
    const before = this.#attachment;
    this.#let();
    this.#attachment = attachment;
    this.#image.hidden = !attachment;
    if (before && !attachment) files.forget(before.blob); // it was deleted
    if (this.#near) void this.#load();
  }

  near() {
    this.#near = true;
    if (!this.#held) void this.#load();
  }

  far() {
    this.#near = false;
    this.#let();
  }

  #let() {
    this.#image.removeAttribute("src");
    this.#held?.release();
    this.#held = undefined;
  }

  /** What does not load leaves its place empty: the message itself says why. */
  async #load() {
    const attachment = this.#attachment;
    if (!attachment) return;
    const held = files.hold(attachment, attachment.thumb ? "thumb" : "file");
    this.#held = held;
    try {
      const { type, url } = held.now ?? (await held.open);
      if (held === this.#held && fits(type, AT_ONCE_PIXELS_MAX) && !(type.moves && movesLittle()))
        this.#image.src = url;
    } catch {
      if (held === this.#held) this.#let();
    }
  }
}

/** @param {HTMLElement} node @param {string} name of its parts @param {Quote} quote */
export function fillQuote(node, name, quote) {
  const who = part(node, `${name}-name`);
  if (who.textContent !== quote.name) who.textContent = quote.name;
  who.hidden = !quote.name;
  const words = part(node, `${name}-text`);
  if (words.textContent !== quote.words) words.textContent = quote.words;
}
