// The uploads of a tab that leads, the files of its browser, and a server that keeps parts.

import { sealedSize } from "../../static/js/crypto/blob.js";
import { b64, fromB64, hex, newId, sha256 } from "../../static/js/crypto/encoding.js";
import { Uploads } from "../../static/js/sending/uploads.js";
import { MovedClock, settle } from "./moved_clock.js";

export const nameOf = (blob) => hex(fromB64(blob, 16));

/** An entry of att of a file of so many bytes. */
export function attached(size, more = {}) {
  const entry = { blob: b64(newId()), fk: "", size, hash: "", log2: 18, mime: "", name: "" };
  return { ...entry, ...more };
}

export const message = (id, ...att) => ({
  id,
  conv: "c1",
  order: 1,
  written: 1,
  content: { t: "text", body: "", att },
});

export class Server {
  blobs = new Map(); // name → {size, part, parts, state}
  calls = [];
  puts = []; // [name, n]
  troubles = []; // of the next parts: a status, "away", "slow", or a promise to wait for
  slowly = () => {}; // what "slow" waits for
  carried = Number.POSITIVE_INFINITY; // bytes after which a line is cut
  refusal = null; // of the next grants
  flying = 0;
  most = 0;
  direct = false; // parts come by signed URLs

  api = {
    get: async (path) => this.#grant(this.#find(path)),
    post: async (path, body) => {
      this.calls.push(`POST ${path}`);
      if (path === "/api/blobs") return this.#new(body);
      const blob = this.#find(path);
      if (path.endsWith("/urls")) return { urls: body.parts.map((n, i) => signedUrl(path, n, body.sums[i])) };
      const count = Math.ceil(blob.size / blob.part);
      if (blob.parts.size < count) throw problem(409, undefined);
      if (blob.state === "granted") blob.state = "whole";
      return this.#grant(blob);
    },
    delete: async (path) => {
      this.calls.push(`DELETE ${path}`);
      this.blobs.delete(path.split("/").at(3));
    },
  };

  fetch = async (path, { headers, body, signal }) => {
    const [name, n] = path.split("?")[0].split("/").slice(-2);
    this.puts.push([name, Number(n)]);
    this.most = Math.max(this.most, ++this.flying);
    await settle();
    const trouble = await this.troubles.shift();
    if (trouble === "slow") await Promise.race([this.slowly(), aborted(signal)]);
    this.flying -= 1;
    signal.throwIfAborted();
    if (trouble === "away" || body.size > this.carried) throw new TypeError("fetch failed");
    if (Number(trouble)) return new Response("", { status: trouble });
    const blob = this.blobs.get(name);
    if (this.direct && headers.sum !== b64(await sha256(new Uint8Array(await body.arrayBuffer()))))
      return new Response("", { status: 400 });
    if (!this.direct && headers.Authorization !== `Ticket ${blob?.ticket}`) return new Response("", { status: 401 });
    blob.parts.set(Number(n), body.size);
    return new Response(null, { status: 204 });
  };

  #new({ blob, size, part, conv }) {
    if (this.refusal) throw this.refusal;
    const name = nameOf(blob);
    const known = this.blobs.get(name);
    if (known && !known.parts.size && part < known.part) known.part = part;
    if (known && (known.size !== size || known.part !== part)) throw problem(409, "taken");
    if (!known) this.blobs.set(name, { blob, conv, size, part, parts: new Map(), state: "granted" });
    return this.#grant(this.blobs.get(name));
  }

  #find(path) {
    const blob = this.blobs.get(path.split("/").at(3));
    if (!blob) throw problem(404, "unknown");
    return blob;
  }

  #grant(blob) {
    blob.ticket = `${Math.random()}`;
    const { parts, ...told } = blob;
    return {
      ...told,
      ...(this.direct && { mode: "direct" }),
      present: [...parts.keys()].sort((a, b) => a - b).map((n) => [n, n]),
    };
  }
}

const signedUrl = (path, n, sum) => ({
  url: `https://s3.example/bucket/${path.split("/").at(3)}/${n}?signed`,
  headers: [["sum", sum]],
});

const aborted = (signal) => new Promise((_, gone) => signal.addEventListener("abort", () => gone(signal.reason)));

export const problem = (status, code, retryMs) => Object.assign(new Error(code), { status, code, retryMs });

/** A browser's files, as BlobFiles has them, in memory. */
export class Files {
  out = new Map();
  in = new Map();
  file = async (place, name) => this[place].get(name);
  settle = async (name) => {
    this.in.set(name, this.out.get(name));
    this.out.delete(name);
  };
  remove = async (place, name) => this[place].delete(name);
  waiting = async () => [...this.out].map(([name, { modified }]) => ({ name, modified }));
  trim = async () => {};
  sweep = async () => {
    this.swept = true;
  };
  limit = async () => 1;

  /** Sealed, as a page leaves it. @param {any} entry @param {"file" | "thumb"} [role] */
  hold(entry, role = "file") {
    this.out.set(nameOf(entry.blob), new Blob([new Uint8Array(sealedSize(entry, role))]));
    return entry;
  }
}

export function world({ server = new Server(), files = new Files() } = {}) {
  const [clock, told, whole, failed, entries] = [new MovedClock(), [], [], [], []];
  const uploads = new Uploads({
    ...{ api: server.api, fetch: server.fetch, clock, files: Promise.resolve(files) },
    entries: () => entries,
    whole: (id) => whole.push(id),
    failed: async (id, code) => failed.push([id, code]),
    told: (upload) => told.push(upload),
  });
  const states = () => told.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1]);
  return { server, files, clock, uploads, told, whole, failed, entries, states };
}
