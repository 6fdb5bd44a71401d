// Above the thread: whom it is with, whether they are here, and what can be done about the chat.

import { STATE } from "../relation.js";
import { session } from "../session.js";
import { format, gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { confirmed } from "../ui/confirming.js";
import { explain } from "../ui/explain.js";
import { actOn } from "../ui/peopleact.js";
import { avatarOf, nameOf, presenceWords } from "../ui/person.js";
import { toast } from "../ui/toast.js";
import { showStanding } from "../ui/verifiedmark.js";

/** @typedef {import("../session.js").Summary} Summary */

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
      session.on("chat", (chat) => chat.row.conv === this.#conv && this.#show(chat)),
      session.on("presence", (seen) => this.#seen(seen)),
      session.on("typing", ({ conv, typing }) => conv === this.#conv && this.#types(typing)),
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

  get #alias() {
    return /** @type {HTMLInputElement} */ (document.getElementById("contact-alias"));
  }

  /** @param {string | null} conv */
  async open(conv) {
    this.#conv = conv;
    this.#typing = false;
    if (!conv) return;
    const chats = await session.ask("chats");
    const chat = chats.find(({ row }) => row.conv === conv);
    if (chat && conv === this.#conv) this.#show(chat);
  }

  /** @param {Summary} chat */
  #show(chat) {
    this.#chat = chat;
    const name = nameOf(chat.contact);
    const title = part(this, "name");
    if (title.textContent !== name) title.textContent = name;
    document.title = `${name} · ${this.dataset.site ?? ""}`;
    title.title = chat.contact ? `@${chat.contact.peer.name}` : "";
    showStanding(part(this, "verified"), chat.trust);
    part(this, "avatar").replaceChildren(avatarOf(chat.row.peer, chat.contact));
    this.#presence();
    this.#identity(chat, name);
    const connected = chat.row.state === STATE.CONNECTED;
    for (const act of ["unread", "rotate", "block"]) {
      /** @type {HTMLElement} */ (this.querySelector(`[data-act="${act}"]`)).hidden = !connected;
    }
  }

  /** @param {Summary} chat @param {string} name */
  #identity({ identity, trust }, name) {
    part(this, "identity").hidden = identity !== "reset";
    const words = format(gettext("{name} has a new security identity"), { name });
    part(this, "identity-title").textContent = words;
    const before = gettext("You had verified {name}. That does not count for the new identity: compare again.");
    part(this, "identity-verified").hidden = trust !== "lost";
    part(this, "identity-verified").textContent = trust === "lost" ? format(before, { name }) : "";
  }

  /** @param {import("../protocol.js").Seen} seen */
  #seen(seen) {
    if (seen.user !== this.#chat?.row.peer) return;
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
      await session.ask("markUnread", conv, true);
      this.dispatchEvent(new Event("leave", { bubbles: true }));
    } else if (act === "rotate") {
      await session.ask("rotate", conv);
      toast(gettext("New messages use a new key."));
    } else if (act === "accept-identity") await session.ask("acceptIdentity", conv);
    else if (act === "clear" && (await confirmed(clearing(name)))) await session.ask("clear", conv);
    else if (act === "block") await actOn(row.peer, act, row.state, name);
  }

  async #rename() {
    if (!this.#chat) return;
    try {
      await session.ask("rename", this.#chat.row.peer, this.#alias.value.trim());
    } catch (error) {
      toast(explain(error));
    }
  }
}

/** @param {string} name */
function clearing(name) {
  return {
    title: gettext("Clear this chat?"),
    text: format(gettext("All messages so far disappear from your devices. {name} keeps theirs."), { name }),
    yes: gettext("Clear"),
  };
}

customElements.define("chat-person", ChatPerson);
