// The people I know, might know, or do not want to know: names by uid, requests, blocks, invites,
// and what only I and my devices read about them: a private name, a mark (docs/encryption.md 4.6).

import { STATE } from "../chat/contactstate.js";
import { b64, fromB64, hex } from "../crypto/encoding.js";
import { openNote, sealNote } from "../crypto/userkeys.js";
import { unlessFull } from "../storage/quota.js";

/** @typedef {import("../protocol.js").ConnectionRow} ConnectionRow */
/** @typedef {import("../protocol.js").Person} Person */
/** @typedef {import("../protocol.js").Note} SealedNote */
/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/**
 * @typedef {ConnectionRow & {alias?: string, verified?: string, unread?: true, standing?: import("./verification.js").Standing}} Contact
 *   `verified`: which identity was compared; `standing` is set for pages (verification.js)
 */

export class Contacts {
  #api;
  #stores;
  #me;
  #changed;
  /** @type {Map<string, Contact>} by uid */ #contacts = new Map();
  /** @type {Set<string>} who came by a link of mine lately */ joined = new Set();
  /** @type {Set<string>} who accepted my request since this page heard of it */ accepted = new Set();
  /** @type {Set<string>} whose link I used here: that was not them */ #entered = new Set();
  /** @type {Promise<unknown>} a link that is being used */ #entering = Promise.resolve();
  /** @type {Map<string, {version: number, note: Record<string, unknown>}>} */ #notes = new Map();
  #kept = ""; // as it lies in the store
  /** @type {Promise<void> | null} */ #loading = null;
  /** @type {Promise<void> | null} */ #next = null; // asked while the one before was under way

  /**
   * @param {object} parts
   * @param {Pick<import("../network/api.js").Api, "get" | "post" | "put" | "delete">} parts.api
   * @param {import("../storage/stores.js").Stores} parts.stores
   * @param {{uid: Bytes, seeds: Map<number, Bytes>}} parts.me
   * @param {() => void} parts.changed
   */
  constructor({ api, stores, me, changed }) {
    this.#api = api;
    this.#stores = stores;
    this.#me = me;
    this.#changed = changed;
  }

  /** What this browser remembers, so that the list has names before the network answers. */
  async load() {
    const kept = (await this.#stores.get("meta", "contacts")) ?? [];
    this.#kept = JSON.stringify(kept);
    for (const contact of kept) this.#contacts.set(contact.peer.uid, contact);
  }

  /** @returns {Contact[]} */
  all() {
    return [...this.#contacts.values()];
  }

  /** @param {string} uid @returns {Contact | undefined} */
  of(uid) {
    return this.#contacts.get(uid);
  }

  /**
   * What the server says from now on: an answer that is under way may be older than the question.
   * @returns {Promise<void>}
   */
  refresh() {
    if (!this.#loading) {
      this.#loading = this.#fetch().finally(() => {
        this.#loading = null;
      });
      return this.#loading;
    }
    this.#next ??= this.#loading
      .catch(() => {})
      .then(() => {
        this.#next = null;
        return this.refresh();
      });
    return this.#next;
  }

  /** @param {string} name @returns {Promise<Person>} by exact username */
  find(name) {
    return this.#api.post("/api/people", { name }, { proof: true });
  }

  /**
   * @param {string} peer
   * @param {string} action
   * @param {number} [seen] the state that the person saw; another one by now is a 409
   * @param {{upto?: number, invite?: string}} [more] invite: the token of one of theirs, with a request
   */
  async act(peer, action, seen, more) {
    const body = { peer, action, ...(seen && { seen }), ...more };
    try {
      await this.#api.post("/api/connections", body, { proof: true });
    } finally {
      await this.refresh();
    }
  }

