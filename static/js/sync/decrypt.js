// One row of the log made readable: opened with every check of a receiver, and compared with what
// this browser knows of device lists and counters. What a page may show comes from here alone.

import { plainAttachment } from "../crypto/content.js";
import { lastRevocation, RESET } from "../crypto/devicelist.js";
import { b64, fromB64 } from "../crypto/encoding.js";
import { openMessage } from "../crypto/envelope.js";
import { side } from "../crypto/epochs.js";
import { endedByReset } from "../crypto/rotation.js";

/** @typedef {import("../protocol.js").MsgFrame} Row */
/** @typedef {import("../crypto/content.js").Content} Content */
/** @typedef {import("../crypto/epochs.js").OpenEpoch} OpenEpoch */
/** @typedef {import("../people/devicelists.js").DeviceLists} DeviceLists */

/**
 * @typedef {"missing" | "replayed" | "list_forged" | "old_epoch" | "odd_time"} Warning
 */

/**
 * @typedef {object} Message what a page shows of one row
 * @property {string} conv
 * @property {number} seq
 * @property {string} [mid]
 * @property {boolean} mine
 * @property {string} [device]
 * @property {number} [ctr] of that device
 * @property {string} [c] its commitment: what makes it the same message, wherever it stands
 * @property {number} time ms, the server's
 * @property {number} ord
 * @property {number} kind
 * @property {import("../chat/content.js").Content} [content]
 * @property {import("./relations.js").Relation[]} [relations] what others say of it; not kept with it
 * @property {"erased" | "expired" | "withheld" | "deleted" | "hidden"} [gone] `erased`: the server says so; `deleted`: who
 *   wrote it does; `hidden`: on this device
 * @property {string} [broken] why it cannot be shown
 * @property {Warning[]} warnings
 */

/**
 * @typedef {object} Opened
 * @property {Message} message
 * @property {{device: string, ctr: number, c: string | null, prev: string | null} | null} step for
 *   `follow`; null: a row that says nothing of its sender
 */

/**
 * @typedef {object} Desk
 * @property {string} me
 * @property {string} peer
 * @property {Map<number, import("../crypto/encoding.js").Bytes>} seeds
 * @property {(n: number) => Promise<OpenEpoch>} epoch
 * @property {DeviceLists} deviceLists
 */

const CLOCK_MS = 10 * 60 * 1000; // a sender's clock further off than this is shown
const UNREADABLE = "bad_row"; // the frame gave its place alone (serverframe.js)
const REVOKED_MS = 5 * 60 * 1000; // messages that crossed with the revocation are no alarm

/**
 * A throw means "not now" (the network, a list not there yet); what can never be opened comes back
 * as `broken`.
 * @param {Row} row
 * @param {Desk} desk
 * @returns {Promise<Opened>}
 */
export async function decrypt(row, desk) {
  const message = envelopeless(row, desk.me);
  const step = row.device ? { device: row.device, ctr: row.ctr ?? 0, c: null, prev: null } : null;
  if (row.gone) return { message, step: row.gone === "withheld" ? null : step };
  if (!step || !row.body || !row.salt) return { message: { ...message, broken: UNREADABLE }, step };
  try {
    const { content, header, open } = await openContent(row, desk);
    message.content = saidIn(content);
    message.warnings = await warnings(row, content, open, desk);
    message.c = b64(header.commitment);
    return { message, step: { ...step, c: message.c, prev: content.prev ? b64(content.prev) : null } };
  } catch (error) {
    const { code = "", name } = /** @type {{code?: string, name?: string}} */ (error);
    if (name !== "M1Error" && code !== "wrong_epoch") throw error;
    if (code === "unknown_link" && desk.deviceLists.kept(desk.peer)?.reset) throw error; // until it is accepted
    return { message: { ...message, broken: code }, step };
  }
}

