// Reports (docs/encryption.md 4.10). This browser keeps neither kf nor R of a message: its rows are asked
// for and opened once more, and what is shown of them is what is sealed.

import { b64, fromB64, sha256 } from "../crypto/encoding.js";
import { parseEnvelope } from "../crypto/envelope.js";
import { BEFORE_MAX, readModerationKey, sealReport } from "../crypto/report.js";
import { PAGE_MAX } from "../protocol.js";
import { openContent, saidIn } from "./decrypt.js";

/** @typedef {import("./client.js").Client} Client */
/** @typedef {import("../protocol.js").MsgFrame} Row */
/** @typedef {import("../chat/content.js").Content} Content */
/** @typedef {{seq: number, mine: boolean, time: number, content: Content, c: string}} Shown c: commits to its words */
/** @typedef {{shown: Shown, mid: string, item: import("../crypto/report.js").Item}} Witnessed */
/**
 * @typedef {object} Wanted
 * @property {string} id of the report, base64: a repeat is the same report
 * @property {string} peer
 * @property {string} [conv] without it the report has no messages
 * @property {number} reason
 * @property {string} note
 * @property {Shown[]} messages as somebody saw them
 * @property {number} chosen seq of the one that it is about
 * @property {string} identity of those who read it, as somebody was told
 */

const META = "moderation";
const PATIENCE_MS = 120_000; // up to 1.4 MB on a slow phone network
const READ_MAX = BEFORE_MAX + 1; // pages of a look: the longest rows come one by one
const OLD_KEY = "moderation_key";

/**
 * Who reads reports here: the same as before, or somebody else. Throws an ApiError `no_reports` where nobody does.
 * @param {Pick<import("./clientparts.js").ClientParts, "api" | "stores">} parts
 * @returns {Promise<{identity: string, changed: boolean}>}
 */
export async function readerOfReports({ api, stores }) {
  const { identity } = await sealingKey(api);
  const pinned = await stores.get("meta", META);
  return { identity, changed: pinned !== undefined && pinned !== identity };
}

/**
 * The message and some before it, as far as they can be proved: what was deleted or has expired cannot. Reactions and
 * deletions are no messages, and reveal nothing that is asked for.
 * @param {Client} client
 * @param {string} conv
 * @param {number} seq
 * @param {number} before
 * @returns {Promise<Shown[]>} oldest first
 */
export async function reportable(client, conv, seq, before) {
  const there = (await witnessed(client, conv, seq - before, seq)).map(({ shown }) => shown);
  return there.filter(({ content }) => content.t === "text");
}

/**
 * Pins who reads reports once one was taken. Throws what the server refuses, `reader_changed` where it is read by
 * others than the person was told, and `words_changed` where a message is not there any more as it was shown.
 * @param {Client} client
 * @param {Wanted} wanted
 */
export async function sendReport(client, wanted) {
  const { stores } = client.parts;
  const { reporter, peer } = { reporter: fromB64(client.me, 16), peer: fromB64(wanted.peer, 16) };
  const found = await chosenRows(client, wanted);
  const report = { reporter, peer, note: wanted.note, items: found.map(({ item }) => item) };
  const named = {
    mids: found.filter(({ item }) => item.chosen).map(({ mid }) => mid),
    before: found.filter(({ item, shown }) => !item.chosen && shown.content.att).map(({ mid }) => mid),
  };
  try {
    await post(client, wanted, report, named);
  } catch (error) {
    if (/** @type {{code?: string}} */ (error).code !== OLD_KEY) throw error;
    await post(client, wanted, report, named); // it was renewed at this moment
  }
  await stores.write([{ store: "meta", key: META, value: wanted.identity }]);
}

/**
 * @param {Client} client
 * @param {Wanted} wanted
 * @param {import("../crypto/report.js").Report} report
 * @param {{mids: string[], before: string[]}} named messages whose files the server keeps
 */
