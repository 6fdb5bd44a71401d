// What a message says, as it is written, kept and shown: M of the envelope (docs/encryption.md 4.8) without
// what only the other end checks.

/**
 * A file as M names it, its bytes in base64. What each member means stands in crypto/content.js.
 * @typedef {{blob: string, fk: string, size: number, hash: string, log2: number}} BlobEntry
 * @typedef {BlobEntry & {w: number, h: number}} Thumb
 * @typedef {BlobEntry & {mime: string, name: string, w?: number, h?: number, alt?: string, ms?: number,
 *   wave?: string, thumb?: Thumb}} Attachment
 */
/**
 * @typedef {object} Content
 * @property {"text" | "react" | "edit" | "del"} t
 * @property {string} [body]
 * @property {string} [ref] mid of the message that this one answers, marks, changes or deletes; base64
 * @property {Attachment[]} [att]
 */

/** @typedef {{text: string, ref?: string | undefined}} Draft `ref`: mid of the message that it will answer */

/** @param {string} body @param {string | undefined} [ref] mid of the message that it answers @returns {Content} */
export function textOf(body, ref) {
  return { t: "text", body, ...(ref && { ref }) };
}

/**
 * The blobs of a message: of each file, and of the small picture of it.
 * @param {Content | undefined} content
 * @returns {{entry: BlobEntry, role: "file" | "thumb"}[]}
 */
export function blobsOf(content) {
  return (content?.att ?? []).flatMap((file) => [
    ...(file.thumb ? [{ entry: file.thumb, role: /** @type {const} */ ("thumb") }] : []),
    { entry: file, role: /** @type {const} */ ("file") },
  ]);
}
