// What the leading tab runs: every conversation of this device, the line, the outbox. It opens and
// seals; it knows no page. Pages reach it through requests.js, and hear what it tells.
//
// Policy: `#opened` (each connect: learn, catch up, resend), `#heard`, `#listChanged`.

import { recentPeers } from "../chatorder.js";
import { b64 } from "../crypto/encoding.js";
import { Link } from "../link.js";
import { Outbox } from "../outbox.js";
import { STATE } from "../relation.js";
import { Asking } from "./asking.js";
import { catchUp, sync } from "./catchup.js";
import { Contacts } from "./contacts.js";
import { Conversation } from "./conversation.js";
import { Directory } from "./directory.js";
import { EpochKeeper } from "./epochkeeper.js";
import { EpochReader } from "./epochreader.js";
import { learn } from "./learning.js";
import { Lines } from "./lines.js";
import { Notices } from "./notices.js";
import { Receipts } from "./receipts.js";
import { sealer } from "./sealing.js";
import { outboxStore } from "./shelf.js";
import { Sightings } from "./sightings.js";
import { Trust } from "./trust.js";
import { unwritten, vecHash } from "./vector.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("../protocol.js").ServerFrame} ServerFrame */

/**
 * @typedef {object} HubParts
 * @property {import("./shelf.js").Shelf} shelf
 * @property {import("../api.js").Api} api
 * @property {import("../clock.js").Clock} clock
 * @property {import("../socket.js").Dial} dial
 * @property {import("./epochreader.js").Me & {links: import("../crypto/devicelist.js").Link[]}} account
 * @property {() => Promise<void>} renewAccount my own list grew: `account` is brought up to date
 * @property {import("../link.js").LinkParts["credentials"]} credentials
 * @property {(event: string, detail: unknown) => void} tell
 */

export class Hub {
  /** @type {HubParts} */ parts;
  /** @type {Map<string, Conversation>} */ conversations = new Map();
  /** @type {{state: import("../link.js").LinkState, reason?: string, inMs?: number}} */
  status = { state: "connecting" };
  current = false; // what the server has of each conversation is known, as of this connect
  #me;
  #asking;
  #lines;

