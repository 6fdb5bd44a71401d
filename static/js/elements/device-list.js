import { format, gettext } from "../text.js";
import { icon } from "../ui/icons.js";
import { ago, date } from "../ui/when.js";

/**
 * @typedef {object} Row
 * @property {string} id what ends it, in hex
 * @property {import("../crypto/encoding.js").Bytes | undefined} device
 * @property {string} agent browser and system, in words
 * @property {number} created ms
 * @property {number} seen ms; 0 = never
 * @property {boolean} current
 */

/**
 * Where the person is signed in. Fires `end` and `lost` with the row as detail.
 * Markup: templates/accounts/settings.html.
 */
export class DeviceList extends HTMLElement {
  /** @param {Row[]} rows */
  show(rows) {
    const list = /** @type {HTMLElement} */ (this.querySelector("ul"));
    list.replaceChildren(...rows.map((row) => this.#item(row)));
    this.removeAttribute("aria-busy");
  }

  /** @param {string} words */
  fail(words) {
    const item = document.createElement("li");
    item.className = "list-item muted";
    item.textContent = words;
    this.querySelector("ul")?.replaceChildren(item);
    this.removeAttribute("aria-busy");
  }

  /** @param {Row} row */
  #item(row) {
    const template = /** @type {HTMLTemplateElement} */ (this.querySelector("template"));
    const item = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (item.querySelector(`[data-${name}]`));
    part("icon").append(icon(/iPhone|Android/.test(row.agent) ? "smartphone" : "monitor"));
    part("agent").textContent = row.agent;
    part("when").textContent = times(row);
    part("current").hidden = !row.current;
    part("acts").hidden = row.current;
    for (const button of part("acts").querySelectorAll("button")) {
      const act = button.dataset.act ?? "";
      button.hidden = act === "lost" && !row.device;
      button.setAttribute("aria-label", `${button.textContent}: ${row.agent}`);
      button.addEventListener("click", () => this.dispatchEvent(new CustomEvent(act, { detail: row })));
    }
    return item;
  }
}

/** The server keeps the names of products with an English word between. @param {string} agent */
export function agentWords(agent) {
  const [browser, system] = agent.split(" on ");
  if (!browser || browser === "A browser")
    return system ? format(gettext("A browser on {system}"), { system }) : gettext("A browser");
  return system ? format(gettext("{browser} on {system}"), { browser, system }) : browser;
}

/** @param {Row} row */
function times({ created, seen, current }) {
  const since = format(gettext("since {day}"), { day: date(created) });
  if (current) return `${gettext("Active now")} · ${since}`;
  if (!seen) return `${gettext("Signed out, still on your list")} · ${since}`;
  return `${format(gettext("Last seen {when}"), { when: ago(seen) })} · ${since}`;
}

customElements.define("device-list", DeviceList);
