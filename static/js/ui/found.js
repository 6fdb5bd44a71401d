// One person who was looked up, or whose invite this is: a card that follows what becomes of the pair.

import { bus } from "../tabs/bus.js";
import { gettext } from "../text.js";
import { foundPerson } from "./peoplerow.js";

/** @typedef {import("../protocol.js").Person} Person */
/** @typedef {import("../people/contacts.js").Contact} Contact */

export class Found {
  /** @type {Person | undefined} */ #person;
  #connects = false;
  #place;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#place = place;
    bus.on("contacts", (contacts) => this.#person && this.#put(this.#person, contacts));
  }

  /**
   * @param {Person} person
   * @param {object} [options]
   * @param {boolean} [options.connects] their link connects
   * @param {string} [options.self] what is said where it is oneself
   */
  async show(person, { connects = false, self = gettext("This is you. Others find you by this name.") } = {}) {
    if (person.uid === (await bus.ask("me"))) return this.say(self);
    const contacts = await bus.ask("contacts"); // last: what is heard after its answer is newer
    this.#person = person;
    this.#connects = connects;
    this.#put(person, contacts);
  }

  /** @param {string} words in place of a person */
  say(words, look = "notice") {
    this.#person = undefined;
    const line = document.createElement("p");
    line.className = look;
    line.textContent = words;
    this.#place.replaceChildren(line);
  }

  /** The focus stays on the button that had it, or goes to what came in its place. @param {Person} person @param {Contact[]} contacts */
  #put(person, contacts) {
    const held = this.#place.contains(document.activeElement);
    this.#place.replaceChildren(foundPerson(person, contacts, this.#connects));
    if (held) /** @type {HTMLElement | null} */ (this.#place.querySelector("[data-act]"))?.focus();
  }
}
