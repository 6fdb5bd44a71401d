// The HTTP interface of the site (docs/encryption.md 4.18): JSON both ways, CSRF header, device
// proof where asked for, and every failure as one ApiError that says what to do.
//
// Knows no storage: who signs is given with signWith(). Runs in Node for tests.

import { b64, fromB64 } from "../crypto/encoding.js";
import { httpProof } from "../crypto/proofs.js";
import { gettext } from "../text.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {{uid: Bytes, device: Bytes, dsk: CryptoKey}} Signer */
/**
 * @typedef {object} Options
 * @property {boolean} [proof] prove this device, with the signer given to signWith()
 * @property {Signer} [signer] prove this device instead: one that is being enrolled
 * @property {Bytes} [grant] the enrolment grant of a complete sign-in
 * @property {boolean} [again] may be asked twice, as a GET may: a question with a body
 * @property {number} [timeoutMs]
 * @property {AbortSignal} [signal] an abort by the caller passes through as AbortError
 */

const TIMEOUT_MS = 20_000; // a slow phone network answers in half of that
// Connections that a router has forgotten swallow what they are given, and a browser keeps up to six
// of them for use again. What may be asked twice is asked again: an aborted connection is closed.
const PATIENCE_MS = [4000, 6000];
const GATEWAY = new Set([502, 503, 504]); // by a proxy that reaches no server
const NONCE_BYTES = 40;
const GRANT_HEADER = "X-Enrolment";
const PROOF_HEADER = "X-Device-Proof";
const NONCE_HEADER = "X-Device-Nonce"; // of an answer, for the next signed request
const NONCE_MS = 100_000; // of the two minutes that a nonce is good for
const NONCES_MAX = 8; // a page signs less at once
const EMPTY = new Uint8Array();
/** @type {RequestInit} */
const INIT = { cache: "no-store", credentials: "same-origin", redirect: "error" };

/**
 * A refusal or a failure. `code` is for programs: the server's own, or `offline`, `timeout`,
 * `unreadable`, `no_device`. `body` is the whole answer, which on 409 holds the winner.
 */
export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} message words for people
   * @param {{status?: number, retryMs?: number | undefined, body?: unknown, cause?: unknown}} [more]
   */
  constructor(code, message, { status = 0, retryMs, body, cause } = {}) {
    super(message, { cause });
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.retryMs = retryMs;
    this.body = body;
  }
}

export class Api {
  #fetch;
  #host;
  #csrf;
  /** @type {() => Promise<Signer | null>} */
  #signer = async () => null;
  #patience;
  #now;
  /** @type {{nonce: string, until: number}[]} unused, newest last */ #nonces = [];

  /**
   * @param {{fetch?: typeof globalThis.fetch, host?: string, csrf?: () => string, patience?: number[],
   *   now?: () => number}} [seams]
   *   the browser's own unless a test brings others; ms that the first tries of a GET may take
   */
  constructor(seams = {}) {
    const { fetch = browserFetch, host = globalThis.location?.host, csrf = cookieToken, now = Date.now } = seams;
    this.#fetch = fetch;
    this.#now = now;
    this.#host = host ?? "";
    this.#csrf = csrf;
    this.#patience = seams.patience ?? PATIENCE_MS;
  }

  /** From now on this proves the device. @param {() => Promise<Signer | null>} signer */
  signWith(signer) {
    this.#signer = signer;
  }

  /** Nonces at hand, so that nobody asks for them. @param {string[]} nonces @param {number} until */
  stock(nonces, until) {
    this.#nonces = [...this.#nonces, ...nonces.map((nonce) => ({ nonce, until }))].slice(-NONCES_MAX);
  }

  /** @param {string} path @param {Options} [options] @returns {Promise<any>} */
  get(path, options) {
    return this.#askAgain("GET", path, undefined, options);
  }

  /** @param {string} path @param {unknown} [body] @param {Options} [options] @returns {Promise<any>} */
  post(path, body = {}, options) {
    return options?.again ? this.#askAgain("POST", path, body, options) : this.#ask("POST", path, body, options);
  }

  /** @param {string} path @param {unknown} [body] @param {Options} [options] @returns {Promise<any>} */
  put(path, body = {}, options) {
    return this.#ask("PUT", path, body, options);
  }

  /** @param {string} path @param {Options} [options] @returns {Promise<any>} */
  delete(path, options) {
    return this.#ask("DELETE", path, undefined, options);
  }

