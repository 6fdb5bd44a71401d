// Messages that answers name, as far as this browser has them. The server cannot be asked: it knows no message by its mid.

import { onlyHere } from "./onlyhere.js";
import { related } from "./relations.js";

/** @typedef {import("./decrypt.js").Message} Message */
/** @typedef {import("./onlyhere.js").OnlyHere} OnlyHere */

export const QUOTED_MAX = 500; // more than a thread holds

/**
 * As pages may have them, with what others say of them; what is cleared is left out.
 * @param {import("./client.js").Client} client
 * @param {string} conv
 * @param {string[]} mids
 * @returns {Promise<(Message | OnlyHere)[]>} a mid twice: the first of them
 */
export async function quoted({ conversations, clearing, hiding, parts: { stores } }, conv, mids) {
  const conversation = conversations.get(conv);
  if (!conversation) return [];
  const wanted = [...new Set(mids)].slice(0, QUOTED_MAX);
  const { upto = 0, at = 0 } = clearing.of(conv) ?? {};
  const cleared = Math.max(upto, conversation.row.cleared);
  const since = Math.max(at, conversation.clearedAt);
  const named = await stores.named(
    "messages",
    wanted.map((mid) => [conv, mid]),
  );
  const kept = named.flatMap(([first]) => (first && first.seq > cleared ? [first] : []));
  const alone = (await onlyHere(stores, conv)).filter(({ mid = "", time }) => wanted.includes(mid) && time > since);
  return [...(await related(stores, kept)), ...alone].map((message) => hiding.shown(message));
}
