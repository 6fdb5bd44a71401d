// What was shared in messages: pictures and videos, other files, links. Pure.

import { isVisual, kindOf } from "../chat/attachmentkinds.js";
import { deletes } from "../chat/deleted.js";
import { linkify } from "./linkify.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */
/** @typedef {import("./attachmentviews.js").Shown} Shown */
/** @typedef {{href: string, host: string, mid?: string | undefined, mine: boolean, time: number}} Link */
/** @typedef {{media: Shown[], files: Shown[], links: Link[]}} Shared newest first */

/**
 * @param {Message[]} messages oldest first
 * @param {import("../sending/outbox.js").Entry[]} [entries] a message whose deletion waits is gone for me
 * @returns {Shared}
 */
export function sharedIn(messages, entries = []) {
  const going = entries.filter(({ failed }) => !failed);
  /** @type {Shared} */
  const shared = { media: [], files: [], links: [] };
  for (const { content, gone, broken, mid, mine, time } of messages.toReversed()) {
    if (!content || gone || broken || content.t !== "text") continue;
    if (going.some((entry) => deletes({ content: entry.content, mine: true }, { mid, mine }))) continue;
    const caption = content.body ?? "";
    for (const attachment of (content.att ?? []).toReversed()) {
      const list = isVisual(kindOf(attachment)) ? shared.media : shared.files;
      list.push({ attachment, mid, mine, time, caption });
    }
    for (const { href } of linkify(caption)) if (href) shared.links.push({ href, host: hostOf(href), mid, mine, time });
  }
  return shared;
}

/** @param {Shared} shared @param {{mid: string, mine: boolean}} deleted @returns {Shared} */
export function sharedWithout({ media, files, links }, deleted) {
  const stays = (/** @type {{mid?: string | undefined, mine: boolean}} */ one) =>
    one.mid !== deleted.mid || one.mine !== deleted.mine;
  return { media: media.filter(stays), files: files.filter(stays), links: links.filter(stays) };
}

/** @param {string} href as linkify made it, so it is an address */
function hostOf(href) {
  const { host, pathname } = new URL(href);
  return host || pathname; // of a mailto:
}
