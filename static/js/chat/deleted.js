// What is left of a message that was deleted: its place, without what it said.

/** @typedef {import("./content.js").Content} Content */
/** @typedef {{content?: Content, broken?: string, relations?: unknown[]}} Saying what of a message says something */

/**
 * `deleted`: who wrote it says so; `hidden`: I want to see it no more on this device.
 * @template {Saying} T
 * @param {T} message
 * @param {"deleted" | "hidden"} gone
 * @returns {T}
 */
export function emptied({ content: _content, broken: _broken, relations: _relations, ...place }, gone) {
  return /** @type {any} */ ({ ...place, gone });
}

/**
 * Nobody deletes the words of somebody else.
 * @param {{content?: Content, mine: boolean}} said
 * @param {{mid?: string | undefined, mine: boolean} | null | undefined} message
 */
export function deletes({ content, mine }, message) {
  return content?.t === "del" && content.ref !== undefined && content.ref === message?.mid && mine === message.mine;
}

/** A deletion or a reaction that changes nothing any more: the message stays as it is. @param {{content: Content, failed?: string}} entry of the outbox */
export function isRefused({ content, failed }) {
  return content.t !== "text" && failed !== undefined;
}
