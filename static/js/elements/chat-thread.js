// The messages of one conversation. It keeps what it loaded, lets threadlayout.js say what stands
// where, and changes only the nodes that differ.

import { announce } from "../announcer.js";
import { attentive, onReturn } from "../attention.js";
import { fill, nodeOf, part } from "../bubbles.js";
import { wallClock } from "../clock.js";
import { MessageDetails } from "../messagedetails.js";
import { nameOf } from "../person.js";
import { Reading } from "../reading.js";
import { Scrolling } from "../scrolling.js";
import { session } from "../session.js";
import { format, gettext } from "../text.js";
import { holdsFirst, layout } from "../threadlayout.js";
import { actOnUnsent } from "../unsentact.js";

/** @typedef {import("../letters.js").Letter} Letter */
/** @typedef {import("../outbox.js").Entry} Entry */
/** @typedef {import("../session.js").Summary} Summary */

const EARLY_PX = 800; // older messages are fetched this far before they are needed
const OPENING_PAGES = 5; // looked through for the first unread message before the chat shows its end
const STATE = { connected: 3 };

export class ChatThread extends HTMLElement {
  static observedAttributes = ["conv"];
  /** @type {Map<number, Letter>} */ #letters = new Map();
  /** @type {Map<string, Entry>} */ #entries = new Map();
  /** @type {import("../notices.js").Notice[]} */ #notices = [];
  /** @type {Summary | undefined} */ #chat;
  /** @type {number | undefined} */ #unreadFrom;
  #more = false;
  #loading = false;
  #redo = false; // what is being loaded is out of date already
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
    this.#scrolling ??= new Scrolling(box, part(this, "messages"));
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#details ??= new MessageDetails(part(this, "messages"), () => this.#render());
    part(this, "jump").addEventListener("click", () => this.#jump());
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
      session.on("notice", ({ conv, notice }) => conv === this.conv && this.#note(notice)),
      session.on("typing", ({ conv, typing }) => conv === this.conv && this.#types(typing)),
    ];
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  attributeChangedCallback() {
    this.hidden = !this.conv;
    if (this.conv) void this.#open(this.conv);
  }

  /** @param {string} conv */
  async #open(conv) {
    this.#letters.clear();
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
    if (this.#chat?.unread) this.#unreadFrom = this.#chat.row.my_read_ord + 1;
    this.#unmark();
    await this.#load();
    if (!(await this.#toFirst(OPENING_PAGES)) && conv === this.conv) this.#scrolling?.toEnd();
    this.#look();
  }

  /**
   * Pages back until the first unread message is there, and shows it.
   * @param {number} [pages] at most
   */
  async #toFirst(pages = Number.POSITIVE_INFINITY) {
    const { conv } = this;
    for (let page = 0; page < pages && !this.#holdsFirst(); page++) {
      const before = this.#letters.size;
      await this.#load(Math.min(...this.#letters.keys()));
      if (conv !== this.conv || this.#letters.size === before) break;
    }
    const line = conv === this.conv ? this.#nodes.get("unread") : undefined;
    if (line) this.#scrolling?.toStart(line);
    this.#showJump();
    return Boolean(line);
  }

  #holdsFirst() {
    return !this.#more || holdsFirst([...this.#letters.values()], this.#unreadFrom);
  }

  /** Marked as unread means: until I open it. */
  #unmark() {
    if (this.conv && this.#chat?.contact?.unread && attentive()) void session.ask("markUnread", this.conv, false);
  }

  /** @param {number} [before] */
  async #load(before) {
    const { conv } = this;
    if (!conv || this.#loading) return;
    this.#loading = true;
    part(this, "older").hidden = before === undefined;
    try {
      const page = await session.ask("letters", conv, before);
      if (conv !== this.conv) return;
      for (const letter of page.letters) this.#letters.set(letter.seq, letter);
      for (const entry of page.entries) this.#entries.set(entry.id, entry);
      this.#notices = page.notices;
      this.#more = page.more;
    } catch {
      this.#more = true; // not connected: scrolling on tries again
    } finally {
      this.#loading = false;
      part(this, "older").hidden = true;
    }
    if (this.#redo) return this.#again();
    // Above the messages: what is in view stays there.
    this.#scrolling?.keeping(() => {
      part(this, "begin").hidden = this.#more;
    });
    this.#render();
    if (this.#more && part(this, "scroll").scrollHeight <= part(this, "scroll").clientHeight) this.#older();
  }

  #older() {
    const first = Math.min(...this.#letters.keys());
    if (Number.isFinite(first)) void this.#load(first);
  }

  #render() {
    const { row } = this.#chat ?? {};
    const notices = this.#notices.filter(({ seq }) => !this.#more || seq >= Math.min(...this.#letters.keys()));
    const items = layout({
      letters: [...this.#letters.values()].sort((a, b) => a.seq - b.seq),
      entries: [...this.#entries.values()].sort((a, b) => a.order - b.order),
      notices,
      peerGot: row?.peer_got ?? 0,
      peerRead: row?.peer_read ?? 0,
      ...(this.#unreadFrom !== undefined && this.#holdsFirst() && { unreadFrom: this.#unreadFrom }),
    });
    this.#scrolling?.keeping(() => this.#reconcile(items));
    this.#showJump();
  }

  /** @param {import("../threadlayout.js").Item[]} items */
  #reconcile(items) {
    const list = part(this, "messages");
    const name = nameOf(this.#chat?.contact);
    const keys = new Set(items.map(({ key }) => key));
    for (const [key, node] of this.#nodes) {
      if (keys.has(key)) continue;
      node.remove();
      this.#nodes.delete(key);
    }
    let at = list.firstElementChild;
    for (const item of items) {
      const node = this.#nodes.get(item.key) ?? nodeOf(item);
      this.#nodes.set(item.key, node);
      fill(node, item, name);
      if (item.type === "bubble") this.#details?.fill(node, item, this.#chat);
      if (node === at) at = at.nextElementSibling;
      else list.insertBefore(node, at);
    }
    this.#details?.settle();
  }

  /** @param {Letter} letter @param {boolean} fresh */
  #came(letter, fresh) {
    if (letter.conv !== this.conv) return;
    const newest = Math.max(0, ...this.#letters.keys());
    if (fresh && letter.seq > newest + 1) return void this.#again(); // it jumped over what came meanwhile
    this.#letters.set(letter.seq, letter);
    if (fresh && !letter.mine && letter.kind === 1) {
      if (!this.#scrolling?.stuck) this.#below += 1;
      announce(letter, nameOf(this.#chat?.contact));
    }
    this.#render();
    this.#look();
  }

  /** From the newest page anew; the rest is paged back from there. */
  async #again() {
    this.#redo = this.#loading;
    if (this.#loading) return;
    this.#letters.clear();
    await this.#load();
    this.#look();
  }

  /** @param {Entry} entry @param {boolean} gone */
  #waits(entry, gone) {
    if (entry.conv !== this.conv) return;
    const mine = !this.#entries.has(entry.id);
    if (gone) this.#entries.delete(entry.id);
    else this.#entries.set(entry.id, entry);
    this.#render();
    if (mine && !gone) this.#jump();
  }

  /** @param {Summary} chat */
  #learn(chat) {
    const cleared = chat.row.cleared > (this.#chat?.row.cleared ?? 0);
    const first = !this.#chat;
    this.#chat = chat;
    if (first) return void this.#again();
    if (cleared) for (const seq of this.#letters.keys()) if (seq <= chat.row.cleared) this.#letters.delete(seq);
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
    if (box.scrollTop < EARLY_PX && this.#more) this.#older();
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

  #jump() {
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
    const shown = this.#scrolling?.visible().map((node) => this.#letters.get(Number(node.dataset.seq))) ?? [];
    return shown.filter((letter) => letter !== undefined).filter(({ mine }) => !mine);
  }

  /** @param {MouseEvent} event */
  #act(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
    const id = button?.closest("[data-entry]")?.getAttribute("data-entry");
    const act = /** @type {HTMLElement | null} */ (button)?.dataset.act;
    if (id && (act === "retry" || act === "discard")) void actOnUnsent(act, id);
  }
}

customElements.define("chat-thread", ChatThread);
