// The device lists that this browser has verified, of its owner and of the people they talk to
// (docs/encryption.md 4.3): trust on first use, then only forward. A list that starts again under
// another identity key is held back until the person here accepts it on a blocking screen.

import { extendChain, isBehind, parseLink, RESET } from "../crypto/devicelist.js";
import { b64, equal, fromB64 } from "../crypto/encoding.js";
import { Batcher } from "../network/batcher.js";
import { LISTS_MAX } from "../protocol.js";

const VAIN_MS = 1000; // after the first refresh that found no such link
const VAIN_GROWTH = 4;
const VAIN_MOST_MS = 10 * 60 * 1000;

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../network/api.js").Api} Api */
/** @typedef {import("../storage/stores.js").Stores} Stores */

/**
 * @typedef {object} Known
 * @property {Link[]} links the verified chain, oldest first
 * @property {Link[]} before chains of earlier identities: old epochs name them
 * @property {Link[] | null} reset a new chain, not accepted yet
 */

/** @typedef {import("../protocol.js").DeviceList} DeviceList */

export class DeviceLists {
  #stores;
  /** @type {Batcher<import("../protocol.js").ListWanted, DeviceList>} */ #lists;
  /** @type {Map<string, Known>} */ #known = new Map();
  /** @type {Set<string>} */ #absent = new Set(); // looked for in the store of this browser, and not there
  /** @type {Map<string, Promise<Known>>} */ #fetching = new Map();
  /** @type {Map<string, {times: number, until: number}>} asked in vain, one entry a person */ #vain = new Map();
  #changed;
  #now;

