// What was shared in messages: pictures and videos, other files, links. Pure.

import { isVisual, kindOf } from "../chat/attachmentkinds.js";
import { linkify } from "./linkify.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */
/** @typedef {import("./attachmentviews.js").Shown} Shown */
/** @typedef {{href: string, host: string, mine: boolean, time: number}} Link */
/** @typedef {{media: Shown[], files: Shown[], links: Link[]}} Shared newest first */

/** @param {Message[]} messages oldest first @returns {Shared} */
export function sharedIn(messages) {
  /** @type {Shared} */
  const shared = { media: [], files: [], links: [] };
  for (const { content, gone, broken, mine, time } of messages.toReversed()) {
    if (!content || gone || broken || content.t !== "text") continue;
    const caption = content.body ?? "";
    for (const attachment of (content.att ?? []).toReversed()) {
      const list = isVisual(kindOf(attachment)) ? shared.media : shared.files;
      list.push({ attachment, mine, time, caption });
    }
    for (const { href } of linkify(caption)) if (href) shared.links.push({ href, host: hostOf(href), mine, time });
  }
  return shared;
}

/** @param {string} href as linkify made it, so it is an address */
function hostOf(href) {
  const { host, pathname } = new URL(href);
  return host || pathname; // of a mailto:
}
