// One blob on its way to the server: leave to upload (a grant), the parts that are not there yet, and the word that it
// is whole. All of it may be repeated.

import { b64, sha256 } from "../crypto/encoding.js";
import { free } from "../crypto/memory.js";
import { Lanes } from "../lanes.js";
import { PartError, PUT_MS, putPart, Speed } from "../network/parts.js";
import { AT_ONCE, putByNode, SignedUrls } from "../network/ways.js";
import { refusal } from "./codes.js";

/** @typedef {import("../protocol.js").Grant} Grant */
/** @typedef {import("../network/ways.js").Way} PartWay */
/**
 * @typedef {{id: string, name: string, size: number, done: number, whole: boolean, ms?: number, cuts?: number}} Uploaded
 *   `id` base64, `name` its hex; `ms` that a part may take by now; `cuts` tries in a row of which no part arrived
 */
/**
 * @typedef {{conv: string, sealed: Blob | undefined, signal: AbortSignal, arrived: (part: boolean) => void}} Way
 *   `part`: one more; else what was there already
 */

const LANES = 3; // parts in flight, of all files
const CUTS = new Set(["offline", "unreachable"]); // what a page hears of a line that broke
const CUTS_MAX = 2; // then parts are small: a line that breaks every 300 KB carries no others
const PUT_MAX_MS = 8 * PUT_MS; // a line that is slow must not begin the same part for ever
const ACCESS = { proof: true };

export class Uploader {
  #parts;
  #lanes = new Lanes(LANES);
  #oneLane = new Lanes(1);
  speed = new Speed();

  /** @param {Pick<import("./uploads.js").UploadsParts, "api" | "fetch" | "clock">} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * One try, which ends when it is whole. Throws what was in the way; code `lost` where its bytes are gone.
   * @param {Uploaded} blob
   * @param {Way} way
   */
  async upload(blob, way) {
    const grant = await this.#grant(blob, way.conv);
    const open = grant.state === "granted";
    blob.done = open ? bytesOf(grant) : blob.size;
    way.arrived(false);
    if (open) await this.#sendParts(blob, grant, way).catch((error) => this.#cut(blob, error));
    if (open) await this.#parts.api.post(`/api/blobs/${blob.name}/whole`, {}, ACCESS);
    blob.whole = true;
  }

