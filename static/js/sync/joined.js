// Who came by a link of mine is told once on each of my devices, by a line where their chat begins.

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
  for (const uid of contacts.joined) {
    const row = [...conversations.values()].find((one) => one.row.peer === uid)?.row;
    if (row?.state !== STATE.CONNECTED) continue; // not heard of yet, or blocked
    if (notices.of(row.conv).some(({ kind }) => kind === "joined")) continue;
    void notices.add(row.conv, BEGINNING, "joined", row.since);
  }
}
