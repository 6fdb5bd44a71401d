// What a clipboard holds: office programs put a picture of the cells beside their text, and a browser
// puts markup beside a picture. Words win over a picture of them; a picture alone, or files, are attached.

/**
 * @typedef {object} Clip
 * @property {File[]} files
 * @property {string} text
 */
/** @typedef {"text" | "files" | "text_or_picture"} Meant the last: the text, and an offer */

/** @param {Clip} clip @returns {Meant} */
export function meant({ files, text }) {
  if (!files.length) return "text";
  const words = text.trim();
  // A file manager puts names or addresses beside its files.
  const names = words.split(/[\r\n]+/).every((line) => line.startsWith("file://") || isNameOf(line, files));
  if (!words || names) return "files";
  return files.every(({ type }) => type.startsWith("image/")) ? "text_or_picture" : "files";
}

/** @param {string} line @param {File[]} files */
function isNameOf(line, files) {
  return files.some(({ name }) => line === name || line.endsWith(`/${name}`) || line.endsWith(`\\${name}`));
}

/** It can be read in the event alone. @param {DataTransfer} data @returns {Clip} */
export function clip(data) {
  return { files: [...data.files], text: data.getData("text/plain") };
}
