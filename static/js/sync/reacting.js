// My reactions on their way into the log, and the emoji that I chose last on this device.

import { isEmoji, QUICK, quickAfter } from "../chat/reactions.js";
import { unlessFull } from "../storage/quota.js";

/** @typedef {{outbox: import("../sending/outbox.js").Outbox, parts: {stores: import("../storage/stores.js").Stores}}} Client */

const KEY = "quick emoji";

/**
 * What I said of this message before and has not left yet goes: of several choices the last one is sent, and none where
 * that is what the log has. It is kept before those go: without room for it, they stay.
 * @param {Client} client
 * @param {{id: string, conv: string, mid: string, body: string}} reaction `body`: the emoji; empty takes it back
 */
export async function react({ outbox, parts: { stores } }, { id, conv, mid, body }) {
  const of = () => outbox.of(conv).filter(({ content }) => content.t === "react" && content.ref === mid);
  await outbox.add({ id, conv, content: { t: "react", body, ref: mid } });
  const own = of().find((entry) => entry.id === id);
  if (!own) return; // asked twice: it has left, or a later choice has taken its place
  const before = of().filter(({ order, sealed }) => order < own.order && !sealed);
  for (const entry of before) await outbox.discard(entry.id);
  if (before.length && of().length === 1 && (await logged(stores, conv, mid)) === body) await outbox.discard(id);
  if (!isEmoji(body)) return;
  const value = quickAfter(await quickEmoji({ stores }), body);
  await stores.write([{ store: "meta", key: KEY, value }]).catch(unlessFull);
}

/** @param {{stores: Pick<import("../storage/stores.js").Stores, "get">}} parts @returns {Promise<string[]>} */
export async function quickEmoji({ stores }) {
  return (await stores.get("meta", KEY)) ?? QUICK;
}

/** @param {import("../storage/stores.js").Stores} stores @param {string} conv @param {string} mid */
async function logged(stores, conv, mid) {
  const [said = []] = await stores.named("relations", [[conv, mid]]);
  const mine = said.filter((/** @type {import("./relations.js").Relation} */ one) => one.t === "react" && one.mine);
  return mine.sort((a, b) => a.seq - b.seq).at(-1)?.body ?? "";
}
