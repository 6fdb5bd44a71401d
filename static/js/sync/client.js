// What the leading tab runs: every conversation of this device, the live connection, the outbox. It opens and
// seals; it knows no page. Pages reach it through requests.js, and hear what it tells.
//
// Policy: `#opened` (each connect: learn, catch up, resend), `#heard`, `#listChanged`.

import { STATE } from "../chat/contactstate.js";
import { recentPeers } from "../chat/order.js";
import { b64 } from "../crypto/encoding.js";
import { EpochRotation } from "../keys/epochrotation.js";
import { EpochStore } from "../keys/epochstore.js";
import { LiveConnection } from "../network/liveconnection.js";
import { Contacts } from "../people/contacts.js";
import { DeviceLists } from "../people/devicelists.js";
import { Verification } from "../people/verification.js";
import { correct } from "./applystate.js";
import { arrive } from "./arriving.js";
import { sync } from "./catchup.js";
import { Clearing } from "./clearing.js";
import { Conversation } from "./conversation.js";
import { evict, withFiles } from "./evicting.js";
import { Hiding } from "./hiding.js";
import { HistoryRequests } from "./historyrequests.js";
import { learnContacts } from "./joined.js";
import { blank } from "./kept.js";
import { Notices } from "./notices.js";
import { outgoing, rowOf } from "./outgoing.js";
import { Presence } from "./presence.js";
import { Receipts } from "./receipts.js";
import { Rollback } from "./rollback.js";
import { ChatSummaries } from "./summaries.js";
import { summaryOf } from "./summary.js";
import { unwritten, vecHash } from "./vector.js";

/** @typedef {import("../protocol.js").VectorRow} VectorRow */
/** @typedef {import("../protocol.js").ServerFrame} ServerFrame */
/** @typedef {import("./clientparts.js").ClientParts} ClientParts */

export class Client {
  /** @type {ClientParts} */ parts;
  /** @type {Map<string, Conversation>} */ conversations = new Map();
  /** @type {{state: import("../network/liveconnection.js").LiveState, reason?: string, inMs?: number}} */
  status = { state: "connecting" };
  current = false; // what the server has of each conversation is known, as of this connect
  #breaks = 0; // of the live connection
  /** @type {VectorRow[]} until it is learned: what is heard meanwhile is newer */ #vector = [];
  /** @type {string} my uid */ me;
  /** @type {import("../sending/outbox.js").Outbox} */ outbox;
  /** @type {import("../sending/uploads.js").Uploads} */ uploads;
  #history;
  #summaries;
  #rollback;
  /** @type {HistoryRequests["ask"]} */ ask = (what) => this.#history.ask(what);

