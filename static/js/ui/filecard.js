// A file in a bubble that is not shown but saved: its name, its size, how far it has come.

import { fileName } from "../chat/filenames.js";
import { format, gettext } from "../text.js";
import { codeOf, putName } from "./attachmentparts.js";
import { dangerWords, shownName, sizeWords, whyNotLoaded } from "./attachmentwords.js";
import { cloned, part } from "./bubbles.js";
import { icon } from "./icons.js";
import { saveAttachment } from "./saving.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */

export class FileCard {
  /** @type {AbortController | undefined} while it loads */ #loading;

  /** @param {Attachment} attachment @param {string} [why] it is not shown, though its kind could be */
  constructor(attachment, why = "") {
    this.attachment = attachment;
    this.node = cloned("attachment-card");
    putName(this.node, attachment.name);
    const danger = dangerWords(attachment);
    if (fileName(attachment.name).danger) {
      this.node.querySelector(".file-icon")?.replaceChildren(icon("file-warning"));
      this.node.dataset.danger = "";
    }
    part(this.node, "danger").textContent = danger;
    part(this.node, "danger").hidden = !danger;
    this.#rest(why || sizeWords(attachment.size));
  }

  near() {} // nothing is loaded before somebody saves it

  far() {}

  /** Saves it, or gives up what it is at. */
  async save() {
    if (this.#loading) return void this.#loading.abort();
    const { signal } = (this.#loading = new AbortController());
    this.#button("x", format(gettext("Stop loading {name}"), { name: shownName(this.attachment) }));
    this.#progress(0, this.attachment.size);
    try {
      const onProgress = (/** @type {number} */ done, /** @type {number} */ total) => this.#progress(done, total);
      await saveAttachment(this.attachment, { onProgress, signal });
      this.#rest(format(gettext("{size} · checked and saved"), { size: sizeWords(this.attachment.size) }));
    } catch (error) {
      const code = codeOf(error);
      this.#rest(code === "aborted" ? sizeWords(this.attachment.size) : whyNotLoaded(code), code);
    }
  }

  /** @param {string} words @param {string} [failed] */
  #rest(words, failed = "") {
    this.#loading = undefined;
    part(this.node, "progress").hidden = true;
    this.#say(words);
    this.node.toggleAttribute("data-failed", failed !== "" && failed !== "aborted");
    const name = shownName(this.attachment);
    if (failed && failed !== "aborted") this.#button("rotate-ccw", format(gettext("Try again: {name}"), { name }));
    else this.#button("download", format(gettext("Save {name}"), { name }));
    part(this.node, "save").hidden = failed === "gone";
  }

  /** @param {number} done @param {number} total */
  #progress(done, total) {
    const bar = /** @type {HTMLProgressElement} */ (part(this.node, "progress"));
    bar.hidden = false;
    bar.max = total || 1;
    bar.value = done;
    bar.setAttribute("aria-label", gettext("Loading"));
    this.#say(format(gettext("{done} of {total}"), { done: sizeWords(done), total: sizeWords(total) }));
  }

  /** @param {string} name of the icon @param {string} words */
  #button(name, words) {
    const button = part(this.node, "save");
    if (button.getAttribute("aria-label") === words) return;
    button.setAttribute("aria-label", words);
    button.replaceChildren(icon(name));
  }

  /** @param {string} words */
  #say(words) {
    part(this.node, "state").textContent = words;
  }
}
