// The epoch to send under (docs/encryption.md 4.7): the newest, or a new one where that has expired.
//
// Policy: `forSending` (when one is made), `#lostTo` (whose stands where two are made at once).

import { b64, equal, fromB64, hex, require } from "../crypto/encoding.js";
import { createEpoch, parseEpoch, REASON } from "../crypto/epochs.js";
import { endedByReset, isOtherIdentity, rotationReason } from "../crypto/rotation.js";

/** @typedef {import("../crypto/encoding.js").Bytes} Bytes */
/** @typedef {import("../crypto/devicelist.js").Link} Link */
/** @typedef {import("../crypto/epochs.js").Epoch} Epoch */
/** @typedef {import("../crypto/epochs.js").OpenEpoch} OpenEpoch */
/** @typedef {import("./epochstore.js").Book} Book */
/** @typedef {import("./epochstore.js").Me} Me */

const TRIES = 5; // each conflict brings the winner; more in a row is a server at fault
const POSTPONABLE = new Set([REASON.AGE, REASON.COUNT, REASON.DEMAND]);

export class EpochRotation {
  #api;
  #epochs;
  #deviceLists;
  #me;
  #clock;

  /**
   * @param {object} parts
   * @param {Pick<import("../network/api.js").Api, "post">} parts.api
   * @param {import("./epochstore.js").EpochStore} parts.epochs
   * @param {import("../people/devicelists.js").DeviceLists} parts.deviceLists
   * @param {Me} parts.me
   * @param {import("../clock.js").Clock} parts.clock
   */
  constructor({ api, epochs, deviceLists, me, clock }) {
    this.#api = api;
    this.#epochs = epochs;
    this.#deviceLists = deviceLists;
    this.#me = me;
    this.#clock = clock;
  }

