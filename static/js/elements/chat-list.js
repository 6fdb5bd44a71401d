// The list of chats: names come with the page, previews are opened here.

import { STATE } from "../chat/contactstate.js";
import { lastActivity, order } from "../chat/order.js";
import { tickOf } from "../chat/ticks.js";
import { same } from "../same.js";
import { bus } from "../tabs/bus.js";
import { format, gettext, ngettext } from "../text.js";
import { Asks } from "../ui/asks.js";
import { summaryWords } from "../ui/attachmentwords.js";
import { badge } from "../ui/badges.js";
import { part, summaryOf } from "../ui/bubbles.js";
import { ChatRows } from "../ui/chatrows.js";
import { chooses } from "../ui/composing.js";
import { onNewDay } from "../ui/day.js";
import { icon } from "../ui/icons.js";
import { avatarOf, folded, isCalled, nameOf } from "../ui/person.js";
import { tick } from "../ui/tick.js";
import { showStanding } from "../ui/verifiedmark.js";
import { shortTime } from "../ui/when.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */
/** @typedef {import("../sending/outbox.js").Entry} Entry */

const DAY_MS = 86_400_000;
const FIRST_ROWS = 30; // two screens
const FIRST_MS = 1000; // in which these have the browser to themselves
const IDLE_MS = 100; // between two slices of the others, at most

export class ChatList extends HTMLElement {
  /** @type {Map<string, Summary>} */ #chats = new Map();
  /** @type {Map<string, Entry>} */ #waiting = new Map();
  /** @type {Record<string, string>} */ #drafts = {};
  /** @type {Set<string>} */ #typing = new Set();
  /** @type {string[]} */ #shown = [];
  /** @type {ChatRows | undefined} */ #rows;
  /** @type {Asks | undefined} */ #asks;
  /** @type {Set<string>} */ #stale = new Set(); // conversations whose row is to be filled
  #filter = "";
  #due = false;
  #all = false; // not only the first rows
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {(() => void)[]} */ #stop = [];

