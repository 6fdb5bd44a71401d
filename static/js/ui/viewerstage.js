// What stands on the stage of the viewer: one picture or video, or how far it has come, or why it is
// not shown. It holds the bytes of that one alone.

import { stillOf } from "../tabs/pictures.js";
import { format, gettext } from "../text.js";
import { codeOf } from "./attachmentparts.js";
import { canBeSaved, mayLoadAgain, sizeWords, whyNotLoaded } from "./attachmentwords.js";
import { part } from "./bubbles.js";
import { files } from "./mediafiles.js";
import { movesLittle } from "./motion.js";
import { saveAttachment, saveOpened } from "./saving.js";
import { lengthOf } from "./videos.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */

export class ViewerStage {
  /** @type {import("./openedfiles.js").Held[]} */ #held = [];
  /** @type {import("./openedfiles.js").Open | undefined} */ #open;
  /** @type {Attachment | undefined} */ #attachment;
  #still = ""; // address of the first picture of an animation
  #turn = 0; // number of the one that is shown: an older one gives up
  #node;

  /** @param {HTMLElement} node the viewer */
  constructor(node) {
    this.#node = node;
    this.picture = /** @type {HTMLImageElement} */ (part(node, "picture"));
    this.video = document.createElement("video");
    Object.assign(this.video, { controls: true, playsInline: true, hidden: true });
    this.picture.after(this.video);
    this.picture.addEventListener("error", () => this.picture.src && this.#fails("unreadable"));
    this.video.addEventListener("error", () => this.video.src && this.#fails("unplayable"));
    this.video.addEventListener("loadedmetadata", () => void this.#measured());
  }

  /** @param {Attachment} attachment @param {string} label what it is, for whom does not see it */
  async show(attachment, label) {
    this.empty();
    const turn = this.#turn;
    this.#attachment = attachment;
    this.picture.alt = label;
    this.video.setAttribute("aria-label", label);
    this.#loads(0, attachment.size);
    if (attachment.thumb) void this.#preview(turn, attachment);
    const held = files.hold(attachment, "file", (done, total) => turn === this.#turn && this.#loads(done, total));
    this.#held.push(held);
    try {
      const open = held.now ?? (await held.open);
      if (turn === this.#turn) await this.#put(turn, open);
    } catch (error) {
      if (turn === this.#turn) this.#fails(codeOf(error));
    }
  }

  /** Lets go of what is shown. */
  empty() {
    this.#turn += 1;
    this.#open = undefined;
    this.video.pause();
    for (const media of [this.picture, this.video]) {
      media.hidden = true;
      media.removeAttribute("src");
    }
    this.video.load(); // or it keeps what it has read
    URL.revokeObjectURL(this.#still);
    this.#still = "";
    for (const held of this.#held.splice(0)) held.release();
    part(this.#node, "notice").hidden = true;
    part(this.#node, "animate").hidden = true;
  }

  /** An animation moves although the person asked for less movement. */
  animate() {
    if (this.#open) this.picture.src = this.#open.url;
    part(this.#node, "animate").hidden = true;
  }

  /** To the disk of the person who asks. Why not is said here: the viewer lies over everything else. */
  async save() {
    const [attachment, turn] = [this.#attachment, this.#turn];
    if (!attachment) return;
    try {
      if (!this.#open) return await saveAttachment(attachment);
      saveOpened(this.#open.blob, this.#open.file, attachment.name); // whatever the viewer shows meanwhile
    } catch (error) {
      if (turn === this.#turn) this.#fails(codeOf(error));
    }
  }

  /** Its still, until it is there. @param {number} turn @param {Attachment} attachment */
  async #preview(turn, attachment) {
    const held = files.hold(attachment, "thumb");
    this.#held.push(held);
    try {
      const { url } = held.now ?? (await held.open);
      if (turn !== this.#turn || this.#open) return;
      this.picture.dataset.preview = "";
      this.picture.src = url;
      this.picture.hidden = false;
    } catch {
      // the file itself says what is wrong
    }
  }

  /** @param {number} turn @param {import("./openedfiles.js").Open} open */
  async #put(turn, open) {
    this.#open = open;
    const moves = open.type.moves && movesLittle();
    const still = moves ? URL.createObjectURL(await stillOf(open.blob)) : "";
    if (turn !== this.#turn) return URL.revokeObjectURL(still);
    this.#still = still;
    part(this.#node, "notice").hidden = true;
    part(this.#node, "animate").hidden = !moves;
    const video = open.type.family === "video";
    this.picture.hidden = video;
    this.video.hidden = !video;
    if (video) return this.#play(open.url);
    delete this.picture.dataset.preview;
    this.picture.src = this.#still || open.url;
  }

  /** @param {string} url */
  #play(url) {
    this.video.src = url;
    this.video.play().catch(() => {}); // its own controls are there
  }

  /** A recording of a browser does not say how long it is: nobody could go to a place in it. */
  async #measured() {
    if (!this.video.videoWidth) return this.#fails("unplayable");
    if (this.video.duration !== Number.POSITIVE_INFINITY) return;
    const turn = this.#turn;
    await lengthOf(this.video).catch(() => {});
    if (turn !== this.#turn) return;
    this.video.currentTime = 0;
    this.video.play().catch(() => {});
  }

  /** @param {number} done @param {number} total */
  #loads(done, total) {
    const bar = /** @type {HTMLProgressElement} */ (part(this.#node, "bar"));
    bar.max = total || 1;
    bar.value = done;
    bar.hidden = false;
    this.#notice(format(gettext("{done} of {total}"), { done: sizeWords(done), total: sizeWords(total) }));
    part(this.#node, "again").hidden = true;
    part(this.#node, "instead").hidden = true;
  }

  /** @param {string} code */
  #fails(code) {
    this.picture.hidden = true;
    this.video.hidden = true;
    this.video.pause(); // what has sound and no picture
    part(this.#node, "bar").hidden = true;
    this.#notice(whyNotLoaded(code));
    part(this.#node, "again").hidden = !mayLoadAgain(code);
    part(this.#node, "instead").hidden = !canBeSaved(code);
  }

  /** @param {string} words */
  #notice(words) {
    part(this.#node, "words").textContent = words;
    part(this.#node, "notice").hidden = false;
  }
}
