import { icon } from "../icons.js";
import { format, gettext } from "../text.js";

/**
 * @typedef {object} Row
 * @property {string} id what ends it, in hex
 * @property {import("../crypto/encoding.js").Bytes | undefined} device
 * @property {string} agent browser and system, in words
 * @property {number} created ms
 * @property {number} seen ms; 0 = never
 * @property {boolean} current
 */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/**
 * Where one is signed in. Fires `end` and `lost` with the row as detail.
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
    part("agent").textContent = row.agent || gettext("A browser");
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

/** @param {Row} row */
function times({ created, seen, current }) {
  const since = format(gettext("since {day}"), {
    day: new Date(created).toLocaleDateString([], { dateStyle: "medium" }),
  });
  if (current) return `${gettext("Active now")} · ${since}`;
  if (!seen) return `${gettext("Signed out, still on your list")} · ${since}`;
  return `${format(gettext("Last seen {when}"), { when: ago(seen) })} · ${since}`;
}

/** @param {number} ms */
function ago(ms) {
  const passed = Date.now() - ms;
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  if (passed < 60 * MINUTE_MS) return words.format(-Math.floor(passed / MINUTE_MS), "minute");
  if (passed < DAY_MS) return words.format(-Math.floor(passed / (60 * MINUTE_MS)), "hour");
  return words.format(-Math.floor(passed / DAY_MS), "day");
}

customElements.define("device-list", DeviceList);
