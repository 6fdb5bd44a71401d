// The messages of one conversation. It holds a part of the history, lets threadlayout.js say what stands
// where, and changes only the nodes that differ.

import { STATE } from "../chat/contactstate.js";
import { wallClock } from "../clock.js";
import { bus } from "../tabs/bus.js";
import { announce } from "../ui/announcer.js";
import { attentive, onReturn } from "../ui/attention.js";
import { fill, part } from "../ui/bubbles.js";
import { onNewDay } from "../ui/day.js";
import { FirstUnread } from "../ui/firstunread.js";
import { MessageDetails } from "../ui/messagedetails.js";
import { Paging } from "../ui/paging.js";
import { nameOf } from "../ui/person.js";
import { fillReactions } from "../ui/reactionpills.js";
import { Reading } from "../ui/reading.js";
import { reconcile } from "../ui/reconcile.js";
import { Scrolling } from "../ui/scrolling.js";
import { layout } from "../ui/threadlayout.js";
import { ThreadMedia } from "../ui/threadmedia.js";
import { ThreadReplies } from "../ui/threadreplies.js";
import { showJump, showTyping } from "../ui/threadsigns.js";

/** @typedef {import("../sync/decrypt.js").Message} Message */
/** @typedef {import("../sending/outbox.js").Entry} Entry */
/** @typedef {import("../tabs/bus.js").Summary} Summary */

const EARLY_PX = 800; // messages further on are fetched this far before they are needed
const OWN_PAGES = 5; // of messages written without reading, looked through for the first unread one

