// "Mark all as read": as if each chat had been opened for a moment. What the peers learn of it, the
// server decides by the reader's settings, as of any reading.

import { STATE } from "../chat/contactstate.js";

/** @typedef {(conv: string, seq: number, ord: number) => Promise<void>} Read */

export const AT_ONCE = 40; // marks; a session that sends more than its burst is ended
export const PACE_MS = 100;

/** @param {import("./client.js").Client} client @param {Read} read */
export async function readAll({ conversations, contacts, parts: { clock } }, read) {
  const unread = [...conversations.values()].filter(({ row, unread }) => row.state === STATE.CONNECTED && unread);
  for (const [i, { row }] of unread.entries()) {
    if (i >= AT_ONCE) await new Promise((done) => clock.after(PACE_MS, () => done(null)));
    await read(row.conv, row.last_seq, row.peer_ord);
  }
  const marked = contacts.all().filter((contact) => contact.unread);
  for (const { peer } of marked) await contacts.markUnread(peer.uid, false);
}
