// The files of one message are sealed, one after the other; what the message says of them is final then.

import { ALT_MAX } from "./trays.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */
/** @typedef {import("./preparing.js").Prepared} Prepared */
/** @typedef {{prepared: Prepared, name: string, alt?: string, wave?: string}} Piece */
/** @typedef {import("../chat/content.js").BlobEntry & {inMemory: boolean}} Sealed */
/**
 * @typedef {(bytes: Blob, role: "file" | "thumb",
 *   how: {onProgress: (done: number) => void, signal: AbortSignal}) => Promise<Sealed>} SealFile
 */

/**
 * @param {readonly Piece[]} pieces
 * @param {object} parts
 * @param {SealFile} parts.sealFile
 * @param {(blobs: string[]) => unknown} parts.forget
 * @param {(share: number) => void} parts.progress 0 to 1
 * @param {AbortSignal} parts.signal
 * @returns {Promise<{att: Attachment[], inMemory: boolean}>} `inMemory`: this page has to stay until it is sent.
 *   Throws what sealing throws; nothing is left then
 */
export async function sealAll(pieces, { sealFile, forget, progress, signal }) {
  const all = pieces.reduce((sum, { prepared }) => sum + sizeOf(prepared), 0) || 1;
  /** @type {string[]} */ const blobs = [];
  let before = 0;
  let inMemory = false;
  /** @param {Blob} bytes @param {"file" | "thumb"} role */
  const seal = async (bytes, role) => {
    signal.throwIfAborted();
    const onProgress = (/** @type {number} */ done) => progress(Math.min(1, (before + done) / all));
    const { blob, fk, hash, size, log2, ...kept } = await sealFile(bytes, role, { onProgress, signal });
    blobs.push(blob);
    before += bytes.size;
    inMemory ||= kept.inMemory;
    return { blob, fk, hash, size, log2 };
  };
  try {
    const att = [];
    for (const piece of pieces) att.push(await attachment(piece, seal));
    signal.throwIfAborted();
    return { att, inMemory };
  } catch (error) {
    await forget(blobs);
    throw error;
  }
}

/**
 * @param {Piece} piece
 * @param {(bytes: Blob, role: "file" | "thumb") => Promise<import("../chat/content.js").BlobEntry>} seal
 * @returns {Promise<Attachment>}
 */
async function attachment({ prepared, name, alt = "", wave }, seal) {
  const { bytes, mime, w, h, ms, thumb } = prepared;
  const words = [...alt.trim()].slice(0, ALT_MAX).join("");
  return {
    ...(await seal(bytes, "file")),
    mime,
    name,
    ...(w && h && { w, h }),
    ...(words && { alt: words }),
    ...(ms !== undefined && { ms }),
    ...(wave && { wave }),
    ...(thumb && { thumb: { ...(await seal(thumb.bytes, "thumb")), w: thumb.w, h: thumb.h } }),
  };
}

/** @param {Prepared} prepared */
function sizeOf({ bytes, thumb }) {
  return bytes.size + (thumb?.bytes.size ?? 0);
}
