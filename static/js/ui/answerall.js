// All who ask at once: declined, or blocked. It is asked before, with how many, and can be taken back.

import { STATE } from "../chat/contactstate.js";
import { ANSWERS_MAX } from "../protocol.js";
import { bus } from "../tabs/bus.js";
import { format, gettext, ngettext } from "../text.js";
import { part } from "./bubbles.js";
import { explain } from "./explain.js";
import { busy, tell } from "./forms.js";
import { toast } from "./toast.js";
import { done } from "./undo.js";

/** @typedef {import("../people/contacts.js").Contact} Contact */
/** @typedef {"decline" | "block"} Act */

const FROM = 2; // for one there are buttons of its own

/** @type {Record<Act, (count: number) => string>} */
const TITLES = {
  decline: (count) => format(ngettext("Decline {count} request?", "Decline all {count} requests?", count), { count }),
  block: (count) =>
    format(ngettext("Block {count} person who asks?", "Block all {count} people who ask?", count), { count }),
};
/** @type {Record<Act, () => string>} */
const ABOUT = {
  decline: () => gettext("None of them is told. Their requests stay declined."),
  block: () => gettext("None of them is told. You find them among the people you blocked, and can unblock them there."),
};
/** @type {Record<Act, (count: number) => string>} */
const DONE = {
  decline: (count) => format(ngettext("{count} request declined.", "{count} requests declined.", count), { count }),
  block: (count) => format(ngettext("{count} person blocked.", "{count} people blocked.", count), { count }),
};
/** What takes it back, and the state in which that finds the pair. @type {Record<Act, [string, number]>} */
const BACK = { decline: ["reopen", STATE.CLOSED], block: ["unblock", STATE.BLOCKED] };

export class AnswerAll {
  #place;
  /** @type {string[]} */ #asking = [];
  /** @type {{act: Act, peers: string[]}} as the dialog says */ #wanted = { act: "decline", peers: [] };

  /** @param {HTMLElement} place */
  constructor(place) {
    this.#place = place;
    place.addEventListener("click", (event) => void this.#act(event));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (part(this.#place, "all-dialog"));
  }

  /** @param {Contact[]} contacts */
  show(contacts) {
    this.#asking = contacts.filter(({ state }) => state === STATE.ASKS).map(({ peer }) => peer.uid);
    part(this.#place, "all").hidden = this.#asking.length < FROM;
  }

  /** @param {Event} event */
  async #act(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const act = button?.dataset.all;
    if (act === "decline" || act === "block") this.#ask(act);
    if (act === "no") this.#dialog.close();
    if (act === "yes" && button) await this.#answer(button);
  }

  /** @param {Act} act */
  #ask(act) {
    this.#wanted = { act, peers: this.#asking };
    part(this.#place, "all-title").textContent = TITLES[act](this.#asking.length);
    part(this.#place, "all-about").textContent = ABOUT[act]();
    part(this.#place, "all-yes").textContent = act === "decline" ? gettext("Decline all") : gettext("Block all");
    tell(this.#dialog, "");
    this.#dialog.showModal();
  }

  /** Who has moved on meanwhile is left as they are. @param {HTMLButtonElement} button */
  async #answer(button) {
    const { act, peers } = this.#wanted;
    busy(button, true);
    try {
      const answered = await actOnAll(peers, act, STATE.ASKS);
      this.#dialog.close();
      if (part(this.#place, "all").hidden) document.getElementById("find-name")?.focus(); // what had it is gone
      const [back, found] = BACK[act];
      if (answered.length) done(DONE[act](answered.length), () => actOnAll(answered, back, found));
      else toast(gettext("This has changed meanwhile."));
    } catch (error) {
      tell(this.#dialog, explain(error, { rate: gettext("That was too much at once. Try again in an hour.") }));
    } finally {
      busy(button, false);
    }
  }
}

/**
 * @param {string[]} peers
 * @param {string} act
 * @param {number} seen
 * @returns {Promise<string[]>} of whom it is true now: fewer where it was cut short. Throws where it is nobody.
 */
async function actOnAll(peers, act, seen) {
  /** @type {string[]} */
  const answered = [];
  try {
    for (let at = 0; at < peers.length; at += ANSWERS_MAX)
      answered.push(...(await bus.ask("answerAll", peers.slice(at, at + ANSWERS_MAX), act, seen)));
  } catch (error) {
    if (answered.length === 0) throw error;
  }
  return answered;
}
