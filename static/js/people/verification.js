// With whom this person compared safety numbers (docs/encryption.md 4.15). The mark is sealed in the
// note of 4.6 and says which identity key was compared: under another key it does not count.

import { headOf } from "../account/enrolment.js";
import { b64, fromB64, require } from "../crypto/encoding.js";
import { fingerprint, safetyCode, safetyNumber } from "../crypto/safety.js";

/** @typedef {"verified" | "lost" | "none"} Standing lost: verified once, under another identity */
/** @typedef {{digits: string, code: string, mark: string}} SafetyNumber `mark`: for the note, once compared */

const MARK_BYTES = 16; // of AIK: a note has no room for all of it beside a long name; the digits hold 12

export class Verification {
  #deviceLists;
  #contacts;
  #me;
  #changed;
  /** @type {Set<string>} */ #meeting = new Set();

  /**
   * @param {object} parts
   * @param {import("./devicelists.js").DeviceLists} parts.deviceLists
   * @param {import("./contacts.js").Contacts} parts.contacts
   * @param {{uid: import("../crypto/encoding.js").Bytes, links: import("../crypto/devicelist.js").Link[]}} parts.me
   * @param {() => void} parts.changed more marks can be told from stale ones than before
   */
  constructor({ deviceLists, contacts, me, changed }) {
    this.#deviceLists = deviceLists;
    this.#contacts = contacts;
    this.#me = me;
    this.#changed = changed;
  }

  /** @param {string} uid @returns {Standing} none too until the identity is known, which it asks for */
  of(uid) {
    const mark = this.#contacts.of(uid)?.verified;
    if (!mark) return "none";
    const aik = identity(this.#deviceLists.kept(uid));
    if (aik) return mark === markOf(aik) ? "verified" : "lost";
    void this.#meet(uid);
    return "none";
  }

  /** @returns {import("./contacts.js").Contact[]} each with how it stands */
  people() {
    return this.#contacts.all().map((contact) => ({ ...contact, standing: this.of(contact.peer.uid) }));
  }

  /**
   * Which line a chat gets when somebody's list changed.
   * @param {string} uid
   * @param {"first" | "grown" | "reset"} event
   * @returns {"list" | "devices" | "identity" | "verified"} the kind of notice in their chat
   */
  notice(uid, event) {
    if (event === "grown") return this.of(uid) === "verified" ? "devices" : "list";
    return this.of(uid) === "lost" ? "verified" : "identity";
  }

  /**
   * The number of me and a contact. It covers the newest identity that the server names, even before
   * that is accepted: people compare it to decide.
   * @param {string} uid
   * @returns {Promise<SafetyNumber>}
   */
  async number(uid) {
    const known = await this.#deviceLists.refresh(uid).catch(() => this.#deviceLists.of(uid));
    const aik = identity(known);
    require(aik, "unknown", "no device list");
    const [mine, theirs] = await Promise.all([
      fingerprint(this.#me.uid, headOf(this.#me.links).aik),
      fingerprint(fromB64(uid, 16), aik),
    ]);
    return { digits: safetyNumber(mine, theirs), code: safetyCode(mine, theirs), mark: markOf(aik) };
  }

  /** @param {string} uid */
  async #meet(uid) {
    if (this.#meeting.has(uid)) return;
    this.#meeting.add(uid);
    await this.#deviceLists.of(uid).catch(() => {}); // offline: the next look asks again
    this.#meeting.delete(uid);
    if (this.#deviceLists.kept(uid)) this.#changed();
  }
}

/** @param {import("../crypto/encoding.js").Bytes} aik */
function markOf(aik) {
  return b64(aik.slice(0, MARK_BYTES));
}

/** @param {import("./devicelists.js").Known | undefined} known */
function identity(known) {
  return (known?.reset ?? known?.links)?.at(-1)?.aik;
}
