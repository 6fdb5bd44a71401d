// The files of waiting messages on their way to the server, in the tab that leads; uploader.js brings one there. The
// server says what it has: nothing is remembered here, so after a reload, in another tab, on another network it goes on,
// unless the person has paused it, which the outbox keeps.
//
// Policy: `#judge` (what is waited out, what ends it), `#shown` (what pages see), `sweep` (what nobody will send).

import { remaining } from "../clock.js";
import { pause } from "../network/parts.js";
import { codeOf, refusal } from "./codes.js";
import { Uploader } from "./uploader.js";
import { blobsIn, doneOf, newJob, wake } from "./uploadjob.js";

/** @typedef {import("./queue.js").Entry} Entry */
/** @typedef {import("./uploader.js").Uploaded} Uploaded */
/** @typedef {import("./uploadjob.js").Job} Job */
/** @typedef {import("./uploadjob.js").State} State */

/**
 * @typedef {object} Upload what pages see of the files of one message
 * @property {string} id of the entry
 * @property {string} conv
 * @property {number} done bytes that the server has acknowledged; at most 95 % until all are whole
 * @property {number} total
 * @property {State} state
 * @property {string} [why] it waits, or failed
 * @property {number} [bytesPerSecond]
 */

/**
 * @typedef {object} UploadsParts
 * @property {Pick<import("../network/api.js").Api, "get" | "post" | "delete">} api
 * @property {typeof globalThis.fetch} fetch
 * @property {import("../clock.js").Clock} clock
 * @property {Promise<import("../storage/blobfiles.js").BlobFiles | undefined>} files
 * @property {() => Entry[]} entries all that wait or failed
 * @property {(id: string) => void} whole
 * @property {(id: string, code: string) => Promise<void>} failed
 * @property {(upload: Upload) => void} told
 */

const AGAIN_MS = 1000; // doubled with each try
const AGAIN_MAX_MS = 30_000;
const SHOWN_MAX = 0.95;
const REFUSALS_MAX = 3; // of one message whose files the server calls whole
const LEND_MS = 10_000; // for a page that has a file in memory to hear that this tab leads
const UNDO_MS = 60_000; // a deleted message may be written again
const ORPHAN_MS = 24 * 60 * 60 * 1000; // a page that composes may be as old
const DEFINITE = new Set(["file_too_large", "quota", "site_full", "not_connected", "lost", "blob"]);
const REFUSED = new Set([400, 413, 422]); // by a server that will say so again
const SOON = new Set(["denied", "whole", "gone", "unreachable"]);
const ACCESS = { proof: true };

export class Uploads {
  /** @type {UploadsParts} */ #parts;
  /** @type {Map<string, Job>} */ #jobs = new Map();
  /** @type {Map<string, Blob>} sealed by a page that had no room on the disk */ #lent = new Map();
  /** @type {Map<string, number>} */ #refusals = new Map();
  #uploader;