/** @param {Row} row @param {string} me @returns {Message} */
function envelopeless(row, me) {
  /** @type {Message} */
  const message = {
    conv: row.conv,
    seq: row.seq,
    mine: row.sender === me,
    time: row.time ?? 0,
    ord: row.ord ?? 0,
    kind: row.kind ?? (row.gone ? 2 : 1), // what cannot be read is shown
    warnings: [],
  };
  if (row.client_id) message.mid = row.client_id;
  if (row.device) message.device = row.device;
  if (row.ctr !== undefined) message.ctr = row.ctr;
  if (row.gone) message.gone = row.gone;
  return message;
}

/** @param {Content} content @returns {import("../chat/content.js").Content} */
export function saidIn({ t, body, ref, att }) {
  const files = att && { att: att.map(plainAttachment) };
  return { t, ...(body !== undefined && { body }), ...(ref && { ref: b64(ref) }), ...files };
}

/**
 * With every check of a receiver, for a reader or for a report. Throws M1Error.
 * @param {Row} row
 * @param {Pick<Desk, "me" | "seeds" | "epoch">} desk
 */
export async function openContent(row, { me, seeds, epoch }) {
  const open = await epoch(row.epoch ?? 0);
  const my = fromB64(me, 16);
  const seed = seeds.get(side(open.epoch, my).g);
  const opened = await openMessage({
    body: fromB64(row.body),
    salt: fromB64(row.salt, 32),
    open,
    me: my,
    ...(seed && { seed }),
    frame: {
      sender: fromB64(row.sender, 16),
      device: fromB64(row.device, 16),
      client_id: fromB64(row.client_id, 16),
      ...(row.kind !== undefined && { kind: row.kind }),
      ...(row.ttl !== undefined && { ttl: row.ttl }),
      ...(row.epoch !== undefined && { epoch: row.epoch }),
    },
  });
  return { ...opened, open };
}

/**
 * @param {Row} row
 * @param {Content} content
 * @param {OpenEpoch} open
 * @param {Desk} desk
 * @returns {Promise<Warning[]>}
 */
async function warnings(row, content, open, { me, peer, deviceLists }) {
  /** @type {Warning[]} */
  const found = [];
  const mine = row.sender === me;
  const views = mine
    ? [
        [me, content.heads.me],
        [peer, content.heads.peer],
      ]
    : [
        [peer, content.heads.me],
        [me, content.heads.peer],
      ];
  const time = row.time ?? content.ts;
  for (const [uid, head] of /** @type {[string, import("../crypto/content.js").ListHead][]} */ (views)) {
    if (!(await agrees(uid, head, time, deviceLists))) found.push("list_forged");
  }
  if (await fromRevoked(open, time, me, peer, deviceLists)) found.push("old_epoch");
  if (Math.abs(content.ts - time) > CLOCK_MS) found.push("odd_time");
  return found;
}

/**
 * The sender saw the same list as I do, as far as both go: a ghost device, a stale list or a split
 * view shows with the first honest message.
 * @param {string} uid
 * @param {import("../crypto/content.js").ListHead} head
 * @param {number} time
 * @param {DeviceLists} deviceLists
 */
async function agrees(uid, head, time, deviceLists) {
  const [first] = (await deviceLists.of(uid)).links;
  if (first && first.flags & RESET && time < first.ms + REVOKED_MS) return true; // of a list that may be gone
  const { links, before, reset } = await deviceLists.reach(uid, head.k);
  if (!links.length) return true; // closed to us: nothing to compare with
  const chains = [...links, ...before, ...(reset ?? [])];
  return chains.some((link) => link.k === head.k && b64(link.hash) === b64(head.hash));
}

/**
 * Sealed under a record that a revocation had ended: by a device that was gone by then.
 * @param {OpenEpoch} open
 * @param {number} time
 * @param {string} me
 * @param {string} peer
 * @param {DeviceLists} deviceLists
 */
async function fromRevoked({ epoch }, time, me, peer, deviceLists) {
  for (const uid of [me, peer]) {
    const { links } = await deviceLists.of(uid);
    const revocation = lastRevocation(links);
    if (!revocation) continue;
    if (side(epoch, revocation.uid).k >= revocation.k && !endedByReset(epoch, links)) continue;
    if (time > revocation.ms + REVOKED_MS) return true;
  }
  return false;
}
