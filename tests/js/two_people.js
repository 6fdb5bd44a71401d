// Two people's browsers and a server that knows nothing but compare-and-set: real cryptography,
// real rules, no network.

import { signLink } from "../../static/js/crypto/devicelist.js";
import { b64, newId, ZERO32 } from "../../static/js/crypto/encoding.js";
import { kemPublicKey, newSeed, newSigningKey, signingKeyFromSeed } from "../../static/js/crypto/keys.js";
import { EpochRotation } from "../../static/js/keys/epochrotation.js";
import { EpochStore } from "../../static/js/keys/epochstore.js";
import { DeviceLists } from "../../static/js/people/devicelists.js";
import { MemoryStores } from "./memory_stores.js";
import { MovedClock } from "./moved_clock.js";

export const CONV = b64(new Uint8Array(16).fill(7));

export class Server {
  records = [];
  boxes = new Map();
  links = new Map();
  limited = false;
  posts = 0;

  async post(path, body, owner) {
    if (path === "/api/links/read") return { lists: body.lists.flatMap((wanted) => this.#list(wanted)) };
    if (path === "/api/epochs/read")
      return { conversations: body.conversations.map((one) => this.#epochs(one, body, owner)) };
    return this.publish(body);
  }

  #list({ uid, after }) {
    const links = this.links.get(uid);
    if (!links) return [];
    const head = links.at(-1);
    return [{ uid, links: links.slice(after).map(({ bytes }) => b64(bytes)), head: [head.k, b64(head.hash)] }];
  }

  #epochs({ conv, upto = Number.POSITIVE_INFINITY }, { limit }, owner) {
    const rows = this.records.map((record, n) => ({ n, record, ...this.boxes.get(`${owner} ${n}`) }));
    const epochs = rows
      .filter(({ n }) => n <= upto)
      .reverse()
      .slice(0, limit);
    return { conv, epochs, ...(rows.length && { head: rows.length - 1 }) };
  }

  async publish({ record, expected }) {
    this.posts += 1;
    if (this.limited) throw Object.assign(new Error("rate"), { status: 429, code: "rate" });
    const head = this.records.length - 1;
    if ((expected ?? -1) !== head) {
      throw Object.assign(new Error("lost"), { status: 409, body: { head, record: this.records[head] } });
    }
    this.records.push(record);
    return { n: head + 1 };
  }

  put(_path, { boxes }, owner) {
    for (const { n, g, box } of boxes) this.boxes.set(`${owner} ${n}`, { g, box });
  }
}

/** An account with one device, and a browser of it with an empty store. */
export async function person(server) {
  const uid = newId();
  const aik = await signingKeyFromSeed(newSeed());
  const dsk = await newSigningKey();
  const seeds = new Map([[1, newSeed()]]);
  const device = newId();
  const fields = {
    uid,
    k: 1,
    prev: ZERO32,
    aik: aik.publicKey,
    g: 1,
    uk: await kemPublicKey(seeds.get(1)),
    devices: [{ id: device, dsk: dsk.publicKey, dkk: await kemPublicKey(newSeed()), added: 1 }],
    recovery: await kemPublicKey(newSeed()),
    flags: 0,
    ms: 1,
  };
  const links = [await signLink(fields, aik.privateKey)];
  server.links.set(b64(uid), links);
  const me = { uid, device, dsk: dsk.privateKey, seeds };
  return { id: b64(uid), me, links, aik, server };
}

export function browser(who, clock, changed = () => {}) {
  const stores = new MemoryStores();
  const { server, id, me } = who;
  const api = {
    post: (path, body) => server.post(path, body, id),
    put: async (path, body) => server.put(path, body, id),
  };
  const deviceLists = new DeviceLists(api, stores, changed);
  deviceLists.own(id, who.links);
  const epochs = new EpochStore({ api, stores, deviceLists, me });
  const rotation = new EpochRotation({ api, epochs, deviceLists, me, clock });
  return { epochs, rotation, deviceLists };
}

export async function pair() {
  const server = new Server();
  const clock = new MovedClock();
  const [alice, bob] = [await person(server), await person(server)];
  return { server, clock, alice, bob, a: browser(alice, clock), b: browser(bob, clock) };
}
