// A contact as pages show it: the name I gave them, else their own.

import { b64, fromB64, fromHex, hex } from "../crypto/encoding.js";
import { gettext } from "../text.js";
import { avatar } from "./avatar.js";
import { lastSeen } from "./when.js";

/** @typedef {{alias?: string, peer: import("../protocol.js").Person}} Named */

/** @param {Named | undefined} contact */
export function nameOf(contact) {
  if (!contact) return gettext("Somebody");
  return contact.alias || contact.peer.display_name || contact.peer.name || gettext("Deleted account");
}

/** Without case and accents, which people leave out where they look for somebody. @param {string} words */
export function folded(words) {
  return words
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLocaleLowerCase();
}

/** Whether any name of theirs holds these folded words. @param {Named | undefined} contact @param {string} words */
export function isCalled(contact, words) {
  const { name = "", display_name = "" } = contact?.peer ?? {};
  return [nameOf(contact), display_name, name && `@${name}`].some((one) => folded(one).includes(words));
}

/** Their account was deleted: the server has no name for it. @param {Named | undefined} contact */
export function isDeleted(contact) {
  return contact?.peer.name === "";
}

/** @param {string} uid @param {Named | undefined} contact @param {string} [extra] */
export function avatarOf(uid, contact, extra) {
  return avatar(fromB64(uid, 16), nameOf(contact), extra);
}

/** @param {string} conv in base64 @returns {string} its address */
export function chatAddress(conv) {
  return `/chats/${hex(fromB64(conv, 16))}`;
}

/** @param {string} path @returns {string | null} the conversation that an address names */
export function chatOf(path) {
  const found = /^\/chats\/([0-9a-f]{32})$/.exec(path)?.[1];
  return found ? b64(fromHex(found)) : null;
}

/** @param {import("../protocol.js").Seen | undefined} seen */
export function presenceWords(seen) {
  if (seen?.state === "online") return gettext("Online");
  if (seen?.state === "offline") return seen.seen ? lastSeen(seen.seen) : gettext("Offline");
  return ""; // hidden from us, or no connection of our own: there is nothing to say
}
