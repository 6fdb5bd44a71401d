// Above the thread: who it is with, whether they are here, and what can be done about the chat.

import { STATE } from "../chat/contactstate.js";
import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { setTitle } from "../ui/badges.js";
import { part } from "../ui/bubbles.js";
import { clearChat } from "../ui/clearchat.js";
import { onNewDay } from "../ui/day.js";
import { explain } from "../ui/explain.js";
import { actOn } from "../ui/peopleact.js";
import { avatarOf, nameOf, presenceWords } from "../ui/person.js";
import { toast } from "../ui/toast.js";
import { showStanding } from "../ui/verifiedmark.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */

export class ChatPerson extends HTMLElement {
  /** @type {string | null} */ #conv = null;
  /** @type {Summary | undefined} */ #chat;
  #typing = false;
  /** @type {(() => void)[]} */ #stop = [];

  connectedCallback() {
    this.addEventListener("click", (event) => this.#act(event));
    this.#dialog.querySelector("form")?.addEventListener("submit", () => void this.#rename());
    this.#dialog.querySelector("[data-act='close']")?.addEventListener("click", () => this.#dialog.close());
    this.#stop = [
      bus.on("chat", (chat) => chat.row.conv === this.#conv && this.#show(chat)),
      bus.on("presence", (seen) => this.#seen(seen)),
      bus.on("typing", ({ conv, typing }) => conv === this.#conv && this.#types(typing)),
      onNewDay(() => this.#presence()),
    ];
  }

  disconnectedCallback() {
    for (const stop of this.#stop) stop();
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (document.getElementById("rename-contact"));
  }

  get #verifier() {
    return /** @type {import("./chat-verify.js").ChatVerify} */ (document.querySelector("chat-verify"));
  }

  get #reporter() {
    return /** @type {import("./chat-report.js").ChatReport} */ (document.querySelector("chat-report"));
  }

  get #alias() {
    return /** @type {HTMLInputElement} */ (document.getElementById("contact-alias"));
  }

  /** @param {string | null} conv */
  async open(conv) {
    this.#conv = conv;
    this.#typing = false;
    if (!conv) return;
    const chats = await bus.ask("chats");
    const chat = chats.find(({ row }) => row.conv === conv);
    if (chat && conv === this.#conv) this.#show(chat);
  }

  /** @param {Summary} chat */
  #show(chat) {
    this.#chat = chat;
    const name = nameOf(chat.contact);
    const title = part(this, "name");
    if (title.textContent !== name) title.textContent = name;
    setTitle(`${name} · ${this.dataset.site ?? ""}`);
    title.title = chat.contact?.peer.name ? `@${chat.contact.peer.name}` : "";
    showStanding(part(this, "verified"), chat.standing);
    part(this, "avatar").replaceChildren(avatarOf(chat.row.peer, chat.contact));
    this.#presence();
    this.#identity(chat, name);
    const connected = chat.row.state === STATE.CONNECTED;
    for (const act of ["unread", "block"]) {
      /** @type {HTMLElement} */ (this.querySelector(`[data-act="${act}"]`)).hidden = !connected;
    }
  }

  /** @param {Summary} chat @param {string} name */
  #identity({ identity, standing }, name) {
    part(this, "identity").hidden = identity !== "reset";
    const words = format(gettext("{name} has a new security identity"), { name });
    part(this, "identity-title").textContent = words;
    const before = gettext("You had verified {name}. That does not count for the new identity: compare again.");
    part(this, "identity-verified").hidden = standing !== "lost";
    part(this, "identity-verified").textContent = standing === "lost" ? format(before, { name }) : "";
  }

  /** @param {import("../protocol.js").Seen} seen */
  #seen(seen) {
    if (seen.user !== this.#chat?.row.peer || this.#chat.row.state !== STATE.CONNECTED) return;
    this.#chat = { ...this.#chat, presence: seen };
    this.#presence();
  }

  /** @param {boolean} typing */
  #types(typing) {
    this.#typing = typing;
    this.#presence();
  }

  #presence() {
    const line = part(this, "presence");
    const online = this.#chat?.presence?.state === "online";
    line.textContent = this.#typing ? gettext("is writing…") : presenceWords(this.#chat?.presence);
    line.toggleAttribute("data-online", online || this.#typing);
  }

  /** @param {MouseEvent} event */
  async #act(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
    const act = /** @type {HTMLElement | null} */ (button)?.dataset.act;
    if (!act || !this.#chat || !this.#conv) return;
    /** @type {HTMLElement} */ (this.querySelector("#thread-menu")).hidePopover();
    if (act === "verify-number") return this.#verifier.open(this.#chat);
    if (act === "report") return this.#reporter.open(this.#chat);
    try {
      await this.#do(act, this.#chat, this.#conv);
    } catch (error) {
      toast(explain(error));
    }
  }

  /** @param {string} act @param {Summary} chat @param {string} conv */
  async #do(act, { row, contact }, conv) {
    const name = nameOf(contact);
    if (act === "rename") {
      this.#alias.value = contact?.alias ?? "";
      this.#dialog.showModal();
    } else if (act === "unread") {
      await bus.ask("markUnread", conv, true);
      this.dispatchEvent(new Event("leave", { bubbles: true }));
    } else if (act === "accept-identity") await bus.ask("acceptIdentity", conv);
    else if (act === "clear") await clearChat(conv, name);
    else if (act === "block") await actOn(row.peer, act, row.state, name);
  }

  async #rename() {
    if (!this.#chat) return;
    try {
      await bus.ask("rename", this.#chat.row.peer, this.#alias.value.trim());
    } catch (error) {
      toast(explain(error));
    }
  }
}

customElements.define("chat-person", ChatPerson);