async function post(client, wanted, report, named) {
  const { api, clock } = client.parts;
  const { identity, key } = await sealingKey(api);
  if (identity !== wanted.identity) throw Object.assign(new Error("reader"), { code: "reader_changed" });
  const sealed = await sealReport(key, fromB64(wanted.id, 16), report, clock.now());
  const { id, peer, reason } = wanted;
  const body = { report: id, peer, reason, kid: key.kid, ...named, sealed: b64(sealed) };
  await api.post("/api/reports", body, { proof: true, timeoutMs: PATIENCE_MS });
}

/** @param {import("../network/api.js").Api} api */
async function sealingKey(api) {
  const { identity, record, signature } = await api.get("/api/moderation-key", { proof: true });
  const key = await readModerationKey(fromB64(identity, 32), fromB64(record), fromB64(signature, 64));
  return { identity: /** @type {string} */ (identity), key };
}

/** What was shown, and just that. @param {Client} client @param {Wanted} wanted @returns {Promise<Witnessed[]>} */
async function chosenRows(client, { conv, messages, chosen }) {
  const [first, last] = [messages.at(0), messages.at(-1)];
  if (!conv || !first || !last) return [];
  const there = await witnessed(client, conv, first.seq, last.seq);
  return messages.map(({ seq, c }) => {
    const found = there.find(({ shown }) => shown.seq === seq && shown.c === c);
    if (!found) throw Object.assign(new Error("words"), { code: "words_changed" });
    return { ...found, item: { ...found.item, chosen: seq === chosen } };
  });
}

/**
 * The rows of the server from `first` to `last` that open, oldest first.
 * @param {Client} client
 * @param {string} conv
 * @param {number} first
 * @param {number} last
 * @returns {Promise<Witnessed[]>}
 */
async function witnessed(client, conv, first, last) {
  const conversation = client.conversations.get(conv);
  if (!conversation) return [];
  const { row } = conversation;
  const from = Math.max(1, row.cleared + 1, first);
  const desk = {
    me: client.me,
    seeds: client.parts.account.seeds,
    epoch: (/** @type {number} */ n) => client.epochs.open(conv, row.peer, n),
  };
  const rows = await rowsOf(client, conv, from, last);
  const opened = await Promise.all(rows.map((one) => witness(one, desk)));
  return opened.filter((one) => one !== null);
}

/** @param {Client} client @param {string} conv @param {number} from @param {number} last @returns {Promise<Row[]>} */
async function rowsOf(client, conv, from, last) {
  /** @type {Row[]} */
  const rows = [];
  for (let page = 0, before = last + 1; page < READ_MAX && before > from; page++) {
    const answer = await client.ask({ conv, before, limit: Math.min(PAGE_MAX, before - from) });
    if (!answer.rows.length) break;
    rows.push(...answer.rows);
    before = Math.min(...rows.map(({ seq }) => seq));
  }
  return rows.filter(({ seq }) => seq >= from && seq <= last).sort((a, b) => a.seq - b.seq);
}

/**
 * Null where nothing is left to prove, or what is there does not open.
 * @param {Row} row
 * @param {Pick<import("./decrypt.js").Desk, "me" | "seeds" | "epoch">} desk
 * @returns {Promise<Witnessed | null>}
 */
async function witness(row, desk) {
  const { seq, time = 0, body, kid, r, client_id: mid } = row;
  if (row.gone || !body || !row.salt || !kid || !r || !mid) return null;
  try {
    const { content, header, m, kf } = await openContent(row, desk);
    const { hdr, ct } = parseEnvelope(fromB64(body));
    const shown = { seq, mine: row.sender === desk.me, time, content: saidIn(content), c: b64(header.commitment) };
    const item = { hdr, m, kf, kid, r: fromB64(r, 32), time, ctHash: await sha256(ct), seq, chosen: false };
    return { shown, mid, item };
  } catch (error) {
    const { code, name } = /** @type {{code?: string, name?: string}} */ (error);
    if (name === "M1Error" || code === "wrong_epoch") return null; // as in decrypt.js
    throw error;
  }
}
