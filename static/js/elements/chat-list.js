// The list of chats: names come with the page, previews are opened here.

import { lastActivity, order } from "../chatorder.js";
import { STATE } from "../relation.js";
import { same } from "../same.js";
import { session } from "../session.js";
import { format, gettext, ngettext } from "../text.js";
import { part, wordsOf } from "../ui/bubbles.js";
import { ChatRows } from "../ui/chatrows.js";
import { icon } from "../ui/icons.js";
import { avatarOf, nameOf } from "../ui/person.js";
import { showStanding } from "../ui/verifiedmark.js";
import { shortTime } from "../ui/when.js";

/** @typedef {import("../session.js").Summary} Summary */
/** @typedef {import("../outbox.js").Entry} Entry */

const MANY = 99;
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
      this.#filter = field.value.trim().toLocaleLowerCase();
      this.#showAll();
    });
    this.#stop = [
      session.on("chat", (chat) => this.#set(chat)),
      session.on("presence", (seen) => this.#sees(seen)),
      session.on("typing", ({ conv, typing }) => this.#types(conv, typing)),
      session.on("entry", ({ entry, gone }) => this.#waits(entry, gone)),
      session.on("draft", ({ conv, text }) => this.#draft(conv, text)),
      session.on("contacts", () => void this.#load()),
    ];
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

  async #load() {
    const [chats, drafts, unsent] = await Promise.all([
      session.ask("chats"),
      session.ask("drafts"),
      session.ask("unsent"),
    ]);
    const before = this.#chats;
    const written = [...this.#waiting.keys(), ...Object.keys(this.#drafts)];
    this.#chats = new Map(chats.map((chat) => [chat.row.conv, chat]));
    this.#waiting = new Map(unsent.map((entry) => [entry.conv, entry]));
    this.#drafts = drafts;
    const differ = chats.filter((chat) => !same(chat, before.get(chat.row.conv))).map(({ row }) => row.conv);
    this.#changed(...differ, ...written, ...this.#waiting.keys(), ...Object.keys(drafts));
  }

  /** @param {Summary} chat */
  #set(chat) {
    this.#chats.set(chat.row.conv, chat);
    this.#changed(chat.row.conv);
  }

  /** @param {import("../protocol.js").Seen} seen */
  #sees(seen) {
    for (const chat of this.#chats.values()) if (chat.row.peer === seen.user) this.#set({ ...chat, presence: seen });
  }

  /** @param {string} conv @param {boolean} typing */
  #types(conv, typing) {
    if (typing) this.#typing.add(conv);
    else this.#typing.delete(conv);
    this.#changed(conv);
  }

  /** @param {Entry} entry @param {boolean} gone */
  #waits(entry, gone) {
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

  /** Many things come at once: one look at the list per frame. */
  #soon() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#render();
    });
  }

  /** The rows that nobody sees yet leave the time to what opens those that somebody sees. */
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
    part(this, "empty").hidden = chats.length > 0;
    part(this, "no-match").hidden = !this.#filter || chats.some((chat) => this.#matches(chat));
    this.#badges(all);
  }

  /** @param {string} conv */
  #chat(conv) {
    return /** @type {Summary} */ (this.#chats.get(conv));
  }

  /** @param {Summary | undefined} chat */
  #matches(chat) {
    return !this.#filter || nameOf(chat?.contact).toLocaleLowerCase().includes(this.#filter);
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
    showStanding(part(row, "verified"), chat.trust === "verified" ? chat.trust : "none");
    part(row, "presence").hidden = presence?.state !== "online";
    const time = this.#time(chat);
    part(row, "time").textContent = shortTime(time);
    this.#preview(part(row, "preview"), chat);
    const marked = contact?.unread ?? false;
    part(row, "unread").hidden = !unread && !marked;
    part(row, "unread").replaceChildren(...unreadBadge(unread, marked));
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
    else if (entry) place.replaceChildren(icon(entry.failed ? "circle-alert" : "clock", "icon-s"), entry.text);
    else if (newest && newest.seq > row.cleared) {
      const words = newest.gone === "withheld" ? "" : wordsOf(newest);
      place.textContent = newest.mine ? format(gettext("You: {text}"), { text: words }) : words;
    } else place.textContent = row.state === STATE.CONNECTED ? gettext("You can write now. Say hello.") : "";
  }

  /** In the rail and in the title, for who looks elsewhere. @param {Summary[]} chats */
  #badges(chats) {
    const connected = chats.filter(({ row }) => row.state === STATE.CONNECTED);
    const unread = connected.reduce((sum, chat) => sum + (chat.unread || Number(chat.contact?.unread ?? false)), 0);
    const asking = chats.filter(({ row }) => row.state === STATE.ASKS).length;
    for (const [id, count] of /** @type {[string, number][]} */ ([
      ["rail-chats", unread],
      ["rail-people", asking],
    ])) {
      const badge = document.getElementById(id);
      if (!badge) continue;
      badge.hidden = !count;
      badge.replaceChildren(...unreadBadge(count));
    }
    document.title = `${unread ? `(${unread}) ` : ""}${document.title.replace(/^\(\d+\) /, "")}`;
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

/** @param {number} count @param {boolean} [marked] by the person, without a number */
function unreadBadge(count, marked = false) {
  if (!count && !marked) return [];
  const words = document.createElement("span");
  words.className = "visually-hidden";
  if (!count) {
    words.textContent = gettext(" marked as unread");
    return [words];
  }
  words.textContent = format(ngettext(" {count} new", " {count} new", count), { count });
  const number = document.createElement("span");
  number.setAttribute("aria-hidden", "true");
  number.textContent = count > MANY ? `${MANY}+` : String(count);
  return [number, words];
}

customElements.define("chat-list", ChatList);