  /**
   * The same of several, ANSWERS_MAX at most. People who have moved on meanwhile are passed over.
   * @param {string[]} peers
   * @param {string} action
   * @param {number} seen
   * @returns {Promise<string[]>} of whom it is true now
   */
  async answerAll(peers, action, seen) {
    const body = { peers, action, seen };
    try {
      return (await this.#api.post("/api/connections/all", body, { proof: true, again: true })).peers;
    } finally {
      await this.refresh().catch(() => {}); // the frames or the next connect bring it
    }
  }

  /** @param {boolean} connects one person, at once @returns {Promise<import("../protocol.js").NewInvite>} */
  invite(connects) {
    return this.#api.post("/api/invites", { connects }, { proof: true });
  }

  /** @returns {Promise<import("../protocol.js").Invite[]>} my open links, newest first */
  async invites() {
    return (await this.#api.get("/api/invites", { proof: true })).invites;
  }

  /** @param {string} id of a link of mine */
  withdrawInvite(id) {
    return this.#api.delete(`/api/invites/${hex(fromB64(id, 16))}`, { proof: true });
  }

  /** Uses nothing up. @param {string} token @returns {Promise<import("../protocol.js").ShownInvite>} */
  invited(token) {
    return this.#api.post("/api/invites/show", { token }, { proof: true, again: true });
  }

  /** @param {string} token @returns {Promise<string>} the conversation with its maker */
  async acceptInvite(token) {
    const used = this.#api.post("/api/invites/accept", { token }, { proof: true, again: true });
    this.#entering = used.then(({ peer }) => this.#entered.add(peer.uid)).catch(() => {});
    const row = await used;
    await this.refresh().catch(() => {}); // the frame or the next connect brings it
    return row.conv;
  }

  /** The private name of a contact; empty takes it away. @param {string} peer @param {string} alias */
  rename(peer, alias) {
    return this.#change(peer, { alias: alias || undefined });
  }

  /**
   * @param {string} peer
   * @param {string | undefined} verified the mark of a safety number that was compared; undefined takes the mark away
   */
  mark(peer, verified) {
    return this.#change(peer, { verified });
  }

  /** "Come back to this chat": a note, so that my other devices see it and the server does not. @param {string} peer @param {boolean} on */
  markUnread(peer, on) {
    return this.#change(peer, { unread: on || undefined });
  }

  /**
   * Another device may have changed the note meanwhile: then once more, on what it says now.
   * @param {string} peer
   * @param {Record<string, unknown>} change
   * @param {boolean} [again]
   * @returns {Promise<void>}
   */
  async #change(peer, change, again = false) {
    const { version = 0, note = {} } = this.#notes.get(peer) ?? {};
    let outrun = false;
    try {
      await this.#putNote(peer, version + 1, { ...note, ...change });
    } catch (error) {
      outrun = !again && /** @type {import("../network/api.js").ApiError} */ (error).status === 409;
      if (!outrun) throw error;
    }
    await this.refresh();
    if (outrun) await this.#change(peer, change, true);
  }

  /** @param {string} peer @param {number} version @param {Record<string, unknown>} note */
  async #putNote(peer, version, note) {
    const { uid, seeds } = this.#me;
    const g = Math.max(...seeds.keys());
    const context = { uid, g, peer: fromB64(peer, 16), version };
    const sealed = await sealNote(/** @type {Bytes} */ (seeds.get(g)), context, note);
    await this.#api.put("/api/notes", { peer, g, version, note: b64(sealed) }, { proof: true });
  }

  async #fetch() {
    const [{ connections, joined }, { notes }] = await Promise.all([
      this.#api.get("/api/connections", { proof: true }),
      this.#api.get("/api/notes", { proof: true }),
    ]);
    for (const sealed of /** @type {SealedNote[]} */ (notes)) await this.#read(sealed);
    await this.#entering; // the frame that says so comes before its answer
    const before = this.all();
    this.joined = new Set(joined);
    this.#contacts = new Map(
      /** @type {ConnectionRow[]} */ (connections).map((row) => [row.peer.uid, this.#named(row)]),
    );
    for (const { peer, state } of before) {
      const connected = state === STATE.ASKED && this.of(peer.uid)?.state === STATE.CONNECTED;
      if (connected && !this.#entered.has(peer.uid)) this.accepted.add(peer.uid);
    }
    for (const uid of this.#entered) if (this.of(uid)?.state === STATE.CONNECTED) this.#entered.delete(uid);
    // People whom the server no longer knows keep their name, for the chat that is kept here.
    for (const contact of before) {
      const { uid } = contact.peer;
      if (!this.#contacts.has(uid)) this.#contacts.set(uid, { ...contact, state: STATE.FORGOTTEN });
    }
    this.#changed();
    await this.#keep();
  }

  /** Each start asks twice, and sealing a thousand names takes its time. */
  async #keep() {
    const value = this.all();
    const text = JSON.stringify(value);
    if (text === this.#kept) return;
    const written = this.#stores.write([{ store: "meta", key: "contacts", value }]);
    await written.then(() => void (this.#kept = text)).catch(unlessFull);
  }

  /** @param {SealedNote} sealed */
  async #read({ peer, g, version, note }) {
    const seed = this.#me.seeds.get(g);
    if (!seed || version <= (this.#notes.get(peer)?.version ?? 0)) return;
    const context = { uid: this.#me.uid, g, peer: fromB64(peer, 16), version };
    try {
      this.#notes.set(peer, { version, note: await openNote(seed, context, fromB64(note)) });
    } catch {
      // Nobody who has my key wrote it, so there is no note.
    }
  }

  /** @param {ConnectionRow} row @returns {Contact} */
  #named(row) {
    const { alias, verified, unread } = this.#notes.get(row.peer.uid)?.note ?? {};
    return {
      ...row,
      ...(typeof alias === "string" && { alias }),
      ...(typeof verified === "string" && { verified }),
      ...(unread === true && { unread }),
    };
  }
}
