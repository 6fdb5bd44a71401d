// After a connect: which conversations are behind, and how each of them gets to the head.

import { STATE } from "../chat/contactstate.js";
import { newestFirst } from "../chat/order.js";
import { PAGE_MAX } from "../protocol.js";
import { isFar } from "./timeline.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */
/** @typedef {import("./historyrequests.js").HistoryRequests["ask"]} Ask */

/** The rows at the top of the list: they wait for nothing else. */
export const SCREEN = 20;

/** Being opened side by side: more would keep the page from its frames, fewer wait for the network. */
const SIDE_BY_SIDE = 6;

/**
 * A short way is walked, a long one is jumped, unless the outbox holds a message that may be among
 * the rows: those come first, then what is newest.
 * @param {Conversation[]} conversations
 * @param {import("../sending/outbox.js").Entry[]} entries
 * @param {Ask} ask
 * @param {() => void} settled the fate of everything in the outbox is known
 * @param {() => Promise<void>} shown what somebody sees first is there
 * @param {() => boolean} holds the connection has not broken since
 */
export async function catchUp(conversations, entries, ask, settled, shown = async () => {}, holds = () => true) {
  const behind = conversations.filter((conversation) => conversation.behind > 0);
  const inDoubt = new Set(entries.filter(({ sealed }) => sealed).map(({ conv }) => conv));
  await all(
    behind.filter(({ row }) => inDoubt.has(row.conv)),
    (one) => one.catchUp(),
  );
  settled();
  const rest = behind.filter(({ row }) => !inDoubt.has(row.conv)).sort((a, b) => newestFirst(a.row, b.row));
  await near(rest.slice(0, SCREEN), ask, holds);
  await shown();
  for (let at = SCREEN; at < rest.length; at += PAGE_MAX) await near(rest.slice(at, at + PAGE_MAX), ask, holds);
}

/** @param {Conversation[]} some one question's worth @param {Ask} ask @param {() => boolean} holds */
async function near(some, ask, holds) {
  const asked = some.filter((one) => one.behind === 1 || isFar(one.have, one.row.last_seq)).map(({ row }) => row.conv);
  const { rows } = asked.length ? await ask({ last: asked }) : { rows: [] };
  const newest = new Map(rows.map((row) => [row.conv, row]));
  const questions = await Promise.all(some.map((one) => ahead(one, newest.get(one.row.conv))));
  await Promise.all(questions.map((put) => put?.()));
  if (!holds()) return; // what was answered before a break may be of a log that is no more
  await all(some, (one) => step(one, newest.get(one.row.conv)));
}

/** @param {Conversation} one @param {import("../protocol.js").MsgFrame | undefined} newest */
async function ahead(one, newest) {
  return newest && one.ahead(newest);
}

/** @param {Conversation} one @param {import("../protocol.js").MsgFrame | undefined} newest */
function step(one, newest) {
  if (newest?.seq === one.have + 1) return one.push(newest);
  return newest && isFar(one.have, newest.seq) ? one.jump(newest) : one.catchUp();
}

/** Some side by side. @template T @param {T[]} things @param {(thing: T) => Promise<void>} work */
export async function all(things, work) {
  const left = [...things].reverse();
  const worker = async () => {
    for (let thing = left.pop(); thing !== undefined; thing = left.pop()) await work(thing);
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
}

/**
 * Everything that the log holds by now, whatever the vector said. Throws where a row cannot be
 * opened now: what is not known to be absent must not be taken for it.
 * @param {Conversation | undefined} conversation
 * @param {Ask} ask
 */
export async function sync(conversation, ask) {
  if (conversation?.row.state === STATE.FORGOTTEN) return; // there is no log
  for (let more = true; conversation && more; ) {
    const before = conversation.have;
    const answer = await ask({ conv: conversation.row.conv, after: before, limit: PAGE_MAX });
    for (const row of answer.rows) await conversation.push(row);
    if (conversation.have < (answer.rows.at(-1)?.seq ?? 0)) throw notNow();
    more = answer.more && conversation.have > before;
  }
  if (conversation?.paused) throw notNow(); // of a log that is compared still
}

function notNow() {
  return Object.assign(new Error("not now"), { code: "later" });
}