  /** @param {ClientParts} parts */
  constructor(parts) {
    const { stores, api, clock, account, tell } = parts;
    this.parts = parts;
    this.me = b64(account.uid);
    const send = (/** @type {import("../protocol.js").ClientFrame} */ frame) => this.live.send(frame);
    this.#history = new HistoryRequests(send, clock);
    this.deviceLists = new DeviceLists(api, stores, (uid, event) => this.#listChanged(uid, event), clock.now);
    this.deviceLists.own(this.me, account.links);
    const known = { api, stores, deviceLists: this.deviceLists, me: account, clock };
    this.epochs = new EpochStore({ ...known, renewMe: () => this.#renewMe() });
    this.rotation = new EpochRotation({ ...known, epochs: this.epochs });
    this.receipts = new Receipts(send, clock);
    this.notices = new Notices(stores, clock, tell);
    const changed = () => this.#summaries.changed();
    this.contacts = new Contacts({ api, stores, me: account, changed });
    this.verification = new Verification({ ...known, contacts: this.contacts, changed });
    this.#summaries = new ChatSummaries({ clock, tell, client: this });
    this.presence = new Presence({ clock, send, tell, watched: () => recentPeers(this.conversations.values()) });
    this.clearing = new Clearing({ stores, clock, call: this.#clear, changed: (conv) => this.tellChat(conv) });
    const { ask, clearing, receipts, epochs } = this;
    this.#rollback = new Rollback({ stores, tell, ask, clearing, receipts, epochs });
    const keys = {
      sync: (/** @type {string} */ conv) => sync(this.conversations.get(conv), this.ask),
      renew: (/** @type {string} */ conv) => this.#renewKeys(conv),
    };
    ({ outbox: this.outbox, uploads: this.uploads } = outgoing(this, keys));
    this.hiding = new Hiding({ ...parts, conversations: this.conversations });
    this.live = new LiveConnection({
      ...parts,
      vecHash: () => vecHash([...this.conversations.values()].map(({ row }) => row)),
      focus: () => this.presence.focus,
      changed: (state, more) => this.#statusChanged(state, more),
      opened: (rows, data) => this.#opened(rows, data),
      heard: (frame) => void this.#heard(frame),
    });
  }

  async start() {
    await Promise.all([this.outbox.load(), this.contacts.load(), this.#rollback.load()]);
    for (const [, kept] of await this.parts.stores.all("chats")) this.#open(kept);
    await Promise.all([this.notices.load(), this.clearing.load(), this.hiding.load()]);
    this.live.start();
    await this.uploads.sweep().catch(() => {}); // the next start does it
  }

  stop() {
    this.live.stop();
    this.uploads.stop();
  }

  /** The network may be back. */
  wake() {
    this.live.wake();
    this.uploads.wake();
    this.outbox.wake();
  }

  /** The summary of one conversation, for the list of chats. @param {Conversation} one */
  summary = (one) => summaryOf(this, one);

  summaries = () => [...this.conversations.values()].map(this.summary);

  /** @param {string} conv */
  tellChat(conv) {
    const conversation = this.conversations.get(conv);
    if (conversation) this.parts.tell("chat", this.summary(conversation));
  }

  /** @param {import("./conversation.js").Kept} kept @returns {Conversation} */
  #open(kept) {
    const { conv, peer } = kept.row;
    const { account } = this.parts;
    const conversation = new Conversation(kept, {
      ...this.parts,
      desk: {
        me: this.me,
        peer,
        seeds: account.seeds,
        deviceLists: this.deviceLists,
        epoch: (n) => this.epochs.open(conv, peer, n),
      },
      ask: (what, limit) => this.ask({ conv, ...what, limit }),
      ahead: async (n) => {
        await Promise.all([this.deviceLists.recall(peer), this.epochs.recall(conv, peer, n)]);
        return () => Promise.all([this.deviceLists.of(peer), this.epochs.ahead(conv, peer, n)]);
      },
      applied: (message, fresh) => this.#applied(message, fresh),
      hides: this.hiding.shown,
      evict: (messages) => evict(this.parts.files, messages),
      retold: (message) => this.parts.tell("retold", this.hiding.shown(message)),
      changed: () => this.tellChat(conv),
    });
    this.conversations.set(conv, conversation);
    return conversation;
  }

  /** @param {import("../network/liveconnection.js").LiveState} state @param {{reason?: string, inMs?: number}} more */
  #statusChanged(state, more) {
    const was = this.status.state;
    this.status = { state, ...more };
    this.current &&= state === "live";
    if (was === "live" && state !== "live") {
      this.#breaks += 1;
      for (const part of [this.outbox, this.receipts, this.presence, this.#history]) part.closed();
    }
    this.parts.tell("status", this.status);
  }

  /** @param {VectorRow[] | null} rows null: what is kept here is what the server has @param {string} data */
  #opened(rows, data) {
    const breaks = this.#breaks;
    this.#vector = rows ?? [];
    void learnContacts(this);
    this.uploads.wake();
    void arrive(rows, this, {
      follow: () => this.#rollback.follow(rows, data, this.conversations.values()),
      open: (row) => this.#open(blank(row)),
      ask: this.ask,
      learned: () => {
        this.#vector = [];
        this.parts.tell("current", (this.current = this.live.isLive));
      },
      holds: () => breaks === this.#breaks,
    });
    this.clearing.opened(); // with what is compared now it waits
  }

  /** Every kind that the live connection does not take itself. @param {import("../network/liveconnection.js").HeardFrame} frame */
  async #heard(frame) {
    if (this.#history.answered(frame)) return;
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
        return conversation?.receipt(frame, frame.by === this.me);
      case "presence":
        return this.presence.learn(frame.users);
      case "typing":
        return this.presence.peerTypes(frame.conv);
      case "epoch":
        return this.epochs.renew(frame.conv);
      case "list":
        return this.#meet(frame.user, frame.k);
      case "request":
        return this.#related({ ...frame, state: STATE.ASKS });
      case "connection":
        return this.#related(frame);
      case "settings":
        void this.contacts.refresh().catch(() => {}); // a note of another device
        return this.parts.tell("settings", frame);
      case "signed_out": // the close that follows says it to the pages
      case "page": // answers a question that nobody has any more
        return undefined;
      default:
        return /** @satisfies {never} */ (frame); // tsc: a kind without a case
    }
  }

  /** My message has its place: it is applied like any other row. @param {Extract<ServerFrame, {t: "sent"}>} frame */
  async #sent(frame) {
    const { conv, client_id, seq, heads } = frame;
    const { sealed } = this.outbox.all().find((one) => one.sealed?.frame.client_id === client_id) ?? {};
    const conversation = this.conversations.get(conv);
    if (sealed) await conversation?.push(rowOf(sealed, frame, this));
    await this.outbox.sent(frame, !conversation || conversation.have >= seq);
    if (conversation) void this.#meet(conversation.row.peer, ...heads.peer);
    void this.#meet(this.me, ...heads.me);
  }

  /** @param {import("./decrypt.js").Message} message @param {boolean} fresh */
  async #applied(message, fresh) {
    const { conv, seq, mid, mine, device, content } = message;
    this.parts.tell("message", { message, fresh });
    if (content?.t === "del" && content.ref) this.parts.tell("deleted", { conv, mid: content.ref, mine });
    if (mine && mid && device === b64(this.parts.account.device)) await this.outbox.seen(conv, mid);
    if (!mine && message.gone !== "withheld") {
      this.presence.peerRests(conv);
      this.receipts.got(conv, seq);
    }
  }

  /** @param {string} conv @param {number} upto everything up to here is gone for this person */
  #clear = async (conv, upto) => {
    const talk = this.conversations.get(conv);
    if (!talk) return;
    const cleared = Math.min(upto, await talk.agreed);
    await this.contacts.act(talk.row.peer, "clear", undefined, { upto: cleared });
    await this.#related({ ...talk.row, cleared });
  };

  /** @param {Pick<VectorRow, "conv" | "peer" | "since" | "state"> & {cleared?: number | null | undefined}} relation */
  async #related({ conv, peer, since, state, cleared }) {
    const relation = { conv, peer, since, state, ...(cleared && { cleared }) };
    correct(this.#vector, relation);
    const conversation = this.conversations.get(conv) ?? this.#open(blank(unwritten(relation)));
    const clears = cleared && cleared > conversation.row.cleared;
    const files = clears ? await withFiles(this.parts.stores, conv, cleared) : [];
    await conversation.learn(relation);
    await evict(this.parts.files, files);
    await learnContacts(this);
    this.presence.watch();
    void this.outbox.pump(conv);
  }

  /** @param {string} uid @param {number} k @param {string} [hash] */
  async #meet(uid, k, hash) {
    try {
      if (uid !== this.me) await this.deviceLists.meet(uid, k, hash);
      else if (k > (this.deviceLists.kept(uid)?.links.at(-1)?.k ?? 0)) {
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
    this.deviceLists.own(this.me, this.parts.account.links);
  }

  /** Stale: the head, or a list that it names, moved while nobody told this device. @param {string} conv */
  async #renewKeys(conv) {
    this.epochs.renew(conv);
    const talk = this.conversations.get(conv);
    await Promise.all([this.#renewMe(), talk && this.deviceLists.refresh(talk.row.peer)]);
  }

  /** @param {string} uid @param {"first" | "grown" | "reset"} event */
  #listChanged(uid, event) {
    for (const [conv, { row, have }] of this.conversations) {
      if (row.peer === uid) void this.notices.add(conv, have, this.verification.notice(uid, event));
    }
    this.#summaries.changed();
  }
}
