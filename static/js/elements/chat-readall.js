// Above the list of chats: all of them are read, in one go. There only while one is not.

import { STATE } from "../chat/contactstate.js";
import { bus } from "../tabs/bus.js";
import { gettext } from "../text.js";
import { explain } from "../ui/explain.js";
import { busy } from "../ui/forms.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */

export class ChatReadAll extends HTMLElement {
  /** @type {Set<string>} */ #unread = new Set();
  /** @type {(() => void)[]} */ #stop = [];

  get #button() {
    return /** @type {HTMLButtonElement} */ (this.querySelector("button"));
  }

  connectedCallback() {
    this.#button.addEventListener("click", () => void this.#read());
    this.#stop = [
      bus.on("chat", (chat) => this.#see([chat])),
      bus.on("contacts", () => void bus.ask("chats").then((chats) => this.#see(chats))),
    ];
    void bus.ask("chats").then((chats) => this.#see(chats));
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  /** @param {Summary[]} chats */
  #see(chats) {
    for (const { row, unread, contact } of chats) {
      if (row.state === STATE.CONNECTED && (unread > 0 || contact?.unread)) this.#unread.add(row.conv);
      else this.#unread.delete(row.conv);
    }
    this.#button.hidden = !this.#unread.size;
  }

  async #read() {
    busy(this.#button, true);
    try {
      await bus.ask("readAll");
      document.getElementById("chats-heading")?.focus(); // the button goes
      toast(gettext("All chats are marked as read."));
    } catch (error) {
      toast(explain(error));
    } finally {
      busy(this.#button, false);
    }
  }
}

customElements.define("chat-readall", ChatReadAll);
