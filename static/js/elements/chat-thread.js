// The messages of one conversation. It holds a stretch of them, lets threadlayout.js say what stands
// where, and changes only the nodes that differ.

import { announce } from "../announcer.js";
import { attentive, onReturn } from "../attention.js";
import { fill, part } from "../bubbles.js";
import { wallClock } from "../clock.js";
import { MessageDetails } from "../messagedetails.js";
import { nameOf } from "../person.js";
import { Reading } from "../reading.js";
import { reconcile } from "../reconcile.js";
import { Scrolling } from "../scrolling.js";
import { session } from "../session.js";
import { PAGE, Stretch } from "../stretch.js";
import { format, gettext } from "../text.js";
import { holdsFirst, layout } from "../threadlayout.js";

/** @typedef {import("../letters.js").Letter} Letter */
/** @typedef {import("../outbox.js").Entry} Entry */
/** @typedef {import("../session.js").Summary} Summary */

const EARLY_PX = 800; // messages further on are fetched this far before they are needed
const AHEAD = 30; // of a page: shown behind the last read message when a chat opens there
const OWN_PAGES = 5; // of messages written without reading, looked through for the first unread one
const STATE = { connected: 3 };

export class ChatThread extends HTMLElement {
  static observedAttributes = ["conv"];
  #stretch = new Stretch();
  /** @type {Map<string, Entry>} */ #entries = new Map();
  /** @type {import("../notices.js").Notice[]} */ #notices = [];
  /** @type {Summary | undefined} */ #chat;
  /** @type {number | undefined} */ #unreadFrom;
  #unreadAfter = 0; // seq of the last message that was read when the chat opened
  /** @type {Promise<void> | null} */ #loading = null;
  #below = 0; // came while the reader was further up
  /** @type {Map<string, HTMLElement>} */ #nodes = new Map();
  /** @type {Scrolling | undefined} */ #scrolling;
  #reading = new Reading({
    clock: wallClock,
    shown: () => this.#onScreen(),
    upto: () => this.#chat?.row.my_read_ord ?? 0,
    read: ({ conv, seq, ord }) => void session.ask("read", conv, seq, ord),
  });
  /** @type {MessageDetails | undefined} */ #details;
  /** @type {(() => void)[]} */ #stop = [];

  get conv() {
    return this.getAttribute("conv");
  }

  connectedCallback() {
    const box = part(this, "scroll");
    this.#scrolling ??= new Scrolling(box, part(this, "messages"), () => !this.#stretch.later);
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#details ??= new MessageDetails(part(this, "messages"), () => this.#render());
    part(this, "jump").addEventListener("click", () => void this.#jump());
    part(this, "first").addEventListener("click", () => void this.#toFirst());
    this.addEventListener("click", (event) => this.#act(event));
    for (const event of ["focus", "blur"]) window.addEventListener(event, () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
    window.addEventListener("focus", () => this.#unmark());
    onReturn(() => this.#look());
    this.#stop = [
      session.on("letter", ({ letter, fresh }) => this.#came(letter, fresh)),
      session.on("entry", ({ entry, gone }) => this.#waits(entry, gone)),
      session.on("chat", (chat) => chat.row.conv === this.conv && this.#learn(chat)),
      session.on("link", ({ state }) => state === "live" && !this.#stretch.size && this.#open(this.conv)),
      session.on("notice", ({ conv, notice }) => conv === this.conv && this.#note(notice)),
      session.on("typing", ({ conv, typing }) => conv === this.conv && this.#types(typing)),
    ];
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  attributeChangedCallback() {
    this.hidden = !this.conv;
    void this.#open(this.conv);
  }

  /** @param {string | null} conv */
  async #open(conv) {
    if (!conv) return;
    this.#stretch.clear();
    this.#entries.clear();
    this.#notices = [];
    this.#chat = undefined;
    this.#unreadFrom = undefined;
    this.#below = 0;
    this.#nodes.clear();
    part(this, "messages").replaceChildren();
    part(this, "begin").hidden = true;
    this.#types(false);
    this.#reading.forget();
    this.#details?.close();
    const chats = await session.ask("chats");
    if (conv !== this.conv) return;
    this.#chat = chats.find(({ row }) => row.conv === conv);
    if (this.#chat?.unread) {
      this.#unreadFrom = this.#chat.row.my_read_ord + 1;
      this.#unreadAfter = this.#chat.row.my_read;
    }
    this.#unmark();
    await this.#load("replace", this.#unreadFrom && this.#unreadAfter + 1 + AHEAD);
    if (!(await this.#toFirst()) && conv === this.conv) await this.#jump();
    this.#look();
  }

  /** Shows the first unread message, however far up it is. */
  async #toFirst() {
    const { conv } = this;
    if (!this.#holdsFirst()) await this.#load("replace", this.#unreadAfter + 1 + AHEAD);
    for (let page = 0; page < OWN_PAGES && conv === this.conv && !this.#holdsFirst(); page++) await this.#newer();
    const line = conv === this.conv ? this.#nodes.get("unread") : undefined;
    if (line) this.#scrolling?.toStart(line);
    this.#showJump();
    return Boolean(line);
  }

  #holdsFirst() {
    return !this.#stretch.more || holdsFirst(this.#stretch.letters, this.#unreadFrom);
  }

  /** Marked as unread means: until I open it. */
  #unmark() {
    if (this.conv && this.#chat?.contact?.unread && attentive()) void session.ask("markUnread", this.conv, false);
  }

  /**
   * One page at a time: what is replaced waits for the one under way, which may be out of date.
   * @param {"replace" | "older" | "newer"} how
   * @param {number} [before] a seq; else the newest page
   */
  async #load(how, before) {
    if (this.#loading && how !== "replace") return;
    while (this.#loading) await this.#loading;
    part(this, "older").hidden = how !== "older";
    this.#loading = this.#fetch(how, before).finally(() => {
      this.#loading = null;
      part(this, "older").hidden = true;
    });
    await this.#loading;
    if (this.#scrolling?.fits) void this.#older();
  }

  /** @param {"replace" | "older" | "newer"} how @param {number} [before] */
  async #fetch(how, before) {
    const { conv } = this;
    if (!conv) return;
    try {
      const page = await session.ask("letters", conv, before);
      if (conv !== this.conv) return;
      this.#stretch[how](page);
      for (const entry of page.entries) this.#entries.set(entry.id, entry);
      this.#notices = page.notices;
    } catch {
      if (how !== "newer") this.#stretch.more = true; // not connected: scrolling on tries again
    }
    this.#render();
  }

  async #older() {
    const { first, more } = this.#stretch;
    if (first && more) await this.#load("older", first);
  }

  async #newer() {
    const { last, later } = this.#stretch;
    if (later) await this.#load("newer", last + 1 + PAGE);
  }

  #render() {
    const { row } = this.#chat ?? {};
    const { letters, first, last, more, later } = this.#stretch;
    const notices = this.#notices.filter(({ seq }) => (!more || seq >= first) && (!later || seq < last));
    const items = layout({
      letters,
      entries: later ? [] : [...this.#entries.values()].sort((a, b) => a.order - b.order),
      notices,
      peerGot: row?.peer_got ?? 0,
      peerRead: row?.peer_read ?? 0,
      ...(this.#unreadFrom !== undefined && this.#holdsFirst() && { unreadFrom: this.#unreadFrom }),
    });
    this.#scrolling?.keeping(() => {
      part(this, "begin").hidden = more || !this.#chat;
      this.#reconcile(items);
    });
    this.#showJump();
  }

  /** @param {import("../threadlayout.js").Item[]} items */
  #reconcile(items) {
    const name = nameOf(this.#chat?.contact);
    reconcile(part(this, "messages"), this.#nodes, items, (node, item) => {
      fill(node, item, name);
      if (item.type === "bubble") this.#details?.fill(node, item, this.#chat);
    });
    this.#details?.settle();
  }

  /** @param {Letter} letter @param {boolean} fresh */
  #came(letter, fresh) {
    if (letter.conv !== this.conv) return;
    if (!this.#stretch.came(letter, this.#scrolling?.stuck ?? true)) return void this.#again();
    if (fresh && !letter.mine && letter.kind === 1) {
      if (!this.#scrolling?.stuck) this.#below += 1;
      announce(letter, nameOf(this.#chat?.contact));
    }
    this.#render();
    this.#look();
  }

  /** From the newest page anew; the rest is paged back from there. */
  async #again() {
    await this.#load("replace");
    this.#look();
  }

  /** @param {Entry} entry @param {boolean} gone */
  #waits(entry, gone) {
    if (entry.conv !== this.conv) return;
    const mine = !this.#entries.has(entry.id);
    if (gone) this.#entries.delete(entry.id);
    else this.#entries.set(entry.id, entry);
    this.#render();
    if (mine && !gone) void this.#jump();
  }

  /** @param {Summary} chat */
  #learn(chat) {
    const cleared = chat.row.cleared > (this.#chat?.row.cleared ?? 0);
    const first = !this.#chat;
    this.#chat = chat;
    if (first) return void this.#open(this.conv);
    if (cleared) this.#stretch.clearUpto(chat.row.cleared);
    this.#render();
  }

  /** @param {import("../notices.js").Notice} notice */
  #note(notice) {
    this.#notices = [...this.#notices, notice];
    this.#render();
  }

  /** @param {boolean} typing */
  #types(typing) {
    const words = typing ? format(gettext("{name} is writing"), { name: nameOf(this.#chat?.contact) }) : "";
    part(this, "typing-words").textContent = words;
    part(this, "typing").hidden = !typing;
    if (typing && this.#scrolling?.stuck) this.#scrolling.toEnd();
  }

  #scrolled() {
    const box = part(this, "scroll");
    if (box.scrollTop < EARLY_PX) void this.#older();
    else if (box.scrollHeight - box.scrollTop - box.clientHeight < EARLY_PX) void this.#newer();
    if (this.#scrolling?.stuck) this.#below = 0;
    this.#showJump();
    this.#look();
  }

  #showJump() {
    part(this, "jump").hidden = this.#scrolling?.stuck ?? true;
    part(this, "jump-count").hidden = !this.#below;
    part(this, "jump-count").textContent = String(this.#below);
    const line = this.#nodes.get("unread");
    part(this, "first").hidden = this.#unreadFrom === undefined || (line ? !this.#scrolling?.above(line) : false);
  }

  async #jump() {
    if (this.#stretch.later) await this.#again();
    this.#below = 0;
    this.#scrolling?.toEnd();
    this.#showJump();
  }

  #look() {
    this.#reading.look();
  }

  /** @returns {Letter[]} the peer's that somebody looks at */
  #onScreen() {
    if (!attentive() || this.#chat?.row.state !== STATE.connected) return [];
    const shown = this.#scrolling?.visible().map((node) => this.#stretch.get(Number(node.dataset.seq))) ?? [];
    return shown.filter((letter) => letter !== undefined).filter(({ mine }) => !mine);
  }

  /** @param {MouseEvent} event */
  #act(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
    const id = button?.closest("[data-entry]")?.getAttribute("data-entry");
    const act = /** @type {HTMLElement | null} */ (button)?.dataset.act;
    if (id && act === "retry") void session.ask("retry", id);
    if (id && act === "discard") void session.ask("discard", id);
  }
}

customElements.define("chat-thread", ChatThread);