  /**
   * The epoch to seal under, made now if there is none or the newest has expired.
   * @param {string} conv
   * @param {string} peer
   * @param {(n: number) => number} sent messages under epoch n
   * @returns {Promise<OpenEpoch>}
   */
  async forSending(conv, peer, sent) {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const head = await this.#epochs.head(conv, peer);
      if (await this.#publishAgain(conv, peer, head)) continue;
      const ended = head !== null && (await this.#isEnded(conv, peer, head));
      const open = head === null || ended ? null : await this.#epochs.openUnlessBad(conv, peer, head);
      const reason = open ? await this.#due(open, peer, sent) : unopened(head, ended);
      if (open && reason === null) return open;
      const made = await this.#make(conv, peer, /** @type {number} */ (reason), open);
      if (made) return made;
    }
    throw Object.assign(new Error("no epoch stands"), { code: "later" });
  }

  /**
   * A new epoch because somebody asked for it.
   * @param {string} conv
   * @param {string} peer
   */
  async rotate(conv, peer) {
    this.#epochs.renew(conv);
    const open = await this.forSending(conv, peer, () => 0);
    await this.#make(conv, peer, REASON.DEMAND, open);
  }

  /**
   * By an account reset of one of us: to a person who started over the record is closed for good. Throws
   * unknown_link where a list lacks the link that the record names, and no reset says why.
   * @param {string} conv
   * @param {string} peer
   * @param {number} head
   */
  async #isEnded(conv, peer, head) {
    const epoch = this.#epochs.book(conv, peer).records.get(head)?.epoch;
    if (!epoch || !(await this.#chains(peer)).some((links) => isOtherIdentity(epoch, links))) return false;
    // Or my lists are older than the record.
    const both = await Promise.all([b64(this.#me.uid), peer].map((uid) => this.#deviceLists.refresh(uid)));
    if (both.some(({ reset }) => reset)) throw Object.assign(new Error("not accepted yet"), { code: "later" });
    const ended = both.filter(({ links }) => isOtherIdentity(epoch, links));
    // My own devices verified the record: a list without the link that it names was made up.
    require(ended.every(({ links }) => endedByReset(epoch, links)), "unknown_link", "the list of another identity");
    return ended.length > 0;
  }

  /** @param {string} peer @returns {Promise<[Link[], Link[]]>} */
  async #chains(peer) {
    const [mine, theirs] = await Promise.all([this.#deviceLists.of(b64(this.#me.uid)), this.#deviceLists.of(peer)]);
    return [mine.links, theirs.links];
  }

  /** @param {OpenEpoch} open @param {string} peer @param {(n: number) => number} sent */
  async #due(open, peer, sent) {
    const [mine, theirs] = await this.#chains(peer);
    return rotationReason(open.epoch, {
      mine,
      theirs,
      now: this.#clock.now(),
      sent: sent(open.epoch.n),
    });
  }

  /**
   * @param {string} conv
   * @param {string} peer
   * @param {number} reason
   * @param {OpenEpoch | null} open the newest, where it is good
   * @returns {Promise<OpenEpoch | null>} null: another one stands there, look again
   */
  async #make(conv, peer, reason, open) {
    const book = this.#epochs.book(conv, peer);
    const previous = book.head == null ? null : (book.records.get(book.head)?.epoch ?? null);
    const parent = reason === REASON.RESET ? null : (open ?? (await this.#epochs.lastGood(conv, peer)));
    const made = await createEpoch({
      conn: fromB64(conv, 16),
      previous,
      parent,
      reason,
      mine: await this.#headLink(b64(this.#me.uid)),
      theirs: await this.#headLink(peer),
      device: this.#me.device,
      dsk: this.#me.dsk,
      ms: this.#clock.now(),
    });
    try {
      await this.#publish(conv, made.epoch, previous);
    } catch (error) {
      return this.#lostTo(book, reason, open, error);
    }
    const kept = { epoch: made.epoch, open: made };
    book.records.set(made.epoch.n, kept);
    book.head = made.epoch.n;
    await this.#epochs.keep(conv, kept);
    void this.#epochs.putBox(conv, made);
    return made;
  }

  /**
   * The server lost a newer epoch, which this browser knows: nothing is sent under an older one. The device
   * that made it sends it again, byte for byte; others wait for that.
   * @param {string} conv
   * @param {string} peer
   * @param {number | null} head
   * @returns {Promise<boolean>} true: look again
   */
  async #publishAgain(conv, peer, head) {
    const { records, beyond } = this.#epochs.book(conv, peer);
    const [lost] = beyond;
    if (!lost) return false;
    const mine = equal(lost.creator, this.#me.uid) && equal(lost.device, this.#me.device);
    this.#epochs.renew(conv);
    if (!mine || lost.n !== (head ?? -1) + 1) throw Object.assign(new Error("the server is behind"), { code: "later" });
    const previous = head === null ? null : (records.get(head)?.epoch ?? null);
    await this.#publish(conv, lost, previous).catch((error) => {
      if (error.status !== 409) throw Object.assign(new Error("not now"), { code: "later" });
    });
    return true;
  }

  /** @param {string} conv @param {Epoch} epoch @param {Epoch | null} previous */
  #publish(conv, epoch, previous) {
    const body = { record: b64(epoch.bytes), ...(previous && { expected: previous.n }) };
    return this.#api.post(`/api/epochs/${hex(fromB64(conv, 16))}`, body, { proof: true });
  }

  /**
   * @param {Book} book
   * @param {number} reason
   * @param {OpenEpoch | null} open
   * @param {unknown} error
   */
  async #lostTo(book, reason, open, error) {
    const { status, code, body } = /** @type {import("../network/api.js").ApiError} */ (error);
    book.head = undefined; // after a timeout the outcome is unknown: look before deciding
    if (status === 409) {
      const { head, record } = /** @type {import("../protocol.js").EpochConflict} */ (body);
      const winner = await parseEpoch(fromB64(record));
      if (!book.records.get(head)?.open) book.records.set(head, { epoch: winner });
      book.head = head;
      return null;
    }
    if (open && POSTPONABLE.has(reason) && (status === 429 || code === "rate")) {
      book.head = open.epoch.n;
      return open;
    }
    if (status === 0 || status >= 500) return null;
    throw error;
  }

  /** @param {string} uid @returns {Promise<Link>} */
  async #headLink(uid) {
    const { links } = await this.#deviceLists.of(uid);
    return /** @type {Link} */ (links.at(-1));
  }
}

/** @param {number | null} head @param {boolean} ended */
function unopened(head, ended) {
  if (head === null) return REASON.FIRST;
  return ended ? REASON.RESET : REASON.BAD_KCV;
}
