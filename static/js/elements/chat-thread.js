// The messages of one conversation. It holds a stretch of them, lets threadlayout.js say what stands
// where, and changes only the nodes that differ.

import { wallClock } from "../clock.js";
import { STATE } from "../relation.js";
import { session } from "../session.js";
import { format, gettext } from "../text.js";
import { announce } from "../ui/announcer.js";
import { attentive, onReturn } from "../ui/attention.js";
import { fill, part } from "../ui/bubbles.js";
import { FirstUnread } from "../ui/firstunread.js";
import { MessageDetails } from "../ui/messagedetails.js";
import { Paging } from "../ui/paging.js";
import { nameOf } from "../ui/person.js";
import { Reading } from "../ui/reading.js";
import { reconcile } from "../ui/reconcile.js";
import { Scrolling } from "../ui/scrolling.js";
import { layout } from "../ui/threadlayout.js";
import { actOnUnsent } from "../ui/unsentact.js";

/** @typedef {import("../hub/letters.js").Letter} Letter */
/** @typedef {import("../outbox.js").Entry} Entry */
/** @typedef {import("../session.js").Summary} Summary */

const EARLY_PX = 800; // messages further on are fetched this far before they are needed
const OWN_PAGES = 5; // of messages written without reading, looked through for the first unread one

