// A picture or the still of a video in a bubble. Its box stands before anything is loaded; what comes
// into it, or why nothing does, never changes its size. It holds bytes only while it is near the screen.
//
// Policy: `#load` (what is loaded whole without being asked for; of anything else the thumbnail is shown).

import { isVisual, kindOf } from "../chat/attachmentkinds.js";
import { AT_ONCE_PIXELS_MAX, fits } from "../chat/filetypes.js";
import { stillOf } from "../tabs/pictures.js";
import { format, gettext } from "../text.js";
import { codeOf } from "./attachmentparts.js";
import { canBeSaved, durationWords, mayLoadAgain, sizeWords, whyNotLoaded } from "./attachmentwords.js";
import { cloned, part } from "./bubbles.js";
import { decoded } from "./decoding.js";
import { files } from "./mediafiles.js";
import { movesLittle } from "./motion.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */

const AT_ONCE_BYTES_MAX = 512 * 1024;

export class PictureTile {
  /** @type {import("./openedfiles.js").Held[]} */ #held = [];
  #still = ""; // address of the first picture of an animation
  #turn = 0; // number of the loading: an older one gives up
  #video;

  /** @param {Attachment} attachment */
  constructor(attachment) {
    this.attachment = attachment;
    this.node = cloned("attachment-tile");
    this.#video = kindOf(attachment) === "video";
    part(this.node, "open").setAttribute("aria-label", labelOf(attachment));
    part(this.node, "mark").hidden = !this.#video;
    const length = this.#video && attachment.ms ? durationWords(attachment.ms) : "";
    this.#put("foot", length);
    this.#picture.alt = attachment.alt ?? "";
    this.#picture.addEventListener("error", () => this.#picture.src && this.#fail("unreadable"));
  }

  /** It is near the screen. */
  near() {
    if (!this.#held.length) void this.#load();
  }

  /** It is far from it, or gone. */
  far() {
    this.#turn += 1;
    this.#picture.hidden = true;
    this.#picture.removeAttribute("src");
    for (const held of this.#held.splice(0)) held.release();
    this.#keepStill("");
  }

  /** After a failure. */
  reload() {
    this.far();
    part(this.node, "open").hidden = false;
    if (this.node.contains(document.activeElement)) part(this.node, "open").focus();
    part(this.node, "problem").hidden = true;
    void this.#load();
  }

  get #picture() {
    return /** @type {HTMLImageElement} */ (part(this.node, "picture"));
  }

  async #load() {
    const turn = ++this.#turn;
    const { size, thumb } = this.attachment;
    const whole = !this.#video && size <= AT_ONCE_BYTES_MAX && fits(this.attachment, AT_ONCE_PIXELS_MAX);
    this.#put("size", thumb || whole ? "" : sizeWords(size));
    if (thumb && !(await this.#tried(turn, "thumb")) && turn === this.#turn && !whole)
      this.#put("size", sizeWords(size));
    if (whole && turn === this.#turn && !(await this.#tried(turn, "file")) && turn === this.#turn)
      this.#put("size", sizeWords(size));
  }

  /**
   * A still that does not open says nothing of the picture itself, unless it is gone for good or the
   * server is away: then the picture is as well. A file with more pixels than its sender said is not decoded.
   * @param {number} turn
   * @param {"file" | "thumb"} role
   */
  async #tried(turn, role) {
    const held = files.hold(this.attachment, role);
    this.#held.push(held);
    try {
      const open = held.now ?? (await held.open);
      if (!fits(open.type, AT_ONCE_PIXELS_MAX)) return false;
      return await this.#shown(turn, open);
    } catch (error) {
      const code = codeOf(error);
      if (turn === this.#turn && (role === "file" || code === "gone" || mayLoadAgain(code))) this.#fail(code);
      return false;
    }
  }

  /** @param {number} turn @param {import("./openedfiles.js").Open} open @returns {Promise<boolean>} false: nobody wants it any more */
  async #shown(turn, { blob, type, url }) {
    const still = type.moves && movesLittle() ? URL.createObjectURL(await stillOf(blob)) : "";
    let wanted = false;
    try {
      wanted = await decoded(still || url, () => turn === this.#turn);
    } finally {
      if (!wanted) URL.revokeObjectURL(still);
    }
    if (!wanted) return false;
    this.#picture.src = still || url;
    this.#picture.hidden = false;
    this.#keepStill(still);
    return true;
  }

  /** In place of the one before. @param {string} still */
  #keepStill(still) {
    URL.revokeObjectURL(this.#still);
    this.#still = still;
  }

  /** @param {string} code */
  #fail(code) {
    this.far();
    part(this.node, "why").textContent = whyNotLoaded(code);
    part(this.node, "reload").hidden = !mayLoadAgain(code);
    part(this.node, "save").hidden = !canBeSaved(code);
    part(this.node, "problem").hidden = false;
    part(this.node, "open").hidden = true;
  }

  /** @param {string} name @param {string} words */
  #put(name, words) {
    part(this.node, name).textContent = words;
    part(this.node, name).hidden = !words;
  }
}

/** What a screen reader hears of it. @param {Attachment} attachment */
export function labelOf(attachment) {
  const kind = kindOf(attachment);
  const what = isVisual(kind) && kind === "video" ? gettext("Video") : gettext("Photo");
  const { alt } = attachment;
  return alt ? format(gettext("{attachment}: {text}"), { attachment: what, text: alt }) : what;
}
