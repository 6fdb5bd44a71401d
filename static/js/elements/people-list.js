// Requests, contacts and blocks: one list for each state of a pair. The page comes with the names;
// the buttons, and what changes, come from here.

import { locale } from "../language.js";
import { bus } from "../tabs/bus.js";
import { AnswerAll } from "../ui/answerall.js";
import { actOnRow } from "../ui/peopleact.js";
import { contactRow } from "../ui/peoplerow.js";
import { nameOf } from "../ui/person.js";

/** @typedef {import("../people/contacts.js").Contact} Contact */

export class PeopleList extends HTMLElement {
  /** @type {(() => void)[]} */ #stop = [];
  /** @type {AnswerAll | undefined} */ #all;

  connectedCallback() {
    this.#all ??= new AnswerAll(this);
    this.addEventListener("click", (event) => void actOnRow(event));
    this.#stop = [bus.on("contacts", (contacts) => this.#show(contacts))];
    void bus.ask("contacts").then((contacts) => contacts.length && this.#show(contacts));
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  /**
   * Rows are made again and move between the groups: a row that had the focus keeps it, on the same
   * action or on what came in its place.
   * @param {Contact[]} contacts
   */
  #show(contacts) {
    const held = document.activeElement instanceof HTMLElement ? document.activeElement : undefined;
    const peer = this.contains(held ?? null) && held?.closest("[data-peer]")?.getAttribute("data-peer");
    this.#render(contacts);
    if (!peer) return;
    const row = this.querySelector(`[data-peer="${peer}"]`);
    const same = row?.querySelector(`[data-act="${held?.dataset.act}"]`);
    const again = same ?? row?.querySelector("[data-act]:not(.button-quiet-danger)");
    if (again instanceof HTMLElement) again.focus();
  }

  /** @param {Contact[]} contacts */
  #render(contacts) {
    this.#all?.show(contacts);
    const names = new Intl.Collator(locale());
    for (const group of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll("[data-group]"))) {
      const state = Number(group.dataset.group);
      const members = contacts.filter((contact) => contact.state === state);
      members.sort((a, b) => names.compare(nameOf(a), nameOf(b)));
      group.hidden = members.length === 0;
      group.querySelector("ul")?.replaceChildren(...members.map(contactRow));
    }
  }
}

customElements.define("people-list", PeopleList);