export class ChatThread extends HTMLElement {
  static observedAttributes = ["conv"];
  #pages = new Paging({
    ask: (before) => session.ask("letters", this.conv ?? "", before),
    begins: (how) => void (part(this, "older").hidden = how !== "older"),
    ends: (page) => this.#paged(page),
  });
  /** @type {Map<string, Entry>} */ #entries = new Map();
  /** @type {import("../hub/notices.js").Notice[]} */ #notices = [];
  /** @type {Summary | undefined} */ #chat;
  #first = new FirstUnread();
  #turn = 0; // number of the placing: an older one gives up
  /** @type {number | null} ord of the message that the view was put at; 0: the end */ #shown = null;
  #settled = false; // that is where reading begins: from now on it counts
  /** @type {{letter: Letter, fresh: boolean}[] | null} */ #late = null; // came while the view was being put
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

  get #stretch() {
    return this.#pages.stretch;
  }

  connectedCallback() {
    const box = part(this, "scroll");
    this.#scrolling ??= new Scrolling(box, part(this, "messages"), () => !this.#stretch.later);
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#details ??= new MessageDetails(part(this, "messages"), () => this.#render());
    part(this, "jump").addEventListener("click", () => void this.#jump());
    part(this, "first").addEventListener("click", () => void this.#toFirst());
    this.addEventListener("click", (event) => this.#act(event));
    for (const event of ["focus", "blur"]) window.addEventListener(event, () => this.#reading.look());
    document.addEventListener("visibilitychange", () => this.#reading.look());
    window.addEventListener("focus", () => this.#unmark());
    onReturn(() => this.#reading.look());
    this.#stop = [
      session.on("letter", ({ letter, fresh }) => this.#came(letter, fresh)),
      session.on("entry", ({ entry, gone }) => this.#waits(entry, gone)),
      session.on("chat", (chat) => chat.row.conv === this.conv && this.#learn(chat)),
      session.on("current", () => !this.#settled && this.#place()),
      session.on("notice", ({ conv, notice }) => conv === this.conv && this.#note(notice)),
      session.on("typing", ({ conv, typing }) => conv === this.conv && this.#types(typing)),
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
    this.#below = 0;
    this.#nodes.clear();
    part(this, "messages").replaceChildren();
    this.#scrolling?.toEnd();
    part(this, "begin").hidden = true;
    this.#types(false);
    this.#reading.forget();
    this.#details?.close();
  }

  /**
   * Puts the view where reading begins. Before the server was heard that is a guess, and is made
   * again when it was; once known, it stays. What comes meanwhile waits, and nothing is read.
   */
  async #place() {
    if (!this.conv) return;
    const turn = ++this.#turn;
    this.#late ??= [];
    const { chat, current } = await session.ask("opening", this.conv);
    if (turn !== this.#turn) return;
    this.#chat = chat;
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

  /** What came while the view was being put. */
  #release() {
    const late = this.#late ?? [];
    this.#late = null;
    for (const { letter, fresh } of late) this.#came(letter, fresh);
    this.#paged(null);
  }

  /** Shows the first unread message, however far up it is. */
  async #toFirst() {
    const turn = this.#turn;
    const lacks = () => turn === this.#turn && this.#first.ord !== undefined && !this.#nodes.has("unread");
    if (lacks() && !this.#first.knownIn(this.#stretch)) await this.#pages.replace(this.#first.before);
    for (let page = 0; page < OWN_PAGES && lacks(); page++) if (!(await this.#pages.newer())) break;
    const line = turn === this.#turn ? this.#nodes.get("unread") : undefined;
    if (line) this.#scrolling?.toStart(line);
    this.#showJump();
    return Boolean(line);
  }

  /** Marked as unread means: until I open it. */
  #unmark() {
    if (this.conv && this.#chat?.contact?.unread && attentive()) void session.ask("markUnread", this.conv, false);
  }

  /** @param {import("../ui/paging.js").LettersPage | null} page */
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
    const { row } = this.#chat ?? {};
    const { letters, first, last, more, later } = this.#stretch;
    const notices = this.#notices.filter(({ seq }) => (!more || seq >= first) && (!later || seq < last));
    const items = layout({
      letters,
      entries: later ? [] : [...this.#entries.values()].sort((a, b) => a.order - b.order),
      notices,
      peerGot: row?.peer_got ?? 0,
      peerRead: row?.peer_read ?? 0,
      ...(this.#first.ord && this.#first.knownIn(this.#stretch) && { unreadFrom: this.#first.ord }),
    });
    const name = nameOf(this.#chat?.contact);
    this.#scrolling?.keeping(() => {
      part(this, "begin").hidden = more || !this.#chat;
      reconcile(part(this, "messages"), this.#nodes, items, (node, item) => {
        fill(node, item, name);
        if (item.type === "bubble") this.#details?.fill(node, item, this.#chat);
      });
      this.#details?.settle();
    });
    this.#showJump();
  }

  /** @param {Letter} letter @param {boolean} fresh */
  #came(letter, fresh) {
    if (letter.conv !== this.conv) return;
    if (this.#late) return void this.#late.push({ letter, fresh });
    if (!this.#stretch.came(letter, this.#scrolling?.stuck ?? true)) return void this.#again();
    if (fresh && !letter.mine && letter.kind === 1) {
      if (!this.#scrolling?.stuck) this.#below += 1;
      announce(letter, nameOf(this.#chat?.contact));
    }
    this.#render();
    this.#reading.look();
  }

  /** It jumped over what came meanwhile: from the newest page anew. */
  async #again() {
    const turn = this.#turn;
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
    if (mine && !gone) void this.#jump();
  }

  /** @param {Summary} chat */
  #learn(chat) {
    const cleared = chat.row.cleared > (this.#chat?.row.cleared ?? 0);
    const first = !this.#chat;
    this.#chat = chat;
    if (first) return void this.#place();
    if (cleared) this.#stretch.clearUpto(chat.row.cleared);
    this.#render();
  }

  /** @param {import("../hub/notices.js").Notice} notice */
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
    this.#reach();
    if (this.#scrolling?.stuck) this.#below = 0;
    this.#showJump();
    this.#reading.look();
  }

  #showJump() {
    part(this, "jump").hidden = this.#scrolling?.stuck ?? true;
    part(this, "jump-count").hidden = !this.#below;
    part(this, "jump-count").textContent = String(this.#below);
    const line = this.#nodes.get("unread");
    part(this, "first").hidden = !(line ? this.#scrolling?.above(line) : this.#first.isAbove(this.#stretch));
  }

  async #jump() {
    if (this.#stretch.later) await this.#pages.replace();
    this.#below = 0;
    this.#scrolling?.toEnd();
    this.#showJump();
  }

  /** @returns {Letter[]} the peer's that somebody looks at */
  #onScreen() {
    if (!this.#settled || !attentive() || this.#chat?.row.state !== STATE.CONNECTED) return [];
    const shown = this.#scrolling?.visible().map((node) => this.#stretch.get(Number(node.dataset.seq))) ?? [];
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
