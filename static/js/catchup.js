// After a connect: which conversations are behind, and how each of them gets to the head.

import { PAGE_MAX } from "./protocol.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {import("./asking.js").Asking["ask"]} Ask */

/** Further behind than this, the newest row is taken and the rest is paged back when looked at. */
const WALK = 50;

/**
 * A short way is walked. A long one is jumped, unless the outbox holds a message whose fate lies
 * on it.
 * @param {Conversation[]} conversations
 * @param {import("./outbox.js").Entry[]} entries
 * @param {Ask} ask
 */
export async function catchUp(conversations, entries, ask) {
  const behind = conversations.filter((conversation) => conversation.behind > 0);
  const inDoubt = new Set(entries.filter(({ sealed }) => sealed).map(({ conv }) => conv));
  const walk = behind.filter(({ behind: rows, row }) => rows <= WALK || inDoubt.has(row.conv));
  const jump = new Map(behind.filter((one) => !walk.includes(one)).map((one) => [one.row.conv, one]));
  const convs = [...jump.keys()];
  for (let at = 0; at < convs.length; at += PAGE_MAX) {
    const { rows } = await ask({ last: convs.slice(at, at + PAGE_MAX) });
    for (const row of rows) await jump.get(row.conv)?.jump(row);
  }
  for (const conversation of walk) await conversation.catchUp();
}

/**
 * Everything that the log holds by now, whatever the vector said. Throws where a row cannot be
 * opened now: what is not known to be absent must not be taken for it.
 * @param {Conversation | undefined} conversation
 * @param {Ask} ask
 */
export async function sync(conversation, ask) {
  for (let more = true; conversation && more; ) {
    const before = conversation.have;
    const answer = await ask({ conv: conversation.row.conv, after: before, limit: PAGE_MAX });
    for (const row of answer.rows) await conversation.push(row);
    if (conversation.have < (answer.rows.at(-1)?.seq ?? 0))
      throw Object.assign(new Error("not now"), { code: "later" });
    more = answer.more && conversation.have > before;
  }
}
