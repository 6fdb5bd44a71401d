// The summary of one conversation in the list of chats, and what else pages show above its messages.

import { STATE } from "../chat/contactstate.js";
import { deletes, emptied } from "../chat/deleted.js";

/**
 * @param {import("./client.js").Client} client
 * @param {import("./conversation.js").Conversation} conversation
 */
export function summaryOf(client, { row, newest: kept, unread, have, steps }) {
  const contact = client.contacts.of(row.peer);
  const presence = row.state === STATE.CONNECTED ? client.presence.of(row.peer) : undefined;
  const identity = client.deviceLists.kept(row.peer)?.reset ? "reset" : "same";
  const going = client.outbox.all().some(({ content, failed }) => !failed && deletes({ content, mine: true }, kept));
  const newest = kept && going ? emptied(kept, "deleted") : kept;
  const shown = {
    row,
    contact,
    newest,
    unread,
    have,
    steps,
    identity,
    presence,
    standing: client.verification.of(row.peer),
  };
  const { upto = 0 } = client.clearing.of(row.conv) ?? {};
  if (upto <= row.cleared) return shown;
  return { ...shown, row: { ...row, cleared: upto }, unread: upto < row.last_seq ? unread : 0 };
}
