// My invite links that are open, of whatever browser of mine. Each can be withdrawn: that is final, so
// it is asked before.

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { cloned, part } from "./bubbles.js";
import { explain } from "./explain.js";
import { busy, tell } from "./forms.js";
import { icon } from "./icons.js";
import { toast } from "./toast.js";
import { ago, fullTime } from "./when.js";

/** @typedef {import("../protocol.js").Invite} Invite */

export class OpenLinks {
  #place;
  #opened;
  #asked = ""; // the id of the link that the dialog is about
  #turn = 0;

  /**
   * @param {HTMLElement} place
   * @param {(ids: Set<string>) => void} opened which links are open now
   */
  constructor(place, opened) {
    this.#place = place;
    this.#opened = opened;
    place.addEventListener("click", (event) => void this.#act(event));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (part(this.#place, "withdraw"));
  }

  /** The answer to the newest question counts; one that fails leaves the list as it is. */
  async load() {
    const turn = ++this.#turn;
    const links = await bus.ask("invites").catch(() => null);
    if (!links || turn !== this.#turn) return;
    this.#show(links.filter(({ expires }) => expires > Date.now()));
    this.#opened(new Set(links.map(({ id }) => id)));
  }

  /** The focus stays on the button of its link. @param {Invite[]} links */
  #show(links) {
    const list = part(this.#place, "links");
    const held = list.contains(document.activeElement) && document.activeElement?.closest("li")?.dataset.link;
    list.replaceChildren(...links.map(row));
    list.hidden = links.length === 0;
    part(this.#place, "no-links").hidden = links.length > 0;
    if (held) this.#focus(held);
  }

  /** Where the link is gone, on the next thing to do. @param {string} [id] */
  #focus(id) {
    const buttons = [...part(this.#place, "links").querySelectorAll("button")];
    const same = buttons.find((button) => button.closest("li")?.dataset.link === id);
    const make = this.#place.querySelector("[data-act='make']");
    /** @type {HTMLElement | null} */ (same ?? buttons[0] ?? make)?.focus();
  }

  /** @param {Event} event */
  async #act(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const act = button?.dataset.act;
    if (act === "withdraw") this.#ask(button?.closest("li")?.dataset.link ?? "");
    if (act === "keep") this.#dialog.close();
    if (act === "withdraw-now" && button) await this.#withdraw(button);
  }

  /** @param {string} id */
  #ask(id) {
    this.#asked = id;
    tell(this.#dialog, "");
    this.#dialog.showModal();
  }

  /** @param {HTMLButtonElement} button */
  async #withdraw(button) {
    busy(button, true);
    try {
      await bus.ask("withdrawInvite", this.#asked);
      await this.#settled(gettext("The invite is withdrawn."));
    } catch (error) {
      const { code } = /** @type {{code?: string}} */ (error);
      if (code === "used" || code === "unknown") await this.#settled(explain(error));
      else tell(this.#dialog, explain(error));
    } finally {
      busy(button, false);
    }
  }

  /** @param {string} words what became of the link */
  async #settled(words) {
    await this.load();
    this.#dialog.close();
    this.#focus();
    toast(words);
  }
}

/** @param {Invite} invite @returns {HTMLElement} */
function row({ id, connects, created, expires }) {
  const node = cloned("open-link");
  const kind = connects ? gettext("For one person, who is connected at once") : gettext("For several people, who ask");
  const times = { when: ago(created), time: fullTime(expires) };
  node.dataset.link = id;
  part(node, "kind-icon").append(icon(connects ? "user" : "users"));
  part(node, "kind").textContent = kind;
  part(node, "times").textContent = format(gettext("Made {when} · works until {time}"), times);
  node.querySelector("button")?.setAttribute(
    "aria-label",
    format(gettext("{action}: {name}"), {
      action: gettext("Withdraw"),
      name: `${kind}, ${fullTime(created)}`,
    }),
  );
  return node;
}