  /** @param {HubParts} parts */
  constructor(parts) {
    const { shelf, api, clock, account, tell } = parts;
    this.parts = parts;
    this.#me = b64(account.uid);
    const send = (/** @type {import("../protocol.js").ClientFrame} */ frame) => this.link.send(frame);
    this.#asking = new Asking(send, clock);
    this.directory = new Directory(api, shelf, (uid, event) => this.#listChanged(uid, event));
    this.directory.own(this.#me, account.links);
    const known = { api, shelf, directory: this.directory, me: account, clock };
    this.reader = new EpochReader({ ...known, renewMe: () => this.#renewMe() });
    this.keeper = new EpochKeeper({ ...known, reader: this.reader });
    this.receipts = new Receipts(send, clock);
    this.notices = new Notices(shelf, clock, tell);
    this.contacts = new Contacts({ api, shelf, me: account, changed: () => this.#lines.changed() });
    this.trust = new Trust({ ...known, contacts: this.contacts, changed: () => this.#lines.changed() });
    this.#lines = new Lines({ clock, all: () => this.summaries(), tell, people: () => this.trust.people() });
    this.sightings = new Sightings({ clock, send, tell, watched: () => recentPeers(this.conversations.values()) });
    this.outbox = new Outbox(this.#outboxParts());
    this.link = new Link({
      ...parts,
      vecHash: () => vecHash([...this.conversations.values()].map(({ row }) => row)),
      focus: () => this.sightings.focus,
      changed: (state, more) => this.#linkChanged(state, more),
      opened: (rows) => void this.#opened(rows),
      heard: (frame) => void this.#heard(frame),
    });
  }

  async start() {
    await Promise.all([this.outbox.load(), this.contacts.load()]);
    for (const [, kept] of await this.parts.shelf.all("chats")) this.#open(kept);
    await this.notices.load();
    this.link.start();
    this.contacts.refresh().catch(() => {}); // again on the next connect
  }

  /** The line of one conversation in the list of chats. @param {Conversation} conversation */
  summary({ row, newest, unread, have, steps }) {
    const [contact, presence] = [this.contacts.of(row.peer), this.sightings.of(row.peer)];
    const [identity, trust] = [this.directory.kept(row.peer)?.reset ? "reset" : "same", this.trust.of(row.peer)];
    return { row, contact, newest, unread, have, steps, identity, presence, trust };
  }

  summaries() {
    return [...this.conversations.values()].map((conversation) => this.summary(conversation));
  }

  /** @param {string} conv */
  tellChat(conv) {
    const conversation = this.conversations.get(conv);
    if (conversation) this.parts.tell("chat", this.summary(conversation));
  }

  /** @param {import("./conversation.js").Kept} kept @returns {Conversation} */
  #open(kept) {
    const { conv, peer } = kept.row;
    const { shelf, clock, account } = this.parts;
    const conversation = new Conversation(kept, {
      shelf,
      clock,
      desk: {
        me: this.#me,
        peer,
        seeds: account.seeds,
        directory: this.directory,
        epoch: (n) => this.reader.open(conv, peer, n),
      },
      ask: (what, limit) => this.#asking.ask({ conv, ...what, limit }),
      ahead: async (n) => {
        await Promise.all([this.directory.recall(peer), this.reader.recall(conv, peer, n)]);
        return () => Promise.all([this.directory.of(peer), this.reader.ahead(conv, peer, n)]);
      },
      applied: (letter, fresh) => this.#applied(letter, fresh),
      changed: () => this.tellChat(conv),
    });
    this.conversations.set(conv, conversation);
    return conversation;
  }

  /** @returns {import("../outbox.js").OutboxParts} */
  #outboxParts() {
    const { shelf, clock, account, tell } = this.parts;
    return {
      store: outboxStore(shelf),
      clock,
      seal: sealer({
        me: account,
        directory: this.directory,
        keeper: this.keeper,
        conversation: (conv) => this.conversations.get(conv),
        now: clock.now,
      }),
      transmit: (frame) => {
        this.receipts.flush(frame.conv);
        return this.link.send(frame);
      },
      sync: (conv) => sync(this.conversations.get(conv), (what) => this.#asking.ask(what)),
      renew: (conv) => this.#renewKeys(conv),
      changed: (entry, gone) => tell("entry", { entry, gone }),
    };
  }

  /** @param {import("../link.js").LinkState} state @param {{reason?: string, inMs?: number}} more */
  #linkChanged(state, more) {
    const was = this.status.state;
    this.status = { state, ...more };
    this.current &&= state === "live";
    if (was === "live" && state !== "live") {
      this.outbox.closed();
      this.receipts.closed();
      this.sightings.closed();
      this.#asking.closed();
    }
    this.parts.tell("link", this.status);
  }

  /** @param {VectorRow[] | null} rows null: what is kept here is what the server has */
  async #opened(rows) {
    const said = new Map((rows ?? []).map((row) => [row.conv, row]));
    const settled = () => void (this.link.live && this.outbox.opened());
    try {
      const blank = (/** @type {VectorRow} */ row) => this.#open(Conversation.blank(row));
      const keepRest = rows ? await learn(rows, this.conversations, blank, this.parts.shelf) : async () => {};
      this.parts.tell("current", (this.current = this.link.live));
      this.sightings.opened();
      const ask = (/** @type {Parameters<Asking["ask"]>[0]} */ what) => this.#asking.ask(what);
      await catchUp([...this.conversations.values()], this.outbox.all(), ask, settled, keepRest);
    } catch {} // a break in the middle: the next connect begins anew
    settled();
    for (const { row } of this.conversations.values()) this.receipts.known(said.get(row.conv) ?? row, row);
    this.contacts.refresh().catch(() => {});
  }

  /** @param {ServerFrame} frame */
  async #heard(frame) {
    if (this.#asking.answered(frame)) return;
    const conversation = "conv" in frame ? this.conversations.get(frame.conv) : undefined;
    switch (frame.t) {
      case "msg":
        return conversation ? conversation.push(frame) : undefined;
      case "sent":
        return this.#sent(frame);
      case "busy":
      case "error":
        return this.outbox.refused(frame);
      case "stale_epoch":
        return this.outbox.stale(frame);
      case "receipt":
        return conversation?.receipt(frame, frame.by === this.#me);
      case "presence":
        return this.sightings.presence(frame.users);
      case "typing":
        return this.sightings.peerTypes(frame.conv);
      case "epoch":
        return this.reader.renew(frame.conv);
      case "list":
        return this.#meet(frame.user, frame.k);
      case "request":
        return this.#related({ ...frame, state: STATE.ASKS });
      case "connection":
        return this.#related(frame);
      default:
        if (frame.t === "settings") void this.contacts.refresh().catch(() => {}); // a note of another device
        this.parts.tell(frame.t, frame); // settings, signed_out
    }
  }

  /** My message has its place: it is applied like any other row. @param {Extract<ServerFrame, {t: "sent"}>} frame */
  async #sent(frame) {
    const { conv, client_id, seq, ord, time, heads } = frame;
    const entry = this.outbox.of(conv).find(({ sealed }) => sealed?.frame.client_id === client_id);
    const conversation = this.conversations.get(conv);
    if (entry?.sealed && conversation) {
      const { body, salt, epoch, kind, ttl } = entry.sealed.frame;
      const device = b64(this.parts.account.device);
      const { ctr } = entry.sealed;
      const row = { conv, seq, client_id, sender: this.#me, device, ctr, time, ord, kind, epoch, ttl, body, salt };
      await conversation.push({ t: "msg", ...row });
    }
    await this.outbox.sent(frame, !conversation || conversation.have >= seq);
    if (conversation) void this.#meet(conversation.row.peer, ...heads.peer);
    void this.#meet(this.#me, ...heads.me);
  }

  /** @param {import("./letters.js").Letter} letter @param {boolean} fresh */
  async #applied(letter, fresh) {
    const { conv, seq, mid, mine, device } = letter;
    this.parts.tell("letter", { letter, fresh });
    if (mine && mid && device === b64(this.parts.account.device)) await this.outbox.seen(conv, mid);
    if (!mine) {
      this.sightings.peerRests(conv);
      this.receipts.got(conv, seq);
    }
  }

  /** @param {Pick<VectorRow, "conv" | "peer" | "since" | "state">} relation */
  async #related({ conv, peer, since, state }) {
    const relation = { conv, peer, since, state };
    const conversation = this.conversations.get(conv) ?? this.#open(Conversation.blank(unwritten(relation)));
    await conversation.learn({ ...conversation.row, ...relation });
    await this.contacts.refresh().catch(() => {});
    this.sightings.watch();
    void this.outbox.pump(conv);
  }

  /** @param {string} uid @param {number} k @param {string} [hash] */
  async #meet(uid, k, hash) {
    try {
      if (uid !== this.#me) await this.directory.meet(uid, k, hash);
      else if (k > (this.directory.kept(uid)?.links.at(-1)?.k ?? 0)) {
        await this.#renewMe();
        this.parts.tell("own_list", { k });
      }
    } catch {
      // The next message or connect asks again; nothing is sent under an old list meanwhile.
    }
  }

  /** My own list, and the user keys that it names. */
  async #renewMe() {
    await this.parts.renewAccount();
    this.directory.own(this.#me, this.parts.account.links);
  }

  /** Stale: the head, or a list that it names, moved while nobody told this device. @param {string} conv */
  async #renewKeys(conv) {
    this.reader.renew(conv);
    const talk = this.conversations.get(conv);
    await Promise.all([this.#renewMe(), talk && this.directory.refresh(talk.row.peer)]);
  }

  /** @param {string} uid @param {"first" | "grown" | "reset"} event */
  #listChanged(uid, event) {
    for (const [conv, { row, have }] of this.conversations) {
      if (row.peer === uid) void this.notices.add(conv, have, event === "grown" ? "list" : this.trust.loss(uid));
    }
    this.#lines.changed();
  }
}