  /**
   * @param {Pick<Api, "post">} api
   * @param {Pick<Stores, "get" | "write">} stores
   * @param {(uid: string, event: "first" | "grown" | "reset") => void} changed
   * @param {() => number} [now] ms
   */
  constructor(api, stores, changed, now = Date.now) {
    this.#now = now;
    this.#stores = stores;
    this.#lists = new Batcher(
      LISTS_MAX,
      ({ uid }) => uid,
      async (lists) => {
        const answer = await api.post("/api/links/read", { lists }, { proof: true, again: true });
        return new Map(answer.lists.map((/** @type {DeviceList} */ list) => [list.uid, list]));
      },
    );
    this.#changed = changed;
  }

  /** My own chain, which the account verifies. @param {string} uid @param {Link[]} links */
  own(uid, links) {
    this.#known.set(uid, { links, before: [], reset: null });
  }

  /** @param {string} uid @returns {Promise<Known>} at least its first link */
  async of(uid) {
    return this.#known.get(uid) ?? (await this.#load(uid)) ?? (await this.refresh(uid));
  }

  /** From the store of this browser, so that `of` asks at once or not at all. @param {string} uid */
  async recall(uid) {
    if (!this.#known.has(uid)) await this.#load(uid);
  }

  /** @param {string} uid @returns {Known | undefined} without asking anybody */
  kept(uid) {
    return this.#known.get(uid);
  }

  /** @param {string} uid @returns {Promise<Known>} with whatever the server has by now */
  refresh(uid) {
    const under = this.#fetching.get(uid);
    if (under) return under;
    const fetching = this.#fetch(uid).finally(() => this.#fetching.delete(uid));
    this.#fetching.set(uid, fetching);
    return fetching;
  }

  /**
   * Far enough to know link k, where there is one. A contact writes k into messages and may make it
   * up: after a refresh in vain the next one waits, each time longer.
   * @param {string} uid
   * @param {number} k
   */
  async reach(uid, k) {
    const known = await this.of(uid);
    if (knows(known, k) || this.#now() < (this.#vain.get(uid)?.until ?? 0)) return known;
    const times = this.#vain.get(uid)?.times ?? 0;
    const found = await this.refresh(uid);
    const wait = Math.min(VAIN_MS * VAIN_GROWTH ** times, VAIN_MOST_MS);
    if (knows(found, k)) this.#vain.delete(uid);
    else this.#vain.set(uid, { times: times + 1, until: this.#now() + wait });
    return found;
  }

  /**
   * The server says that this is the head. Where we hold another link of that number, or a higher
   * one, the account may have been reset; without a hash, the number alone does not tell.
   * @param {string} uid
   * @param {number} k
   * @param {string} [hash]
   */
  async meet(uid, k, hash) {
    const known = await this.of(uid);
    const head = known.links.at(-1);
    const same = head?.k === k && b64(head.hash) === hash;
    return same || known.reset ? known : this.refresh(uid);
  }

  /** The contact was told of the new identity and goes on with it. @param {string} uid */
  async accept(uid) {
    const known = await this.of(uid);
    if (!known.reset) return;
    await this.#keep(uid, { links: known.reset, before: [...known.before, ...known.links], reset: null });
  }

  /**
   * For verifyEpoch.
   * @param {Bytes} uid
   * @param {Bytes} hash
   */
  linkByHash = (uid, hash) => {
    const known = this.#known.get(b64(uid));
    return [...(known?.links ?? []), ...(known?.before ?? [])].find((link) => equal(link.hash, hash));
  };

  /** Whether the present identity came by an account reset. @param {Bytes} uid */
  restarted = (uid) => Boolean((this.#known.get(b64(uid))?.links[0]?.flags ?? 0) & RESET);

  /** @param {string} uid */
  async #load(uid) {
    if (this.#absent.has(uid)) return undefined;
    const stored = await this.#stores.get("lists", uid);
    if (!stored) {
      this.#absent.add(uid);
      return undefined;
    }
    const parsed = (/** @type {Bytes[]} */ list) => Promise.all(list.map(parseLink));
    const links = await parsed(stored.links);
    const known = { links, before: await parsed(stored.before), reset: null };
    this.#known.set(uid, known);
    return known;
  }

  /** @param {string} uid @returns {Promise<Known>} */
  async #fetch(uid) {
    const known = this.#known.get(uid) ?? (await this.#load(uid)) ?? { links: [], before: [], reset: null };
    const received = await this.#download(uid, known.links.at(-1));
    if (!received || isBehind(received, known.links)) return known; // asked again another time
    const { links, event } = await extendChain(fromB64(uid, 16), known.links, received);
    if (event === "same") return known;
    if (event === "reset") {
      const told = sameHead(known.reset, links);
      known.reset = links;
      if (!told) this.#changed(uid, "reset");
      return known;
    }
    const now = await this.#keep(uid, { ...known, links });
    // Met for the first time, and reset before: a browser that lost its memory is told that, too.
    if (event === "grown" || this.restarted(fromB64(uid, 16))) this.#changed(uid, event);
    return now;
  }

  /**
   * What follows `head`. Where the server has another link in its place, the identity may have
   * been reset: then the whole chain.
   * @param {string} uid
   * @param {Link} [head]
   * @returns {Promise<Bytes[] | null>} null: not, or no longer, ours to read
   */
  async #download(uid, head) {
    const received = [];
    for (let at = head?.k ?? 0; ; ) {
      const answer = await this.#lists.ask({ uid, after: at });
      if (!answer) return null;
      if (head && !received.length && !(await follows(answer, head))) return this.#download(uid);
      received.push(...answer.links.map((link) => fromB64(link)));
      at += answer.links.length;
      if (!answer.links.length || at >= answer.head[0]) return received;
    }
  }

  /** A pin that a restart forgets is worth nothing: the disk first. @param {string} uid @param {Known} known */
  async #keep(uid, known) {
    const bytes = (/** @type {Link[]} */ list) => list.map((link) => link.bytes);
    const value = { links: bytes(known.links), before: bytes(known.before) };
    await this.#stores.write([{ store: "lists", key: uid, value }]);
    this.#known.set(uid, known);
    return known;
  }
}

/** @param {Known} known @param {number} k */
function knows({ links }, k) {
  return (links.at(-1)?.k ?? 0) >= k;
}

/** @param {DeviceList} answer @param {Link} known */
async function follows({ links: [next], head: [k, hash] }, known) {
  if (next) return equal((await parseLink(fromB64(next))).prev, known.hash);
  return k === known.k && hash === b64(known.hash);
}

/** @param {Link[] | null} a @param {Link[]} b */
function sameHead(a, b) {
  const [one, other] = [a?.at(-1), b.at(-1)];
  return Boolean(one && other && equal(one.hash, other.hash));
}
