// The message envelope (docs/encryption.md 4.8, 4.9): seal, and open with every check of a
// receiver. Policy is in `openMessage`: nothing may be shown before it returns.

import { encodeContent, parseContent } from "./content.js";
import {
  cat,
  concat,
  equal,
  newId,
  parse,
  random,
  readInteger,
  require,
  sha256,
  u8,
  u32,
  u64,
  ZERO32,
} from "./encoding.js";
import { side } from "./epochrecord.js";
import { SUITE } from "./keys.js";
import { aeadOpen, aeadSeal, hkdf, hmac } from "./symmetric.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {import("./content.js").Content} Content */
/** @typedef {import("./epochs.js").OpenEpoch} OpenEpoch */
/**
 * @typedef {object} Header
 * @property {Bytes} conn
 * @property {number} n
 * @property {Bytes} epochHash
 * @property {Bytes} sender
 * @property {Bytes} device
 * @property {number} ctr
 * @property {Bytes} mid the client_id of the store
 * @property {number} kind
 * @property {number} ttl seconds, 0 = kept
 * @property {Bytes} commitment C
 */
/** @typedef {{bytes: Bytes, header: Header, ct: Bytes, sm: Bytes}} Envelope */
/**
 * Fields of the frame that repeat the header.
 * @typedef {{sender?: Bytes, device?: Bytes, client_id?: Bytes, kind?: number, ttl?: number,
 *   epoch?: number}} Frame
 */

export const NOTIFY = 1;
export const SILENT = 2;
const VERSION = 1;
const BUCKETS = [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];
const OVERHEAD = 4 + 32; // length of M, and kf
const TAG_BYTES = 16;
const HEADER_BYTES = 205;
const ENVELOPE_WIDTHS = /** @type {const} */ ([HEADER_BYTES, null, 32]);
const HEADER_WIDTHS = /** @type {const} */ ([1, 1, 16, 4, 32, 16, 16, 8, 16, 1, 4, 32]);

/**
 * Called under the Web Lock that guards `ctr`, when the message is first transmitted; a retry sends
 * the identical bytes. Salt and kf are fresh per message, so there is no nonce counter to lose.
 * @param {object} message
 * @param {OpenEpoch} message.open
 * @param {Bytes} message.sender my uid
 * @param {Bytes} message.device
 * @param {number} message.ctr
 * @param {Bytes} [message.mid]
 * @param {number} [message.kind]
 * @param {number} [message.ttl]
 * @param {Content} message.content
 * @param {Bytes} message.seed user-key seed of my g as the epoch names it
 * @returns {Promise<{mid: Bytes, body: Bytes, salt: Bytes, commitment: Bytes, header: Header}>}
 */
export async function sealMessage(message) {
  const { open, sender, device, ctr, content, seed, mid = newId(), ttl = 0 } = message;
  const { kind = kindOf(content) } = message;
  require((content.prev === undefined) === (ctr === 1), "bad_content", "prev goes with ctr > 1");
  const fields = {
    conn: open.epoch.conn,
    n: open.epoch.n,
    epochHash: open.epoch.hash,
    sender,
    device,
    ctr,
    mid,
    kind,
    ttl,
  };
  const sealed = await sealBytes(open.secret, fields, encodeContent(content), seed);
  return { mid, ...sealed };
}

/** Only what counts as unread notifies. @param {Content} content */
function kindOf({ t }) {
  return t === "text" ? NOTIFY : SILENT;
}

/**
 * @param {Bytes} secret ES_n
 * @param {Omit<Header, "commitment">} fields
 * @param {Bytes} m
 * @param {Bytes} seed
 * @param {{kf: Bytes, salt: Bytes}} [fixed] by test vectors
 */
export async function sealBytes(secret, fields, m, seed, fixed) {
  const { kf, salt } = fixed ?? { kf: random(32), salt: random(32) };
  const commitment = await commit(kf, fields.conn, fields.sender, fields.mid, m);
  const header = { ...fields, commitment };
  const hdr = encodeHeader(header);
  const { key, nonce } = await messageKey(secret, fields.sender, salt, hdr);
  const ct = await aeadSeal(key, nonce, padded(kf, m), hdr);
  const body = cat("m1:env", hdr, ct, await selfMac(seed, hdr, ct));
  return { body, salt, commitment, header };
}

/** @param {Bytes} kf @param {Bytes} m @returns {Bytes} P */
export function padded(kf, m) {
  return concat(u32(m.length), kf, m, new Uint8Array(bucket(m.length) - m.length - OVERHEAD));
}

/** @param {number} length of M @returns {number} of the padded plaintext */
export function bucket(length) {
  const size = BUCKETS.find((candidate) => candidate >= length + OVERHEAD);
  require(size, "too_long", "longer text is an attachment");
  return size;
}

/** @param {Bytes} bytes @returns {Envelope & {hdr: Bytes}} */
export function parseEnvelope(bytes) {
  const [hdr, ct, sm] = parse(bytes, "m1:env", ENVELOPE_WIDTHS, "bad_envelope");
  require(BUCKETS.includes(ct.length - TAG_BYTES), "bad_envelope", "fills no bucket");
  return { bytes, hdr, header: parseHeader(hdr), ct, sm };
}

