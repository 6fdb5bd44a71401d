// Saves an attachment to the disk of the person who asks: never opened by this page, whatever it is, so the
// type is always the same and only its name says what it is.

import { savedName } from "../chat/filenames.js";
import { closeAttachment, keepWhileSaved, openAttachment } from "../tabs/media.js";
import { gettext } from "../text.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */

const TYPE = "application/octet-stream";
const READ_MS = 60_000; // the browser reads it while it saves; there is no event at the end
const SLOW = 5000; // bytes a millisecond, of a disk

/** @param {Attachment} attachment @param {import("../tabs/media.js").Options} [how] */
export async function saveAttachment(attachment, how) {
  const file = await openAttachment(attachment, "file", how);
  saveOpened(file, file, attachment.name);
  closeAttachment(file);
}

/** @param {Blob} blob as it is shown @param {Blob} file as it was opened: it outlives this page @param {string} name */
export function saveOpened(blob, file, name) {
  keepWhileSaved(file, saveBlob(blob, name));
}

/** @param {Blob} blob @param {string} name as it was sent @returns {number} ms for which it has to stay */
export function saveBlob(blob, name) {
  const ms = READ_MS + blob.size / SLOW;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([blob], { type: TYPE }));
  link.download = savedName(name, gettext("File"));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), ms);
  return ms;
}