  /**
   * Leave for a new upload. One that was begun in parts of another size goes on in those.
   * @param {Uploaded} blob
   * @param {string} conv
   * @returns {Promise<Grant>}
   */
  async #grant(blob, conv) {
    const { id, name, size } = blob;
    const wanted = { blob: id, conv, size, part: this.speed.part(size, (blob.cuts ?? 0) >= CUTS_MAX) };
    try {
      return await this.#parts.api.post("/api/blobs", wanted, ACCESS);
    } catch (error) {
      const { code } = /** @type {{code?: string}} */ (error);
      if (code === "unknown") throw refusal("not_connected"); // no such chat any more
      if (code !== "taken") throw error;
    }
    const grant = await this.#parts.api.get(`/api/blobs/${name}`, ACCESS);
    if (grant.size !== size || grant.conv !== conv) throw refusal("blob");
    return grant;
  }

  /**
   * Those that are not there yet. After one that failed no other is begun, but those under way may arrive. Each blob
   * asks for a lane as often as there are some, so a small file does not wait for all of a large one.
   * @param {Uploaded} blob
   * @param {Grant} grant
   * @param {Way} way
   */
  async #sendParts(blob, grant, way) {
    if (way.sealed?.size !== blob.size) throw refusal("lost");
    let failed = false;
    const numbers = missing(grant);
    const left = numbers.entries();
    const wayOf = this.#ways(blob, grant, way);
    const some = async () => {
      for (const [i, n] of left) {
        if (failed) return;
        await this.#lane(async () => {
          way.signal.throwIfAborted();
          if (!failed) await this.#sendPart(blob, grant, n, way, await wayOf(n, numbers.slice(i, i + AT_ONCE)));
        });
      }
    };
    const sending = Array.from({ length: LANES }, () =>
      some().catch((error) => {
        failed = true;
        throw error;
      }),
    );
    const outcomes = await Promise.allSettled(sending);
    const first = outcomes.find((outcome) => outcome.status === "rejected");
    if (first) throw first.reason;
  }

  /** @param {Uploaded} blob @param {any} error @returns {never} */
  #cut(blob, error) {
    if (CUTS.has(error.code) && !blob.done) blob.cuts = (blob.cuts ?? 0) + 1;
    throw error;
  }

  /** On a slow line one at a time: together they would all be late. @param {() => Promise<void>} work */
  #lane(work) {
    return this.#lanes.run(() => (this.speed.slow ? this.#oneLane.run(work) : work()));
  }

  /**
   * How each part goes: with the ticket, or past the site. A store that gets no more than it was told of takes nothing
   * that a cut connection tore.
   * @param {Uploaded} blob
   * @param {Grant} grant
   * @param {Way} way
   * @returns {(n: number, wanted: number[]) => Promise<PartWay>}
   */
  #ways({ name }, { mode, part, ticket }, { sealed }) {
    if (mode !== "direct") return async (n) => putByNode(name, n, ticket);
    const signed = new SignedUrls(this.#parts.clock, async (parts) => {
      const sums = [];
      for (const n of parts) sums.push(await sumOf(partOf(sealed, n, part)));
      const { urls } = await this.#parts.api.post(`/api/blobs/${name}/urls`, { parts, sums }, ACCESS);
      return urls;
    });
    return (n, wanted) => signed.of(n, wanted);
  }

  /** @param {Uploaded} blob @param {Grant} grant @param {number} n @param {Way} way @param {PartWay} partWay */
  async #sendPart(blob, { part }, n, { sealed, signal, arrived }, partWay) {
    const { clock } = this.#parts;
    const body = partOf(sealed, n, part); // the browser reads it: what a page reads to send stays in its memory
    const [begun, ms] = [clock.now(), blob.ms ?? PUT_MS];
    try {
      await putPart(this.#parts, { way: partWay, body, ms }, signal);
    } catch (error) {
      if (!signal.aborted && !(await isThere(body))) throw refusal("lost");
      if (!signal.aborted) this.speed.noteFailed(begun, clock.now());
      if (clock.now() - begun >= ms) blob.ms = Math.min(PUT_MAX_MS, 2 * ms);
      throw partWay.direct ? astray(error) : error;
    }
    this.speed.note(begun, clock.now(), body.size);
    blob.done += body.size;
    arrived(true);
  }
}

/** A store that takes a signed call not at all. @param {unknown} error */
function astray(error) {
  const refused = error instanceof PartError && (error.code === "denied" || error.code === "gone");
  return refused ? new PartError("unreachable", undefined, error) : error;
}

/** @param {Blob | undefined} sealed it is there: its size is right @param {number} n @param {number} part bytes */
function partOf(sealed, n, part) {
  return /** @type {Blob} */ (sealed).slice(n * part, (n + 1) * part);
}

/** Whether the browser still has it. @param {Blob} part */
async function isThere(part) {
  return part
    .slice(0, 1)
    .arrayBuffer()
    .then(Boolean, () => false);
}

/** @param {Blob} part */
async function sumOf(part) {
  const buffer = await part.arrayBuffer().catch(() => undefined);
  if (!buffer) throw refusal("lost");
  const bytes = new Uint8Array(buffer);
  const sum = b64(await sha256(bytes));
  free(bytes);
  return sum;
}

/** Bytes of the parts that are there. @param {Grant} grant */
function bytesOf({ present, part, size }) {
  return present.reduce((sum, [from, to]) => sum + Math.min(size, (to + 1) * part) - from * part, 0);
}

/** @param {Grant} grant @returns {number[]} */
function missing({ present, part, size }) {
  const there = (/** @type {number} */ n) => present.some(([from, to]) => from <= n && n <= to);
  return Array.from({ length: Math.ceil(size / part) }, (_, n) => n).filter((n) => !there(n));
}