/** @param {Bytes} hdr @returns {Header} */
function parseHeader(hdr) {
  const [ver, suite, conn, n, epochHash, sender, device, ctr, mid, kind, ttl, commitment] = parse(
    hdr,
    "m1:hdr",
    HEADER_WIDTHS,
    "bad_envelope",
  );
  require(readInteger(ver) === VERSION, "update_app", "version of the envelope");
  require(readInteger(suite) === SUITE, "bad_envelope", "unknown suite");
  const header = {
    conn,
    n: readInteger(n),
    epochHash,
    sender,
    device,
    ctr: readInteger(ctr),
    mid,
    kind: readInteger(kind),
    ttl: readInteger(ttl),
    commitment,
  };
  require(header.ctr >= 1, "bad_envelope", "ctr counts from 1");
  require([NOTIFY, SILENT].includes(header.kind), "bad_envelope", "unknown kind");
  return header;
}

/**
 * @typedef {object} Received
 * @property {Bytes} body
 * @property {Bytes} salt
 * @property {OpenEpoch} open the epoch that the header names
 * @property {Bytes} me
 * @property {Bytes | undefined} [seed] my user-key seed of the epoch's g: needed for messages of mine
 * @property {Frame} [frame] must repeat the header
 */

/** @param {Received} received @returns {Promise<{header: Header, content: Content, m: Bytes, kf: Bytes}>} */
export async function openMessage(received) {
  const { header, m, kf } = await openSealed(received);
  const content = parseContent(m, header.ctr);
  require(header.kind === kindOf(content), "wrong_kind", "the server would count it as something else");
  return { header, content, m, kf };
}

/**
 * Every check but those of M itself.
 * @param {Received} received
 * @returns {Promise<{header: Header, m: Bytes, kf: Bytes}>}
 */
export async function openSealed({ body, salt, open, me, seed, frame = {} }) {
  const { header, hdr, ct, sm } = parseEnvelope(body);
  checkPlace(header, open);
  checkFrame(header, frame);
  const { m, kf } = await openBytes(open.secret, header.sender, salt, hdr, ct);
  const commitment = await commit(kf, header.conn, header.sender, header.mid, m);
  require(equal(commitment, header.commitment), "bad_commitment");
  if (equal(header.sender, me)) {
    require(seed, "not_mine", "the user key of that generation is missing");
    require(equal(await selfMac(seed, hdr, ct), sm), "not_mine", "planted as a message of mine");
  }
  return { header, m, kf };
}

/** @param {Header} header @param {OpenEpoch} open */
function checkPlace(header, { epoch }) {
  require(equal(header.conn, epoch.conn), "wrong_epoch", "another connection");
  require(header.n === epoch.n && equal(header.epochHash, epoch.hash), "wrong_epoch");
  side(epoch, header.sender);
}

/** @param {Header} header @param {Frame} frame */
function checkFrame(header, { sender, device, client_id, kind, ttl, epoch }) {
  require(!sender || equal(sender, header.sender), "wrong_frame", "sender");
  require(!device || equal(device, header.device), "wrong_frame", "device");
  require(!client_id || equal(client_id, header.mid), "wrong_frame", "client_id");
  require(kind === undefined || kind === header.kind, "wrong_frame", "kind");
  require(ttl === undefined || ttl === header.ttl, "wrong_frame", "ttl");
  require(epoch === undefined || epoch === header.n, "wrong_frame", "epoch");
}

/**
 * @param {Bytes} secret
 * @param {Bytes} sender
 * @param {Bytes} salt
 * @param {Bytes} hdr
 * @param {Bytes} ct
 * @returns {Promise<{m: Bytes, kf: Bytes}>}
 */
async function openBytes(secret, sender, salt, hdr, ct) {
  require(salt.length === 32, "bad_envelope", "width of the salt");
  const { key, nonce } = await messageKey(secret, sender, salt, hdr);
  const plain = await aeadOpen(key, nonce, ct, hdr);
  const end = OVERHEAD + readInteger(plain.slice(0, 4));
  require(end <= plain.length && !plain.subarray(end).some(Boolean), "bad_padding");
  return { kf: plain.slice(4, OVERHEAD), m: plain.slice(OVERHEAD, end) };
}

/** @param {Header} header @returns {Bytes} */
export function encodeHeader(header) {
  const { conn, n, epochHash, sender, device, ctr, mid, kind, ttl, commitment } = header;
  return cat(
    "m1:hdr",
    u8(VERSION),
    u8(SUITE),
    conn,
    u32(n),
    epochHash,
    sender,
    device,
    u64(ctr),
    mid,
    u8(kind),
    u32(ttl),
    commitment,
  );
}

/** @param {Bytes} kf @param {Bytes} conn @param {Bytes} sender @param {Bytes} mid @param {Bytes} m */
export function commit(kf, conn, sender, mid, m) {
  return hmac(kf, cat("m1:frank", conn, sender, mid, m));
}

/** @param {Bytes} secret @param {Bytes} sender @param {Bytes} salt @param {Bytes} hdr */
async function messageKey(secret, sender, salt, hdr) {
  const direction = await directionKey(secret, sender);
  const both = await hkdf(salt, direction, cat("m1:msg", await sha256(hdr)), 44);
  return { key: both.slice(0, 32), nonce: both.slice(32) };
}

/**
 * A key per direction, so the server cannot reflect A's message as B's.
 * @param {Bytes} secret @param {Bytes} sender @returns {Promise<Bytes>}
 */
export function directionKey(secret, sender) {
  return hkdf(ZERO32, secret, cat("m1:dir", sender), 32);
}

/** @param {Bytes} seed @param {Bytes} hdr @param {Bytes} ct only my own devices can check it */
async function selfMac(seed, hdr, ct) {
  const key = await hkdf(ZERO32, seed, cat("m1:self"), 32);
  return hmac(key, cat("m1:self", await sha256(hdr), await sha256(ct)));
}