  /** @param {string} method @param {string} path @param {unknown} body @param {Options} [options] */
  async #askAgain(method, path, body, options = {}) {
    for (const timeoutMs of options.timeoutMs ? [] : this.#patience) {
      try {
        return await this.#ask(method, path, body, { ...options, timeoutMs });
      } catch (error) {
        if (!(error instanceof ApiError && error.code === "timeout")) throw error;
      }
    }
    return await this.#ask(method, path, body, options);
  }

  /**
   * @param {string} method
   * @param {string} path with its query, as sent
   * @param {unknown} body
   * @param {Options} [options]
   */
  async #ask(method, path, body, options = {}) {
    const stocked = this.#nonces.length > 0;
    try {
      return await this.#askOnce(method, path, body, options);
    } catch (error) {
      // A nonce belongs to one session, and by now the session may be another one.
      if (!stocked || /** @type {{code?: string}} */ (error).code !== "proof") throw error;
      this.#nonces = [];
      return await this.#askOnce(method, path, body, options);
    }
  }

  /** @param {string} method @param {string} path @param {unknown} body @param {Options} options */
  async #askOnce(method, path, body, options) {
    const bytes = new TextEncoder().encode(body === undefined ? "" : JSON.stringify(body));
    const headers = await this.#headers(method, path, bytes, options);
    const { signal, timeoutMs = TIMEOUT_MS } = options;
    const limit = AbortSignal.timeout(timeoutMs);
    /** @type {RequestInit} */
    const init = {
      ...INIT,
      method,
      headers,
      body: body === undefined ? null : bytes,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    };
    return await this.#answer(path, init, signal);
  }

  /**
   * A file that the server makes while it sends it. It may take its time, and is asked for once.
   * @param {string} path
   * @param {(bytes: number) => void} come so many so far
   * @returns {Promise<Blob>}
   */
  async download(path, come) {
    const headers = await this.#headers("POST", path, EMPTY, { proof: true });
    try {
      const response = await this.#fetch(path, { ...INIT, method: "POST", headers, body: null });
      this.#keepNonce(response);
      if (!response.ok || !response.body) throw refusal(response.status, parsed(await response.text()));
      return await whole(response.body, come);
    } catch (error) {
      throw error instanceof ApiError ? error : unreached(error);
    }
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   * @param {AbortSignal | undefined} callers
   */
  async #answer(path, init, callers) {
    let response;
    let text;
    try {
      response = await this.#fetch(path, init);
      text = await response.text();
    } catch (error) {
      if (callers?.aborted) throw error;
      throw unreached(error);
    }
    this.#keepNonce(response);
    const value = parsed(text);
    if (response.ok && value !== undefined) return value;
    throw refusal(response.status, value);
  }

  /** @param {Response} response */
  #keepNonce(response) {
    const nonce = response.headers.get(NONCE_HEADER);
    if (nonce) this.stock([nonce], this.#now() + NONCE_MS);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Bytes} body
   * @param {Options} options
   */
  async #headers(method, path, body, { proof = false, signer, grant }) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (method !== "GET") headers["X-CSRFToken"] = this.#csrf();
    if (body.length) headers["Content-Type"] = "application/json";
    if (grant) headers[GRANT_HEADER] = b64(grant);
    if (proof || signer) {
      const by = signer ?? (await this.#signer());
      if (!by) throw new ApiError("no_device", gettext("This browser is not signed in. Sign in again."));
      headers[PROOF_HEADER] = await this.#prove(by, method, path, body);
    }
    return headers;
  }

  /**
   * @param {Signer} by
   * @param {string} method
   * @param {string} path
   * @param {Bytes} body
   */
  async #prove({ uid, device, dsk }, method, path, body) {
    const nonce = fromB64(await this.#nonce(), NONCE_BYTES);
    return await httpProof(dsk, { host: this.#host, nonce, uid, device, method, path, body });
  }

  /** @returns {Promise<string>} */
  async #nonce() {
    const now = this.#now();
    this.#nonces = this.#nonces.filter(({ until }) => until > now);
    return this.#nonces.pop()?.nonce ?? (await this.get("/api/nonce")).nonce;
  }
}

/** @param {unknown} error what fetch threw */
function unreached(error) {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    const message = gettext("The server did not answer in time. Check your connection and try again.");
    return new ApiError("timeout", message, { cause: error });
  }
  const offline = globalThis.navigator?.onLine === false;
  const message = offline
    ? gettext("You are offline. Connect to the internet and try again.")
    : gettext("The server cannot be reached. Check your connection and try again in a moment.");
  return new ApiError("offline", message, { cause: error });
}

/** @param {ReadableStream<Uint8Array>} stream @param {(bytes: number) => void} come */
async function whole(stream, come) {
  const reader = stream.getReader();
  /** @type {BlobPart[]} */
  const parts = [];
  for (let bytes = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    parts.push(/** @type {BlobPart} */ (value));
    bytes += value.length;
    come(bytes);
  }
}

/** @param {number} status @param {unknown} value */
function refusal(status, value) {
  const { code, message, retry_ms } = /** @type {Record<string, any>} */ (value ?? {});
  if (typeof code === "string") {
    return new ApiError(code, String(message ?? code), { status, retryMs: retry_ms, body: value });
  }
  if (GATEWAY.has(status))
    return new ApiError("busy", gettext("The server is busy. Try again in a moment."), { status });
  const words = gettext("The server gave an answer that this page does not understand. Reload the page and try again.");
  return new ApiError("unreadable", words, { status });
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's error page
  }
}

/** Read again each time: the server changes the token at sign-in. */
function cookieToken() {
  const found = /(?:^|;\s*)(?:__Host-)?csrf=([^;]+)/.exec(document.cookie);
  return found?.[1] ?? "";
}

/** @type {typeof fetch} */
function browserFetch(input, init) {
  return globalThis.fetch(input, init); // called as a method of ours, fetch would throw
}
