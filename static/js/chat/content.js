// What a message says, as it is written, kept and shown: M of the envelope (docs/encryption.md 4.8) without
// what only the other end checks.

/**
 * @typedef {object} Content
 * @property {"text" | "react" | "edit" | "del"} t
 * @property {string} [body]
 * @property {string} [ref] mid of the message that this one answers, marks, changes or deletes; base64
 * @property {import("../crypto/content.js").Attachment[]} [att]
 */

/** @param {string} body @returns {Content} */
export function textOf(body) {
  return { t: "text", body };
}