  connectedCallback() {
    for (const event of ["pointerleave", "focusout"]) this.addEventListener(event, () => this.#soon());
    this.addEventListener("click", (event) => this.#pick(event));
    this.addEventListener("scroll", () => this.#all || this.#showAll(), { passive: true });
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById("chat-filter"));
    field?.addEventListener("input", () => {
      this.#filter = folded(field.value.trim());
      this.#showAll();
    });
    field?.addEventListener("keydown", (event) => this.#fromFilter(event));
    this.#stop = [
      bus.on("chat", (chat) => this.#set(chat)),
      bus.on("presence", (seen) => this.#sees(seen)),
      bus.on("typing", ({ conv, typing }) => this.#types(conv, typing)),
      bus.on("entry", ({ entry, gone }) => this.#waits(entry, gone)),
      bus.on("draft", ({ conv, text }) => this.#draft(conv, text)),
      bus.on("contacts", () => void this.#load()),
      onNewDay(() => this.#changed(...this.#chats.keys())),
    ];
    this.#asks ??= new Asks(this);
    this.#rows ??= new ChatRows(/** @type {HTMLElement} */ (this.querySelector(".chats")));
    void this.#load();
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  /** Which chat is open. @param {string | null} conv */
  mark(conv) {
    if (this.#rows) this.#rows.current = conv;
    for (const link of this.querySelectorAll("[data-conv]")) {
      if (/** @type {HTMLElement} */ (link).dataset.conv === conv) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** The row of a chat that was left. @param {string} conv */
  focusOn(conv) {
    for (const link of this.querySelectorAll("a.chat-row"))
      if (/** @type {HTMLElement} */ (link).dataset.conv === conv) /** @type {HTMLElement} */ (link).focus();
  }

  async #load() {
    // Each answer is taken as it comes: an event that is heard while another one is awaited is newer.
    await Promise.all([
      bus.ask("chats").then((chats) => this.#taken(chats)),
      bus.ask("drafts").then((drafts) => {
        const before = this.#drafts;
        this.#drafts = drafts;
        this.#changed(...Object.keys(before), ...Object.keys(drafts));
      }),
      bus.ask("unsent").then((unsent) => {
        const before = this.#waiting;
        this.#waiting = new Map(
          unsent.filter(({ content }) => content.t === "text").map((entry) => [entry.conv, entry]),
        );
        this.#changed(...before.keys(), ...this.#waiting.keys());
      }),
    ]);
  }

  /** @param {Summary[]} chats */
  #taken(chats) {
    const before = this.#chats;
    this.#chats = new Map(chats.map((chat) => [chat.row.conv, chat]));
    this.#changed(...chats.filter((chat) => !same(chat, before.get(chat.row.conv))).map(({ row }) => row.conv));
  }

  /** @param {Summary} chat */
  #set(chat) {
    this.#chats.set(chat.row.conv, chat);
    this.#changed(chat.row.conv);
  }

  /** @param {import("../protocol.js").Seen} seen */
  #sees(seen) {
    for (const chat of this.#chats.values())
      if (chat.row.peer === seen.user && chat.row.state === STATE.CONNECTED) this.#set({ ...chat, presence: seen });
  }

  /** @param {string} conv @param {boolean} typing */
  #types(conv, typing) {
    if (typing) this.#typing.add(conv);
    else this.#typing.delete(conv);
    this.#changed(conv);
  }

  /** @param {Entry} entry @param {boolean} gone */
  #waits(entry, gone) {
    if (entry.content.t !== "text") return; // the message that it deletes is told
    if (!gone) this.#waiting.set(entry.conv, entry);
    else if (this.#waiting.get(entry.conv)?.id === entry.id) this.#waiting.delete(entry.conv);
    this.#changed(entry.conv);
  }

  /** @param {string} conv @param {string} text */
  #draft(conv, text) {
    this.#drafts = { ...this.#drafts, [conv]: text };
    this.#changed(conv);
  }

  /** @param {string[]} convs */
  #changed(...convs) {
    for (const conv of convs) this.#stale.add(conv);
    this.#soon();
  }

  /** Many things come at once: the list is looked at once a frame. */
  #soon() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#render();
    });
  }

  /** Rows out of sight wait for those in sight. */
  #later() {
    if ("requestIdleCallback" in globalThis) requestIdleCallback(() => this.#soon(), { timeout: IDLE_MS });
    else setTimeout(() => this.#soon(), IDLE_MS);
  }

  #showAll() {
    clearTimeout(this.#timer);
    this.#all = true;
    this.#soon();
  }

  #render() {
    const all = [...this.#chats.values()];
    const chats = all.filter(({ row }) => row.state === STATE.CONNECTED || row.last_seq > row.cleared);
    const ranked = chats.map((chat) => ({ conv: chat.row.conv, time: this.#time(chat) }));
    this.#shown = order(this.#shown, ranked, this.#held());
    const fill = (/** @type {HTMLElement} */ row, /** @type {string} */ conv) => this.#fill(row, this.#chat(conv));
    const rows = this.#all ? this.#shown : this.#shown.slice(0, FIRST_ROWS);
    if (!this.#rows?.place(rows, this.#stale, fill)) this.#later();
    else if (rows.length < this.#shown.length) this.#timer ??= setTimeout(() => this.#showAll(), FIRST_MS);
    this.#rows?.filter((conv) => this.#matches(this.#chats.get(conv)));
    const asking = this.#asks?.show(all) ?? 0;
    part(this, "empty").hidden = chats.length + asking > 0;
    part(this, "no-match").hidden = !this.#filter || chats.some((chat) => this.#matches(chat));
  }

  /** @param {string} conv */
  #chat(conv) {
    return /** @type {Summary} */ (this.#chats.get(conv));
  }

  /** @param {Summary | undefined} chat */
  #matches(chat) {
    return !this.#filter || isCalled(chat?.contact, this.#filter);
  }

  /** From the filter into what it found: Enter opens the first chat, an arrow goes to it. @param {KeyboardEvent} event */
  #fromFilter(event) {
    const first = this.#shown.find((conv) => this.#matches(this.#chats.get(conv)));
    if (!first || !chooses(event) || (event.key === "Enter" && !this.#filter)) return;
    event.preventDefault();
    if (event.key === "ArrowDown") this.focusOn(first);
    else this.dispatchEvent(new CustomEvent("pick", { bubbles: true, detail: first }));
  }

  /** Nothing moves under a pointer or the focus. */
  #held() {
    return (matchMedia("(hover: hover)").matches && this.matches(":hover")) || this.matches(":focus-within");
  }

  /** @param {Summary} chat */
  #time({ row, newest }) {
    return Math.max(newest?.time ?? 0, lastActivity(row), this.#waiting.get(row.conv)?.written ?? 0);
  }

  /** @param {HTMLElement} row @param {Summary} chat */
  #fill(row, chat) {
    const { contact, unread, presence } = chat;
    const name = nameOf(contact);
    const place = /** @type {HTMLElement} */ (row.querySelector(".avatar-place"));
    if (place.dataset.name !== name) {
      place.querySelector(".avatar")?.remove();
      place.prepend(avatarOf(chat.row.peer, contact));
      place.dataset.name = name;
    }
    part(row, "name").textContent = name;
    showStanding(part(row, "verified"), chat.standing === "verified" ? chat.standing : "none");
    part(row, "presence").hidden = presence?.state !== "online";
    const time = this.#time(chat);
    part(row, "time").textContent = shortTime(time);
    this.#preview(part(row, "preview"), chat);
    const marked = contact?.unread ?? false;
    part(row, "unread").hidden = !unread && !marked;
    part(row, "unread").replaceChildren(...badge(unread, marked));
    row.toggleAttribute("data-unread", unread > 0 || marked);
  }

  /** @param {HTMLElement} place @param {Summary} chat */
  #preview(place, { row, newest }) {
    const entry = this.#waiting.get(row.conv);
    const draft = this.#drafts[row.conv];
    place.toggleAttribute("data-draft", Boolean(draft) && !this.#typing.has(row.conv));
    place.toggleAttribute("data-typing", this.#typing.has(row.conv));
    if (this.#typing.has(row.conv)) place.textContent = gettext("is writing…");
    else if (draft) place.textContent = format(gettext("Draft: {text}"), { text: draft });
    else if (entry)
      place.replaceChildren(icon(entry.failed ? "circle-alert" : "clock", "icon-s"), summaryWords(entry.content));
    else if (newest && newest.seq > row.cleared) {
      const words = newest.gone === "withheld" ? "" : summaryOf(newest);
      if (!newest.mine || newest.gone) place.textContent = words;
      else place.replaceChildren(tick(tickOf(row, newest.seq)), format(gettext("You: {text}"), { text: words }));
    } else if (row.cleared) place.textContent = this.#emptied(row);
    else place.textContent = row.state === STATE.CONNECTED ? gettext("You can write now. Say hello.") : "";
  }

  /** The words for a chat without a message. @param {Summary["row"]} row */
  #emptied(row) {
    const days = Number(this.dataset.days ?? 0); // for which the site keeps messages; 0: for ever
    if (!days || lastActivity(row) > Date.now() - days * DAY_MS) return gettext("You cleared this chat.");
    return format(ngettext("Nothing in the last {days} day.", "Nothing in the last {days} days.", days), { days });
  }

  /** @param {MouseEvent} event */
  #pick(event) {
    const link = /** @type {HTMLElement} */ (event.target).closest("a[data-conv]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const { conv } = /** @type {HTMLElement} */ (link).dataset;
    this.dispatchEvent(new CustomEvent("pick", { bubbles: true, detail: conv }));
  }
}

customElements.define("chat-list", ChatList);