  /** @param {UploadsParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#uploader = new Uploader(parts);
  }

  /** @param {string} conv @returns {Upload[]} */
  of(conv) {
    return [...this.#jobs.values()].filter(({ entry }) => entry.conv === conv).map((job) => this.#shown(job));
  }

  /** @param {Entry} entry @param {boolean} [refused] the server says that its files are not whole */
  begin(entry, refused = false) {
    if (this.#jobs.has(entry.id)) return;
    const job = newJob(entry, this.#parts.clock.now());
    this.#jobs.set(entry.id, job);
    const refusals = (this.#refusals.get(entry.id) ?? 0) + Number(refused);
    this.#refusals.set(entry.id, refusals);
    if (refusals > REFUSALS_MAX) void this.#fail(job, "blob");
    else if (entry.paused !== undefined) this.#become(job, "paused");
    else void this.#run(job);
  }

  /** @param {string} id of an entry @returns {number | undefined} bytes at the server; undefined: nothing goes up */
  pause(id) {
    const job = this.#jobs.get(id);
    if (!job) return undefined;
    job.stopped.abort();
    if (job.state !== "paused") this.#become(job, "paused");
    return doneOf(job);
  }

  /** @param {string} id of an entry */
  resume(id) {
    const job = this.#jobs.get(id);
    if (job) wake(job);
    if (job?.state !== "paused") return;
    job.stopped = new AbortController();
    void this.#run(job);
  }

  /** The network may be back. */
  wake() {
    for (const job of this.#jobs.values()) wake(job);
  }

  /** This tab leads no longer. */
  stop() {
    for (const job of this.#jobs.values()) job.stopped.abort();
    this.#jobs.clear();
  }

  /** A page had no room for it. @param {string} name hex @param {Blob} sealed */
  lend(name, sealed) {
    this.#lent.set(name, sealed);
    this.wake();
  }

  /** @param {string} name hex */
  takeBack(name) {
    this.#lent.delete(name);
  }

  /** In the log: what was sealed here is a copy from now on. @param {Entry} entry */
  async sent(entry) {
    if (!entry.content.att) return;
    this.#end(entry);
    const files = await this.#parts.files;
    for (const { name } of blobsIn(entry)) {
      this.#lent.delete(name);
      await files?.settle(name);
    }
    await files?.trim(await files.limit());
  }

  /** @param {Entry} entry */
  discarded(entry) {
    if (!entry.content.att) return;
    this.#end(entry);
    for (const { name } of blobsIn(entry)) {
      void this.#parts.api.delete(`/api/blobs/${name}`, ACCESS).catch(() => {}); // else the server's sweep takes it
    }
    this.#parts.clock.after(UNDO_MS, async () => {
      const named = this.#named();
      for (const { name } of blobsIn(entry).filter((blob) => !named.has(blob.name))) {
        this.#lent.delete(name);
        await (await this.#parts.files)?.remove("out", name);
      }
    });
  }

  /** What a page sealed and never sent, or opened before it went. */
  async sweep() {
    const files = await this.#parts.files;
    const named = this.#named();
    for (const { name, modified } of (await files?.waiting()) ?? []) {
      if (!named.has(name) && this.#parts.clock.now() - modified > ORPHAN_MS) await files?.remove("out", name);
    }
    await files?.sweep();
  }

  #named() {
    const waiting = this.#parts.entries();
    return new Set(waiting.flatMap(blobsIn).map(({ name }) => name));
  }

  /** @param {Job} job */
  async #run(job) {
    this.#become(job, "sending");
    const { signal } = job.stopped;
    /** @type {unknown} */ let failed;
    await Promise.all(job.blobs.map((blob) => this.#blob(job, blob, signal))).catch((error) => {
      failed = error;
    });
    if (signal.aborted || this.#jobs.get(job.entry.id) !== job) return;
    if (failed) return this.#fail(job, codeOf(failed));
    this.#jobs.delete(job.entry.id);
    this.#parts.whole(job.entry.id);
  }

  /**
   * Until it is whole. Throws what is definite.
   * @param {Job} job
   * @param {Uploaded} blob
   * @param {AbortSignal} signal
   */
  async #blob(job, blob, signal) {
    while (!signal.aborted && !blob.whole) {
      try {
        const sealed = this.#lent.get(blob.name) ?? (await (await this.#parts.files)?.file("out", blob.name));
        const arrived = (/** @type {boolean} */ part) => this.#arrived(job, part);
        await this.#uploader.upload(blob, { conv: job.entry.conv, sealed, signal, arrived });
      } catch (error) {
        if (!signal.aborted) await this.#judge(job, error, signal);
      }
    }
    this.#told(job);
  }

  /** @param {Job} job @param {boolean} part a grant alone is no progress: its parts may be refused again */
  #arrived(job, part) {
    if (part) job.tries = 0;
    if (job.state === "waiting") this.#become(job, "sending");
    else this.#told(job);
  }

  /**
   * The network, the server or the store is away for now: wait, and ask again what is there.
   * @param {Job} job
   * @param {unknown} error
   * @param {AbortSignal} signal
   */
  async #judge(job, error, signal) {
    const code = codeOf(error);
    const { status, retryMs } = /** @type {{status?: number, retryMs?: number}} */ (error);
    const grace = code === "lost" ? remaining(this.#parts.clock, job.begun, LEND_MS) : 0;
    if (DEFINITE.has(code) && !grace) throw error;
    if (REFUSED.has(status ?? 0) || code === "refused") throw refusal("blob");
    // An older ticket, or parts that went: the grant says what is there.
    if ((SOON.has(code) || status === 409) && job.tries++ === 0) return;
    this.#become(job, "waiting", code);
    const ms = grace || (retryMs ?? Math.min(AGAIN_MAX_MS, AGAIN_MS * 2 ** Math.min(job.tries++, 8)));
    await pause(this.#parts.clock, ms, AbortSignal.any([signal, job.woken.signal]));
  }

  /** @param {Job} job @param {string} code */
  async #fail(job, code) {
    job.stopped.abort();
    this.#become(job, "failed", code);
    this.#jobs.delete(job.entry.id);
    this.#refusals.delete(job.entry.id);
    await this.#parts.failed(job.entry.id, code);
  }

  /** @param {Entry} entry */
  #end({ id }) {
    this.#jobs.get(id)?.stopped.abort();
    this.#jobs.delete(id);
    this.#refusals.delete(id);
  }

  /** @param {Job} job @param {State} state @param {string} [why] */
  #become(job, state, why) {
    job.state = state;
    if (why) job.why = why;
    else delete job.why;
    this.#told(job);
  }

  /** @param {Job} job */
  #told(job) {
    if (this.#jobs.get(job.entry.id) === job) this.#parts.told(this.#shown(job));
  }

  /** @param {Job} job @returns {Upload} */
  #shown(job) {
    const { entry, blobs, state, why } = job;
    const total = blobs.reduce((sum, { size }) => sum + size, 0);
    const done = doneOf(job);
    const { perSecond } = this.#uploader.speed;
    return {
      id: entry.id,
      conv: entry.conv,
      done: Math.floor(Math.min(done, SHOWN_MAX * total)),
      total,
      state: state === "sending" && done >= total ? "finishing" : state,
      ...(why && { why }),
      ...(perSecond !== undefined && state === "sending" && { bytesPerSecond: Math.round(perSecond) }),
    };
  }
}
