// Who asks to chat, above the list of chats: the newest few, with what can be answered.

import { STATE } from "../chat/contactstate.js";
import { part } from "./bubbles.js";
import { actOnRow } from "./peopleact.js";
import { contactRow } from "./peoplerow.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */

const SHOWN = 3; // the others are under People

export class Asks {
  #list;
  #shown = "";

  /** @param {HTMLElement} list the element with the parts */
  constructor(list) {
    this.#list = list;
    part(list, "requests").addEventListener("click", (event) => void actOnRow(event));
  }

  /** @param {Summary[]} chats @returns {number} how many ask */
  show(chats) {
    const asking = chats
      .flatMap(({ contact }) => (contact?.state === STATE.ASKS ? [contact] : []))
      .sort((a, b) => b.since - a.since);
    const text = JSON.stringify(asking);
    if (text === this.#shown) return asking.length; // no button is made again under a finger
    this.#shown = text;
    part(this.#list, "requests").hidden = !asking.length;
    part(this.#list, "asks").replaceChildren(...asking.slice(0, SHOWN).map(contactRow));
    part(this.#list, "more-asks").hidden = asking.length <= SHOWN;
    return asking.length;
  }
}
