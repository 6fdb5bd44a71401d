// What was shared in one conversation: media, files, links. It reads the history from its end upward, a few
// pages at a time, as far as somebody looks.

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { AttachmentViews, viewAt } from "../ui/attachmentviews.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { nameOf } from "../ui/person.js";
import { sharedIn, sharedWithout } from "../ui/sharedmedia.js";
import { date } from "../ui/when.js";

/** @typedef {import("../ui/sharedmedia.js").Shared} Shared */
/** @typedef {"media" | "files" | "links"} Tab */

const PAGES = 10; // of the history, read at a time
const ENOUGH = 24; // found in the tab that is open: then it stops before

export class ChatMedia extends HTMLElement {
  #conv = "";
  #peer = "";
  #turn = 0; // number of the opening: an older one gives up
  /** @type {number | undefined} seq below which the history was not read yet */ #before;
  #more = false;
  #reading = false;
  /** @type {Shared} */ #shared = { media: [], files: [], links: [] };
  /** @type {AttachmentViews | undefined} */ #views;

  connectedCallback() {
    this.#views ??= new AttachmentViews(part(this, "scroll"), (one) => viewAt(this.#shared.media, one, this.#peer));
    document.querySelector("#thread-menu [data-act='media']")?.addEventListener("click", () => void this.open());
    this.addEventListener("change", () => this.#render());
    this.addEventListener("click", (event) => this.#act(event));
    this.#dialog.addEventListener("close", () => this.#forget());
    bus.on("deleted", (message) => this.#deleted(message));
  }

  /** Of the conversation that is open. */
  async open() {
    this.#forget();
    this.#conv = document.querySelector("chat-thread")?.getAttribute("conv") ?? "";
    this.#dialog.showModal();
    this.#reading = true;
    const turn = this.#turn;
    const { chat } = await bus.ask("opening", this.#conv);
    if (turn !== this.#turn) return;
    this.#peer = nameOf(chat?.contact);
    await this.#read();
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (part(this, "dialog"));
  }

  /** @returns {Tab} */
  get #tab() {
    const chosen = /** @type {HTMLInputElement | null} */ (this.querySelector("input[name='shared']:checked"));
    return /** @type {Tab} */ (chosen?.value ?? "media");
  }

  #forget() {
    this.#turn += 1;
    this.#reading = false;
    this.#before = undefined;
    this.#more = true;
    this.#shared = { media: [], files: [], links: [] };
    part(this, "list").replaceChildren();
    part(this, "state").textContent = "";
  }

  async #read() {
    const turn = this.#turn;
    const had = this.#shared[this.#tab].length;
    this.#reading = true;
    part(this, "state").textContent = gettext("Looking through the messages");
    part(this, "further").hidden = true;
    try {
      for (let page = 0; page < PAGES && this.#more && this.#shared[this.#tab].length < had + ENOUGH; page++) {
        const found = await bus.ask("messages", this.#conv, this.#before);
        if (turn !== this.#turn) return;
        this.#take(found);
      }
      this.#reading = false;
      this.#render();
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#reading = false;
      part(this, "state").textContent = explain(error);
      part(this, "further").hidden = false;
    }
  }

  /** @param {import("../ui/paging.js").MessagesPage} page */
  #take({ messages, more, entries }) {
    const { media, files, links } = sharedIn(messages, entries);
    this.#shared.media.push(...media);
    this.#shared.files.push(...files);
    this.#shared.links.push(...links);
    this.#before = messages[0]?.seq;
    this.#more = more && messages.length > 0;
  }

  /** @param {{conv: string, mid: string, mine: boolean}} message */
  #deleted(message) {
    if (!this.#dialog.open || message.conv !== this.#conv) return;
    this.#shared = sharedWithout(this.#shared, message);
    this.#render();
  }

  #render() {
    const tab = this.#tab;
    const list = part(this, "list");
    list.dataset.tab = tab;
    const items =
      tab === "links"
        ? this.#shared.links.map((link) => linkNode(link, this.#peer))
        : this.#shared[tab].map((one) => this.#item(one));
    list.replaceChildren(...items);
    part(this, "further").hidden = this.#reading || !this.#more; // else it would read the same pages twice
    if (this.#reading) return; // and says so
    const none = this.#more ? gettext("Nothing in the newest messages.") : gettext("Nothing was shared yet.");
    part(this, "state").textContent = items.length ? "" : none;
  }

  /** @param {import("../ui/attachmentviews.js").Shown} shown */
  #item({ attachment, mine, time }) {
    const item = document.createElement("li");
    const view = this.#views?.make(attachment);
    if (view) item.append(view.node);
    if (this.#tab === "files") item.append(aboutNode(mine ? gettext("You") : this.#peer, time));
    return item;
  }

  /** @param {Event} event */
  #act(event) {
    const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-act]"));
    if (button?.dataset.act === "close") this.#dialog.close();
    if (button?.dataset.act === "further") void this.#read();
  }
}

/** @param {import("../ui/sharedmedia.js").Link} link @param {string} peer */
function linkNode({ href, host, mine, time }, peer) {
  const item = document.createElement("li");
  const anchor = document.createElement("a");
  Object.assign(anchor, { href, rel: "noopener noreferrer", target: "_blank", dir: "ltr", className: "shared-link" });
  const [title, address] = [document.createElement("strong"), document.createElement("span")];
  title.textContent = host;
  address.textContent = href;
  anchor.append(title, address);
  item.append(anchor, aboutNode(mine ? gettext("You") : peer, time));
  return item;
}

/** @param {string} who @param {number} time */
function aboutNode(who, time) {
  const line = document.createElement("p");
  line.className = "muted small";
  line.textContent = format(gettext("{name}, {time}"), { name: who, time: date(time) });
  return line;
}

customElements.define("chat-media", ChatMedia);
