// Files that are dragged over a chat. A folder is asked about once; what is dropped beside a chat must not
// make the browser leave the page.

const LOOKED_AT_MAX = 1_000; // entries of a dropped folder
const DEPTH_MAX = 8;

/** @typedef {{files: File[], folder?: string}} Dropped folder: name of the first one, where there is one */

/**
 * @param {HTMLElement} area
 * @param {object} parts
 * @param {() => boolean} parts.accepts
 * @param {(over: boolean) => void} parts.over
 * @param {(dropped: Promise<Dropped>) => void} parts.take
 */
export function dropping(area, { accepts, over, take }) {
  let own = false; // of this page: a picture, a marked text
  let inside = 0;
  const show = (/** @type {number} */ depth) => {
    inside = Math.max(0, depth);
    over(inside > 0);
  };
  document.addEventListener("dragstart", () => void (own = true));
  // What was dragged may be gone from the page before it is dropped, and tells nothing then.
  for (const end of ["dragend", "pointerdown"]) document.addEventListener(end, () => void (own = false));
  const brings = (/** @type {DragEvent} */ event) => !own && Boolean(event.dataTransfer?.types.includes("Files"));
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    const here = accepts() && area.contains(/** @type {Node} */ (event.target));
    if (event.dataTransfer) event.dataTransfer.dropEffect = here ? "copy" : "none";
  });
  document.addEventListener("drop", (event) => brings(event) && event.preventDefault());
  area.addEventListener("dragenter", (event) => brings(event) && accepts() && show(inside + 1));
  area.addEventListener("dragleave", (event) => brings(event) && show(inside - 1));
  area.addEventListener("drop", (event) => {
    show(0);
    if (brings(event) && accepts() && event.dataTransfer) take(dropped(event.dataTransfer));
  });
}

/** Entries are to be had in the event alone, so they are taken before anything waits. @param {DataTransfer} data */
function dropped(data) {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = items.map((item) => item.getAsFile());
  return collected(entries, plain);
}

/**
 * @param {(FileSystemEntry | null)[]} entries
 * @param {(File | null)[]} plain
 * @returns {Promise<Dropped>}
 */
async function collected(entries, plain) {
  /** @type {File[]} */ const files = [];
  let folder;
  for (const [at, entry] of entries.entries()) {
    const file = plain[at];
    if (entry?.isDirectory) {
      folder ??= entry.name;
      await walk(/** @type {FileSystemDirectoryEntry} */ (entry), files, 0);
    } else if (file) files.push(file);
  }
  return folder === undefined ? { files } : { files, folder };
}

/** @param {FileSystemDirectoryEntry} folder @param {File[]} files @param {number} depth */
async function walk(folder, files, depth) {
  const reader = folder.createReader();
  while (files.length < LOOKED_AT_MAX) {
    /** @type {FileSystemEntry[]} */
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return;
    for (const entry of entries) {
      if (files.length >= LOOKED_AT_MAX) return;
      if (entry.isFile) files.push(await fileOf(/** @type {FileSystemFileEntry} */ (entry)));
      else if (depth < DEPTH_MAX) await walk(/** @type {FileSystemDirectoryEntry} */ (entry), files, depth + 1);
    }
  }
}

/** @param {FileSystemFileEntry} entry @returns {Promise<File>} */
function fileOf(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
