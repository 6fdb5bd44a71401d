// Who came by a link of mine, or accepted my request, is told once on each of my devices, by a line where their chat
// begins. Of a request that was declined nothing is told.

import { STATE } from "../chat/contactstate.js";

const BEGINNING = 0;

/** @typedef {Pick<import("./client.js").Client, "contacts" | "conversations" | "notices">} Known */

/** What the server says of my contacts now; where it does not answer, the next connect asks again. @param {Known} client */
export async function learnContacts(client) {
  await client.contacts.refresh().catch(() => {});
  noteJoined(client);
}

/** @param {Known} client */
export function noteJoined({ contacts, conversations, notices }) {
  for (const uid of new Set([...contacts.joined, ...contacts.accepted])) {
    const kind = contacts.joined.has(uid) ? "joined" : "accepted";
    const row = [...conversations.values()].find((one) => one.row.peer === uid)?.row;
    if (row?.state !== STATE.CONNECTED) continue; // not heard of yet, or blocked
    if (notices.of(row.conv).some((notice) => notice.kind === kind)) continue;
    void notices.add(row.conv, BEGINNING, kind, row.since);
  }
}
