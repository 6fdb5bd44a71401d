// How far the files of a message of mine have come, under its bubble. What is shown as sent was
// acknowledged by the server; the last twentieth stays open until it says that it has all of it.

import { bus } from "../tabs/bus.js";
import { format, gettext, ngettext } from "../text.js";
import { sizeWords } from "./attachmentwords.js";
import { part } from "./bubbles.js";
import { explain } from "./explain.js";
import { toast } from "./toast.js";

/** @typedef {import("../sync/events.js").Events["upload"]} Upload */

const MINUTE_S = 60;

export class UploadLines {
  /** @type {Map<string, Upload>} by the id of the entry */ #uploads = new Map();

  #changed;

  /** @param {(id: string) => void} changed the entry of that id is to be filled again */
  constructor(changed) {
    this.#changed = changed;
  }

  /** @returns {() => void} stops it */
  listen() {
    return bus.on("upload", (upload) => this.#came(upload));
  }

  /** Another conversation. @param {string} conv */
  async open(conv) {
    this.#uploads.clear();
    for (const upload of await bus.ask("uploads", conv)) this.#came(upload);
  }

  /** @param {HTMLElement} node @param {import("../sending/outbox.js").Entry | undefined} entry */
  fill(node, entry) {
    const upload = entry && goesUp(entry) ? this.#uploads.get(entry.id) : undefined;
    const line = part(node, "upload");
    line.hidden = !upload;
    if (!upload) return;
    part(node, "unsent").hidden = true; // this line says more
    const bar = /** @type {HTMLProgressElement} */ (part(node, "upload-bar"));
    bar.value = shareOf(upload);
    part(node, "upload-words").textContent = uploadWords(upload);
    const paused = upload.state === "paused";
    const [pause, resume] = [part(node, "pause"), part(node, "resume")];
    const focused = document.activeElement;
    pause.hidden = paused || upload.state === "finishing";
    resume.hidden = !paused;
    if (paused && focused === pause) resume.focus(); // the one that had it is gone
    if (!paused && focused === resume) pause.focus();
    part(node, "cancel").hidden = Boolean(entry?.sealed);
  }

  /** @param {"pause" | "resume"} act @param {string} id */
  async act(act, id) {
    try {
      await bus.ask(act === "pause" ? "pauseUpload" : "resumeUpload", id);
    } catch (error) {
      toast(explain(error));
    }
  }

  /** @param {Upload} upload */
  #came(upload) {
    this.#uploads.set(upload.id, upload);
    this.#changed(upload.id);
  }
}

/**
 * Whether this line says how far it is. Where all of its files are at the server and it waits for something else, the
 * bubble says for what.
 * @param {Pick<import("../sending/outbox.js").Entry, "content" | "failed" | "waits">} entry
 */
export function goesUp({ content, failed, waits }) {
  return Boolean(content.att) && !failed && !waits;
}

/** @param {Pick<Upload, "done" | "total">} upload @returns {number} 0 to 1 */
export function shareOf({ done, total }) {
  return total ? Math.min(1, done / total) : 0;
}

/** @type {Record<string, () => string>} */
const WAITS = {
  offline: () => gettext("There is no connection. It goes on when you are back online."),
  storage_away: () => gettext("The server cannot reach its file storage. This browser keeps trying."),
  unreachable: () =>
    gettext("This page cannot reach the file storage. Reload it, or tell the person who runs the site."),
  page: () => gettext("Keep this page open until it is sent."),
};

/** @param {Pick<Upload, "done" | "total" | "state" | "why" | "bytesPerSecond">} upload */
export function uploadWords({ done, total, state, why = "", bytesPerSecond = 0 }) {
  const sizes = format(gettext("{done} of {total}"), { done: sizeWords(done), total: sizeWords(total) });
  if (state === "finishing") return gettext("Finishing");
  if (state === "paused") return format(gettext("Paused · {sizes}"), { sizes });
  if (state === "waiting") return WAITS[why]?.() ?? format(gettext("Waiting to be sent · {sizes}"), { sizes });
  const left = bytesPerSecond > 0 ? leftWords((total - done) / bytesPerSecond) : "";
  return left ? `${sizes} · ${left}` : sizes;
}

/** @param {number} seconds */
function leftWords(seconds) {
  if (seconds < MINUTE_S) {
    const count = Math.max(1, Math.ceil(seconds));
    return format(ngettext("{count} second left", "{count} seconds left", count), { count });
  }
  const count = Math.ceil(seconds / MINUTE_S);
  return format(ngettext("{count} minute left", "{count} minutes left", count), { count });
}
