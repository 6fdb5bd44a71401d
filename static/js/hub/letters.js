// One row of the log made readable: opened with every check of a receiver, and compared with what
// this browser knows of device lists and counters. What a page may show comes from here alone.

import { lastRevocation, RESET } from "../crypto/devicelist.js";
import { b64, fromB64 } from "../crypto/encoding.js";
import { openMessage } from "../crypto/envelope.js";
import { side } from "../crypto/epochs.js";
import { endedByReset } from "../crypto/rotation.js";

/** @typedef {import("../protocol.js").MsgFrame} Row */
/** @typedef {import("../crypto/content.js").Content} Content */
/** @typedef {import("../crypto/epochs.js").OpenEpoch} OpenEpoch */
/** @typedef {import("./directory.js").Directory} Directory */

/**
 * @typedef {"missing" | "replayed" | "list_forged" | "old_epoch" | "odd_time"} Warning
 */

/**
 * @typedef {object} Letter what a page shows of one row
 * @property {string} conv
 * @property {number} seq
 * @property {string} [mid]
 * @property {boolean} mine
 * @property {string} [device]
 * @property {number} time ms, the server's
 * @property {number} ord
 * @property {number} kind
 * @property {string} [t]
 * @property {string} [text]
 * @property {"erased" | "expired" | "withheld"} [gone]
 * @property {string} [broken] why it cannot be shown
 * @property {Warning[]} warnings
 */

/**
 * @typedef {object} Opened
 * @property {Letter} letter
 * @property {{device: string, ctr: number, c: string | null, prev: string | null} | null} step for
 *   `follow`; null: a row that says nothing of its sender
 */

/**
 * @typedef {object} Desk
 * @property {string} me
 * @property {string} peer
 * @property {Map<number, import("../crypto/encoding.js").Bytes>} seeds
 * @property {(n: number) => Promise<OpenEpoch>} epoch
 * @property {Directory} directory
 */

const CLOCK_MS = 10 * 60 * 1000; // a sender's clock further off than this is shown
const REVOKED_MS = 5 * 60 * 1000; // messages that crossed with the revocation are no alarm

/**
 * A throw means "not now" (the network, a list not there yet); what can never be opened comes back
 * as `broken`.
 * @param {Row} row
 * @param {Desk} desk
 * @returns {Promise<Opened>}
 */
export async function openLetter(row, desk) {
  const letter = envelopeless(row, desk.me);
  if (row.gone === "withheld" || !row.device) return { letter, step: null };
  const step = { device: row.device, ctr: row.ctr ?? 0, c: null, prev: null };
  if (row.gone || !row.body || !row.salt) return { letter, step };
  try {
    const { content, header, open } = await openContent(row, desk);
    letter.t = content.t;
    if (content.body !== undefined) letter.text = content.body;
    letter.warnings = await warnings(row, content, open, desk);
    return { letter, step: { ...step, c: b64(header.commitment), prev: content.prev ? b64(content.prev) : null } };
  } catch (error) {
    const { code = "", name } = /** @type {{code?: string, name?: string}} */ (error);
    if (name !== "M1Error" && code !== "wrong_epoch") throw error;
    if (code === "unknown_link" && desk.directory.kept(desk.peer)?.reset) throw error; // until it is accepted
    return { letter: { ...letter, broken: code }, step };
  }
}

/** @param {Row} row @param {string} me @returns {Letter} */
function envelopeless(row, me) {
  /** @type {Letter} */
  const letter = {
    conv: row.conv,
    seq: row.seq,
    mine: row.sender === me,
    time: row.time ?? 0,
    ord: row.ord ?? 0,
    kind: row.kind ?? 2,
    warnings: [],
  };
  if (row.client_id) letter.mid = row.client_id;
  if (row.device) letter.device = row.device;
  if (row.gone) letter.gone = row.gone;
  return letter;
}

/** @param {Row} row @param {Desk} desk */
async function openContent(row, { me, seeds, epoch }) {
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
async function warnings(row, content, open, { me, peer, directory }) {
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
  for (const [uid, head] of /** @type {[string, import("../crypto/content.js").Head][]} */ (views)) {
    if (!(await agrees(uid, head, time, directory))) found.push("list_forged");
  }
  if (await fromRevoked(open, time, me, peer, directory)) found.push("old_epoch");
  if (Math.abs(content.ts - time) > CLOCK_MS) found.push("odd_time");
  return found;
}

/**
 * The sender saw the same list as I do, as far as both go: a ghost device, a stale list or a split
 * view shows with the first honest message.
 * @param {string} uid
 * @param {import("../crypto/content.js").Head} head
 * @param {number} time
 * @param {Directory} directory
 */
async function agrees(uid, head, time, directory) {
  const [first] = (await directory.of(uid)).links;
  if (first && first.flags & RESET && time < first.ms + REVOKED_MS) return true; // of a list that may be gone
  const { links, before, reset } = await directory.reach(uid, head.k);
  if (!links.length) return true; // no longer ours to read: nothing to compare with
  const chains = [...links, ...before, ...(reset ?? [])];
  return chains.some((link) => link.k === head.k && b64(link.hash) === b64(head.hash));
}

/**
 * Sealed under a record that a revocation had ended: by a device that was gone by then.
 * @param {OpenEpoch} open
 * @param {number} time
 * @param {string} me
 * @param {string} peer
 * @param {Directory} directory
 */
async function fromRevoked({ epoch }, time, me, peer, directory) {
  for (const uid of [me, peer]) {
    const { links } = await directory.of(uid);
    const revocation = lastRevocation(links);
    if (!revocation) continue;
    if (side(epoch, revocation.uid).k >= revocation.k && !endedByReset(epoch, links)) continue;
    if (time > revocation.ms + REVOKED_MS) return true;
  }
  return false;
}
