// Attachments told in words: in the list of chats, to a screen reader, beside a card.

import { kindOf } from "../chat/attachmentkinds.js";
import { fileName } from "../chat/filenames.js";
import { locale } from "../language.js";
import { format, gettext, ngettext } from "../text.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const STEP = 1000;
const SUMMARY_NAME_MAX = 60; // characters of a file name in a line of the list; its ending is always there

/**
 * What a message with attachments is in one line: "Photo", "3 photos", "Voice message", "report.pdf".
 * @param {{body?: string, att?: Attachment[]}} content
 * @returns {string} its text alone where nothing is attached
 */
export function summaryWords({ body = "", att }) {
  if (!att?.length) return body;
  const what = attachmentsWords(att);
  return body ? format(gettext("{attachment}: {text}"), { attachment: what, text: body }) : what;
}

/** @param {Attachment[]} att one at least */
export function attachmentsWords(att) {
  const [first] = att;
  if (first && att.length === 1) return oneWords(first);
  const kinds = new Set(att.map((one) => kindOf(one)));
  const count = att.length;
  const words = kinds.size === 1 && kinds.has("picture") ? countedPhotos(count) : counted(kinds, count);
  return format(words, { count });
}

/** @param {number} count */
function countedPhotos(count) {
  return ngettext("{count} photo", "{count} photos", count);
}

/** @param {Set<string>} kinds @param {number} count */
function counted(kinds, count) {
  if (kinds.size === 1 && kinds.has("video")) return ngettext("{count} video", "{count} videos", count);
  const visual = [...kinds].every((kind) => kind === "picture" || kind === "video");
  if (visual) return ngettext("{count} photo or video", "{count} photos and videos", count);
  return ngettext("{count} file", "{count} files", count);
}

/** @param {Attachment} attachment */
function oneWords(attachment) {
  const kind = kindOf(attachment);
  if (kind === "picture") return gettext("Photo");
  if (kind === "video") return gettext("Video");
  if (kind === "voice") return gettext("Voice message");
  const { base, ending } = fileName(attachment.name);
  return ([...base].slice(0, SUMMARY_NAME_MAX).join("") || gettext("File")) + ending;
}

/** The whole name as it may be shown in a line of text. @param {Pick<Attachment, "name">} attachment */
export function shownName({ name }) {
  const { base, ending } = fileName(name);
  return (base || gettext("File")) + ending;
}

/** 3.4 MB @param {number} bytes */
export function sizeWords(bytes) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / STEP ** power;
  return value.toLocaleString(locale(), {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    unitDisplay: power ? "short" : "long",
    maximumFractionDigits: power && value < 100 ? 1 : 0,
  });
}

/** 1:05, or 1:02:03 @param {number} ms */
export function durationWords(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** What opening it may do, by its ending. @param {Pick<Attachment, "name">} attachment */
export function dangerWords({ name }) {
  const { danger, ending } = fileName(name);
  if (danger === "program")
    return format(gettext("{ending} files can run programs. Open it only if you expected it."), { ending });
  if (danger === "page")
    return format(gettext("{ending} files can run scripts when you open them. Open it only if you expected it."), {
      ending,
    });
  return "";
}

const damaged = () => gettext("What the server has is damaged or was changed, so it is not shown.");

/** What another try does not mend. @type {Record<string, () => string>} */
const FINAL = {
  gone: () => gettext("It was deleted from the server."),
  bad_blob: damaged,
  bad_padding: damaged,
  cannot_open: damaged,
  disguised: () => gettext("It is not the kind of file that its sender says."),
  too_large_to_show: () => gettext("This picture is too large to be shown here. You can save it."),
  unplayable: () => gettext("This cannot be played here. You can save it."),
  unreadable: () => gettext("This picture cannot be shown here. You can save it."),
};
/** Of these, the file itself is whole: it can be saved. */
const SAVED_INSTEAD = new Set(["disguised", "too_large_to_show", "unplayable", "unreadable"]);

/** @type {Record<string, () => string>} */
const FOR_NOW = {
  offline: () => gettext("It did not load: there is no connection."),
  busy: () => gettext("It did not load: the server has much to do. Try again in a moment."),
  storage_away: () => gettext("It did not load: the server cannot reach its file storage right now."),
  unreachable: () =>
    gettext(
      "It did not load: this page cannot reach the file storage of this site. Reload the page; if that does not help, tell the person who runs the site.",
    ),
  quota: () => gettext("It did not load: this device has no room left."),
};

/** Why it did not load. @param {string} code */
export function whyNotLoaded(code) {
  return (FINAL[code] ?? FOR_NOW[code])?.() ?? gettext("It did not load.");
}

/** Whether another try may end differently. @param {string} code */
export function mayLoadAgain(code) {
  return !(code in FINAL);
}

/** Whether the file itself is whole, and can be saved though it is not shown. @param {string} code */
export function canBeSaved(code) {
  return SAVED_INSTEAD.has(code);
}