export class ChatThread extends HTMLElement {
  static observedAttributes = ["conv"];
  #pages = new Paging({
    ask: (before) => bus.ask("messages", this.conv ?? "", before),
    begins: (how) => void (part(this, "older").hidden = how !== "older"),
    ends: (page) => this.#paged(page),
  });
  /** @type {Map<string, Entry>} */ #entries = new Map();
  /** @type {import("../sync/notices.js").Notice[]} */ #notices = [];
  /** @type {Summary | undefined} */ #chat;
  #first = new FirstUnread();
  #turn = 0; // number of the placing: an older one gives up
  /** @type {number | null} ord of the message that the view was put at; 0: the end */ #shown = null;
  #settled = false; // that is where reading begins: from now on it counts
  /** @type {{message: Message, fresh: boolean}[] | null} */ #late = null; // came while the view was being put
  /** @type {Map<string, HTMLElement>} */ #nodes = new Map();
  /** @type {Scrolling | undefined} */ #scrolling;
  #reading = new Reading({
    clock: wallClock,
    shown: () => this.#onScreen(),
    upto: () => this.#chat?.row.my_read_ord ?? 0,
    read: ({ conv, seq, ord }) => void bus.ask("read", conv, seq, ord),
  });
  /** @type {MessageDetails | undefined} */ #details;
  /** @type {ThreadMedia | undefined} */ #media;
  /** @type {ThreadReplies | undefined} */ #replies;
  /** @type {(() => void)[]} */ #stop = [];

  get conv() {
    return this.getAttribute("conv");
  }

  get #window() {
    return this.#pages.window;
  }

  connectedCallback() {
    const box = part(this, "scroll");
    this.#scrolling ??= new Scrolling(box, part(this, "messages"), () => !this.#window.later);
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#details ??= new MessageDetails(part(this, "messages"), () => this.#render());
    part(this, "jump").addEventListener("click", () => void this.#jump());
    part(this, "first").addEventListener("click", () => void this.#toFirst());
    this.#media ??= new ThreadMedia(box, this.#scrolling, this.#nodes);
    this.#replies ??= new ThreadReplies(this, this.#scrolling, this.#pages, this.#nodes, () => this.#render());
    for (const sign of ["focus", "blur", "visibilitychange"]) window.addEventListener(sign, () => this.#reading.look());
    window.addEventListener("focus", () => this.#unmark());
    onReturn(() => this.#reading.look());
    this.#stop = [
      bus.on("message", ({ message, fresh }) => this.#came(message, fresh)),
      bus.on("retold", (message) => this.#window.get(message.seq) && this.#came(message, false)),
      bus.on("entry", ({ entry, gone }) => this.#waits(entry, gone)),
      bus.on("chat", (chat) => chat.row.conv === this.conv && this.#learn(chat)),
      bus.on("current", () => !this.#settled && this.#place()),
      bus.on("notice", ({ conv, notice }) => conv === this.conv && this.#note(notice)),
      bus.on("rewound", ({ conv }) => conv === this.conv && this.attributeChangedCallback()),
      bus.on("typing", ({ conv, typing }) => conv === this.conv && this.#types(typing)),
      onNewDay(() => this.#render()),
      this.#media.listen(),
      this.#replies.listen(),
    ];
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  attributeChangedCallback() {
    this.hidden = !this.conv;
    this.#forget();
    void this.#place();
  }

  /** Another conversation. */
  #forget() {
    this.#turn += 1;
    this.#late = null;
    this.#shown = null;
    this.#settled = false;
    this.#pages.forget();
    this.#entries.clear();
    this.#notices = [];
    this.#chat = undefined;
    this.#first.forget();
    this.#nodes.clear();
    part(this, "messages").replaceChildren();
    this.#scrolling?.toEnd();
    part(this, "begin").hidden = true;
    this.#types(false);
    this.#reading.forget();
    this.#details?.close();
    this.#replies?.forget();
  }

  /**
   * Puts the view where reading begins. Before the server was heard that is a guess, and is made
   * again when it was; once known, it stays. What comes meanwhile waits, and nothing is read.
   */
  async #place() {
    if (!this.conv) return;
    const turn = ++this.#turn;
    this.#late ??= [];
    const { chat, current } = await bus.ask("opening", this.conv);
    if (turn !== this.#turn) return;
    this.#chat = chat;
    void this.#media?.open(this.conv);
    this.#first.take(chat);
    this.#unmark();
    const begin = this.#first.ord ?? 0;
    if (this.#shown === null || (this.#shown !== begin && this.#scrolling?.stuck)) {
      const there = await this.#pages.replace(this.#first.before);
      if (turn === this.#turn && !(await this.#toFirst())) await this.#jump();
      if (turn !== this.#turn) return;
      this.#shown = there ? begin : null;
    }
    this.#settled = this.#shown !== null && (current || begin > 0);
    this.#release();
  }

  /** What came while the view was placed. */
  #release() {
    const late = this.#late ?? [];
    this.#late = null;
    for (const { message, fresh } of late) this.#came(message, fresh);
    this.#paged(null);
  }

  /** Shows the first unread message, however far up it is. */
  async #toFirst() {
    const turn = this.#turn;
    const lacks = () => turn === this.#turn && this.#first.ord !== undefined && !this.#nodes.has("unread");
    if (lacks() && !this.#first.knownIn(this.#window)) await this.#pages.replace(this.#first.before);
    for (let page = 0; page < OWN_PAGES && lacks(); page++) if (!(await this.#pages.newer())) break;
    const line = turn === this.#turn ? this.#nodes.get("unread") : undefined;
    if (line) this.#scrolling?.toStart(line);
    this.#showJump();
    return Boolean(line);
  }

  /** Marked as unread means: until I open it. */
  #unmark() {
    if (this.conv && this.#chat?.contact?.unread && attentive()) void bus.ask("markUnread", this.conv, false);
  }

  /** @param {import("../ui/paging.js").MessagesPage | null} page */
  #paged(page) {
    part(this, "older").hidden = true;
    for (const entry of page?.entries ?? []) this.#entries.set(entry.id, entry);
    if (page) this.#notices = page.notices;
    this.#render();
    this.#reach();
    this.#reading.look();
  }

  /** Brings what is near the window. */
  #reach() {
    if (this.#late) return;
    const { scrollTop, scrollHeight, clientHeight } = part(this, "scroll");
    if (scrollTop < EARLY_PX) void this.#pages.older();
    if (scrollHeight - scrollTop - clientHeight < EARLY_PX) void this.#pages.newer();
  }

  #render() {
    const { messages, only, first, last, more, later } = this.#window;
    const notices = this.#notices.filter(({ seq }) => (!more || seq >= first) && (!later || seq < last));
    const entries = [...this.#entries.values()].sort((a, b) => a.order - b.order);
    this.#replies?.hold({ messages, only, entries });
    const items = layout({
      messages,
      only,
      entries: entries.filter(({ content }) => !later || content.t !== "text"),
      notices,
      marks: this.#chat?.row ?? { peer_got: 0, peer_read: 0 },
      ...(this.#first.ord && this.#first.knownIn(this.#window) && { unreadFrom: this.#first.ord }),
    });
    this.#scrolling?.keeping(() => {
      part(this, "begin").hidden = more || !this.#chat;
      reconcile(part(this, "messages"), this.#nodes, items, (node, item) => {
        if (fill(node, item, nameOf(this.#chat?.contact))) this.#media?.fill(node, item);
        if (item.type !== "bubble") return;
        this.#details?.fill(node, item, this.#chat);
        this.#replies?.fill(node, item, this.#chat);
        fillReactions(node, item, this.#chat);
      });
      this.#media?.show(items, nameOf(this.#chat?.contact));
      this.#details?.settle();
    });
    this.#showJump();
  }

  /** @param {Message} message @param {boolean} fresh */
  #came(message, fresh) {
    if (message.conv !== this.conv) return;
    if (this.#late) return void this.#late.push({ message, fresh });
    if (!this.#window.came(message, this.#scrolling?.stuck ?? true)) return void this.#again();
    if (fresh && !message.mine) announce(message, nameOf(this.#chat?.contact));
    this.#render();
    this.#reading.look();
  }

  /** It jumped over what came meanwhile: start again from the newest page. */
  async #again() {
    const turn = this.#turn;
    this.#replies?.forget();
    this.#late = [];
    await this.#pages.replace();
    if (turn === this.#turn) this.#release();
  }

  /** @param {Entry} entry @param {boolean} gone */
  #waits(entry, gone) {
    if (entry.conv !== this.conv) return;
    const mine = !this.#entries.has(entry.id);
    if (gone) this.#entries.delete(entry.id);
    else this.#entries.set(entry.id, entry);
    this.#render();
    if (mine && !gone && entry.content.t === "text") void this.#jump();
  }

  /** @param {Summary} chat */
  #learn(chat) {
    const before = this.#chat;
    this.#chat = chat;
    if (!before) return void this.#place();
    if (this.#window.turnedBy(before.row.cleared, chat.row.cleared)) return void this.#again();
    this.#render();
  }

  /** @param {import("../sync/notices.js").Notice} notice */
  #note(notice) {
    this.#notices = [...this.#notices, notice];
    this.#render();
  }

  /** @param {boolean} typing */
  #types(typing) {
    showTyping(this, typing ? nameOf(this.#chat?.contact) : undefined);
    if (typing && this.#scrolling?.stuck) this.#scrolling.toEnd();
  }

  #scrolled() {
    this.#reach();
    this.#showJump();
    this.#reading.look();
  }

  #showJump() {
    // What is read is on the screen or above it.
    showJump(this, this.#scrolling?.stuck ?? true, this.#chat?.unread ?? 0);
    const line = this.#nodes.get("unread");
    const above = line ? Boolean(this.#scrolling?.above(line)) : this.#first.isAbove(this.#window);
    part(this, "first").hidden = !this.#first.offered(above);
  }

  async #jump() {
    if (this.#window.later) await this.#pages.replace();
    if (this.#chat?.unread) this.#first.leap();
    this.#scrolling?.toEnd();
    this.#showJump();
  }

  /** @returns {Message[]} the peer's that somebody looks at */
  #onScreen() {
    if (!this.#settled || !attentive() || this.#chat?.row.state !== STATE.CONNECTED) return [];
    const shown = this.#scrolling?.visible().map((node) => this.#window.get(Number(node.dataset.seq))) ?? [];
    return shown.filter((message) => message !== undefined).filter(({ mine }) => !mine);
  }
}

customElements.define("chat-thread", ChatThread);
