// What waits, for somebody who looks elsewhere: counted in the rail and in the title of every page.

import { STATE } from "../chat/contactstate.js";
import { bus } from "../tabs/bus.js";
import { format, gettext, ngettext } from "../text.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */
/** @typedef {{unread: number, asks: number}} Count */

const MANY = 99;

let heading = document.title;
/** @type {Map<string, Count>} by conversation, where it counts */ const counts = new Map();

/** From now on. */
export function showBadges() {
  bus.on("chat", (chat) => count([chat]));
  bus.on("contacts", () => void recount());
  void recount();
}

/** @param {string} words without what is unread */
export function setTitle(words) {
  heading = words;
  document.title = titleFor(total("unread"));
}

/** @param {number} count @param {boolean} [marked] by the person, without a number */
export function badge(count, marked = false) {
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

async function recount() {
  const chats = await bus.ask("chats");
  counts.clear();
  count(chats);
}

/** @param {Summary[]} chats */
function count(chats) {
  for (const { row, unread, contact } of chats) {
    const open = row.state === STATE.CONNECTED;
    const of = {
      unread: open ? unread || Number(contact?.unread ?? false) : 0,
      asks: Number(row.state === STATE.ASKS),
    };
    if (of.unread || of.asks) counts.set(row.conv, of);
    else counts.delete(row.conv);
  }
  show("rail-chats", total("unread"));
  show("rail-people", total("asks"));
  document.title = titleFor(total("unread"));
}

/** @param {keyof Count} what */
function total(what) {
  return [...counts.values()].reduce((sum, of) => sum + of[what], 0);
}

/** @param {number} unread */
function titleFor(unread) {
  return unread ? `(${unread}) ${heading}` : heading;
}

/** @param {string} id @param {number} waiting */
function show(id, waiting) {
  const place = document.getElementById(id);
  if (!place) return;
  place.hidden = !waiting;
  place.replaceChildren(...badge(waiting));
}
