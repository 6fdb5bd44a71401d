// Saves an attachment to the disk of the person who asks: never opened by this page, whatever it is, so the
// type is always the same and only its name says what it is.

import { savedName } from "../chat/filenames.js";
import { gettext } from "../text.js";

const TYPE = "application/octet-stream";
const REVOKED_MS = 60_000; // the browser reads it while it saves; there is no event at the end

/** @param {Blob} blob @param {string} name as it was sent */
export function saveBlob(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([blob], { type: TYPE }));
  link.download = savedName(name, gettext("File"));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKED_MS);
}
