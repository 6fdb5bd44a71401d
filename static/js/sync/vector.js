// The state vector: one row a conversation, and the hash by which client and server see in one
// comparison that they agree on all of them (docs/protocol.md).

import { STATE } from "../chat/contactstate.js";
import { withGaps } from "../chat/ticks.js";
import { b64, cat, compare, concat, fromB64, sha256, u8, u64 } from "../crypto/encoding.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("../protocol.js").ReceiptFrame} Receipt */
/** @typedef {import("../protocol.js").MsgFrame} Msg */

const NUMBERS = /** @type {const} */ ([
  "since",
  "last_seq",
  "my_ord",
  "peer_ord",
  "my_read",
  "my_read_ord",
  "my_got",
  "peer_read",
  "peer_got",
  "cleared",
]);

const RISING = NUMBERS.filter((name) => name !== "since");

/** @param {Iterable<VectorRow>} rows @returns {Promise<string>} base64 */
export async function vecHash(rows) {
  const known = [...rows].filter(({ state }) => state !== STATE.FORGOTTEN);
  const keyed = known.map((row) => ({ row, conv: fromB64(row.conv, 16) }));
  keyed.sort((a, b) => compare(a.conv, b.conv));
  const bytes = keyed.map(({ row, conv }) => concat(conv, u8(row.state), ...NUMBERS.map((name) => u64(row[name]))));
  return b64(await sha256(cat("m1:vec", concat(...bytes))));
}

/**
 * The row of a conversation in which nobody has written.
 * @param {Pick<VectorRow, "conv" | "peer" | "state" | "since">} relation
 * @returns {VectorRow}
 */
export function unwritten(relation) {
  const mine = { last_seq: 0, my_ord: 0, peer_ord: 0, my_read: 0, my_read_ord: 0, my_got: 0 };
  return { ...relation, ...mine, peer_read: 0, peer_got: 0, cleared: 0 };
}

/**
 * The server's row beside mine. Every register rises only: what I know and it does not (yet, or any
 * more, after a break) stays, and is told again.
 * @param {VectorRow} mine
 * @param {VectorRow} theirs
 * @returns {VectorRow}
 */
export function afterState(mine, theirs) {
  const row = { ...theirs, ...withGaps(mine.gaps, theirs.gaps) };
  for (const name of RISING) row[name] = Math.max(mine[name], theirs[name]);
  return row;
}

/**
 * @param {VectorRow} row
 * @param {number} [cleared] ord of the newest message that the person cleared, read or not
 * @returns {number} messages of the peer that were never shown
 */
export function unread(row, cleared = 0) {
  return Math.max(0, row.peer_ord - Math.max(row.my_read_ord, cleared));
}

/**
 * What a message changes. The same twice changes nothing twice; one that was withheld from me, nothing.
 * @param {VectorRow} row
 * @param {Msg} msg
 * @param {boolean} mine
 * @returns {VectorRow}
 */
export function afterMessage(row, msg, mine) {
  if (msg.seq <= row.last_seq || msg.gone === "withheld") return row;
  const ord = msg.ord ?? 0;
  return {
    ...row,
    last_seq: msg.seq,
    my_ord: mine ? Math.max(row.my_ord, ord) : row.my_ord,
    peer_ord: mine ? row.peer_ord : Math.max(row.peer_ord, ord),
    times: { ...row.times, ...(msg.time !== undefined && { last: msg.time }) },
  };
}

/**
 * Watermarks only rise.
 * @param {VectorRow} row
 * @param {Pick<Receipt, "got" | "read" | "read_ord" | "got_time" | "read_time" | "gaps">} receipt
 * @param {boolean} mine by one of my own devices
 * @returns {VectorRow}
 */
export function afterReceipt(row, receipt, mine) {
  const got = Math.max(receipt.got ?? 0, receipt.read ?? 0);
  const read = receipt.read ?? 0;
  if (mine) {
    return {
      ...row,
      my_got: Math.max(row.my_got, got),
      my_read: Math.max(row.my_read, read),
      my_read_ord: Math.max(row.my_read_ord, receipt.read_ord ?? 0),
    };
  }
  return {
    ...row,
    peer_got: Math.max(row.peer_got, got),
    peer_read: Math.max(row.peer_read, read),
    ...withGaps(row.gaps, receipt.gaps),
    times: {
      ...row.times,
      ...(receipt.got_time !== undefined && { got: receipt.got_time }),
      ...(receipt.read_time !== undefined && { read: receipt.read_time }),
    },
  };
}
