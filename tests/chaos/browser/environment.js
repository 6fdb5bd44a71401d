// What the browser's modules find around them, in Node: a page's address, its cookies and storage,
// locks, and sockets that go to this device's own door of the fault proxy.

import { engine } from "../../js/argon2_engine.js";
import { commit, mount, rowsOf } from "./disk.js";
import { Folder } from "./folders.js";

const ORIGIN = "$origin"; // where cookies and localStorage lie on the disk

/** @param {{site: string, door: string, disk: string, skewMs: number}} place */
export async function furnish({ site, door, disk, skewMs }) {
  await mount(disk);
  const folder = await new Folder(`${disk}.files`).getDirectoryHandle("", { create: true });
  const events = new EventTarget();
  const page = new URL("/chats", site);
  const now = Date.now;
  Date.now = () => now() + skewMs;
  define({
    location: page,
    document: { getElementById: () => null, get cookie() { return cookies(); } },
    localStorage: storage("local"),
    navigator: {
      onLine: true,
      locks: { request: (_, __, hold) => Promise.resolve().then(hold) },
      storage: { getDirectory: async () => folder },
    },
    addEventListener: events.addEventListener.bind(events),
    dispatchEvent: events.dispatchEvent.bind(events),
    fetch: fetching(globalThis.fetch, page.origin, door),
    WebSocket: dialling(globalThis.WebSocket, page.origin, door),
    Worker: Argon2Worker,
  });
  if (!jar().size) await keepCookie("csrf", Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex"));
  return events;
}

function define(members) {
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

function storage(store) {
  return {
    getItem: (key) => rowsOf(ORIGIN, store).get(JSON.stringify(key))?.value ?? null,
    setItem: (key, value) => void commit(ORIGIN, [{ store, key, value: String(value) }]),
    removeItem: (key) => void commit(ORIGIN, [{ store, key }]),
  };
}

const jar = () => rowsOf(ORIGIN, "cookies");
const cookies = () => [...jar().values()].map(({ key, value }) => `${key}=${value}`).join("; ");
const keepCookie = (key, value) => commit(ORIGIN, [value ? { store: "cookies", key, value } : { store: "cookies", key }]);

function fetching(native, origin, door) {
  return async (path, { headers, ...init }) => {
    const url = new URL(path, `http://${door}`);
    if (url.host !== door) return native(url, { ...init, headers: { ...headers, Origin: origin } });
    const own = { Cookie: cookies(), ...(init.method !== "GET" && { Origin: origin }) };
    const response = await native(url, { ...init, headers: { ...headers, ...own } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      await keepCookie(name, value);
    }
    return response;
  };
}

function dialling(Native, origin, door) {
  return class extends Native {
    constructor(url) {
      super(`ws://${door}${new URL(url).pathname}`, { headers: { Origin: origin, Cookie: cookies() } });
    }
  };
}

class Argon2Worker extends EventTarget {
  async postMessage({ id, ...input }) {
    const hash = await engine(input);
    this.dispatchEvent(new MessageEvent("message", { data: { id, hash } }));
  }

  terminate() {}
}
