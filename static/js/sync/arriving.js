// After a connect, both logs are compared. Then what the server knows is learned, what is missing fetched, what
// waits sent, and what it was not told yet of this device's marks told.

import { learn } from "./applystate.js";
import { catchUp } from "./catchup.js";
import { dropRefused } from "./deleting.js";
import { evict, withFilesCleared } from "./evicting.js";
import { noteJoined } from "./joined.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */

const AGAIN_MS = 5000;

/**
 * @param {VectorRow[] | null} rows null: what is kept here is what the server has
 * @param {import("./client.js").Client} client
 * @param {object} parts
 * @param {() => Promise<boolean>} parts.follow until both logs agree; false: a newer connect does it
 * @param {(row: VectorRow) => import("./conversation.js").Conversation} parts.open a new one
 * @param {import("./historyrequests.js").HistoryRequests["ask"]} parts.ask
 * @param {() => void} parts.learned how far each conversation goes is known
 * @param {() => boolean} parts.holds the connection has not broken since
 */
export async function arrive(rows, client, { follow, open, ask, learned, holds }) {
  // Where the connection broke, the next one starts again by itself.
  const again = () => client.parts.clock.after(AGAIN_MS, () => holds() && client.live.again());
  try {
    if (!(await follow()) || !holds()) return;
  } catch {
    return again(); // nothing is sent before it is settled
  }
  const { conversations, outbox, receipts, presence, live } = client;
  const said = new Map((rows ?? []).map((row) => [row.conv, row]));
  const settled = () => void (holds() && live.isLive && outbox.opened());
  try {
    const { stores, files } = client.parts;
    const cleared = await withFilesCleared(stores, rows ?? [], conversations);
    const keepRest = rows ? await learn(rows, conversations, open, stores) : async () => {};
    learned();
    await evict(files, cleared);
    noteJoined(client);
    presence.opened();
    await catchUp([...conversations.values()], outbox.all(), ask, settled, keepRest, holds);
  } catch {
    again(); // nobody else would fetch what is missing
  }
  if (!holds()) return;
  settled();
  void dropRefused(client).catch(() => {}); // the next connect does it
  for (const { row } of conversations.values()) receipts.known(said.get(row.conv) ?? row, row);
}
