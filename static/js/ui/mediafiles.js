// The attachments that this page has open.

import { closeAttachment, openAttachment } from "../tabs/media.js";
import { OpenedFiles } from "./openedfiles.js";

/** The ones of this page. */
export const files = new OpenedFiles({
  fetch: (attachment, role, how) =>
    openAttachment(role === "thumb" && attachment.thumb ? attachment.thumb : attachment, role, how),
  close: closeAttachment,
  makeUrl: (blob) => URL.createObjectURL(blob),
  revokeUrl: (url) => URL.revokeObjectURL(url),
});
