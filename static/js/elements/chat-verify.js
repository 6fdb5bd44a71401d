// The safety number of a chat: shown, as digits and as a QR code, compared, and marked. All of it
// is made and kept in this browser; the server sees a sealed note.

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { part } from "../ui/bubbles.js";
import { compared, DIGITS } from "../ui/comparison.js";
import { explain } from "../ui/explain.js";
import { busy } from "../ui/forms.js";
import { nameOf } from "../ui/person.js";
import { qrCode } from "../ui/qrcode.js";
import { toast } from "../ui/toast.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */

export class ChatVerify extends HTMLElement {
  /** @type {Summary | undefined} */ #chat;
  /** @type {import("../people/verification.js").SafetyNumber | undefined} */ #number;
  #stop = () => {};

  connectedCallback() {
    this.addEventListener("click", (event) => void this.#act(event));
    this.#pasted.addEventListener("input", () => this.#compare());
    this.#dialog.addEventListener("close", () => this.#forget());
    this.#stop = bus.on("chat", (chat) => chat.row.conv === this.#chat?.row.conv && this.#learn(chat));
  }

  disconnectedCallback() {
    this.#stop();
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (part(this, "dialog"));
  }

  get #pasted() {
    return /** @type {HTMLTextAreaElement} */ (part(this, "pasted"));
  }

  /** @param {string} act */
  #button(act) {
    return /** @type {HTMLButtonElement} */ (this.querySelector(`[data-act="${act}"]`));
  }

  /** @param {Summary} chat */
  async open(chat) {
    this.#forget();
    this.#chat = chat;
    this.#show();
    this.#dialog.showModal();
    await this.#load(chat);
  }

  #forget() {
    this.#chat = undefined;
    this.#number = undefined;
    this.#pasted.value = "";
    this.#problem("");
    part(this, "copy-words").textContent = gettext("Copy");
    part(this, "renewed").textContent = "";
    for (const name of ["digits", "qr"]) part(this, name).replaceChildren();
    this.#compare();
  }

  /** @param {Summary} chat */
  async #load({ row }) {
    try {
      const number = await bus.ask("safetyNumber", row.peer);
      const picture = await qrCode(number.code, gettext("The safety number as a QR code"));
      if (row.conv !== this.#chat?.row.conv) return;
      this.#number = number;
      part(this, "digits").replaceChildren(...number.digits.split(" ").map(group));
      part(this, "qr").replaceChildren(picture);
      this.#compare();
    } catch (error) {
      if (row.conv !== this.#chat?.row.conv) return;
      const chat = this.#chat;
      this.#dialog.close();
      toast(explain(error), { action: gettext("Try again"), onAction: () => void this.open(chat) });
    }
  }

  /** The identity may change while somebody looks: then the number is another one. @param {Summary} chat */
  #learn(chat) {
    const before = this.#chat;
    this.#chat = chat;
    this.#show();
    if (before?.identity !== chat.identity) void this.#load(chat);
  }

  #show() {
    const { standing, contact } = /** @type {Summary} */ (this.#chat);
    const name = nameOf(contact);
    part(this, "how").textContent = format(
      gettext(
        "If nobody stands between you, {name} sees the same 60 digits in this place. Compare them face to face, or read them out on the phone to a voice that you know.",
      ),
      { name },
    );
    const words = {
      none: "",
      verified: gettext("You have verified {name}."),
      lost: gettext("You had verified {name}, but the security identity has changed since. Compare again."),
    }[standing];
    const notice = part(this, "standing");
    notice.hidden = standing === "none";
    notice.className = `notice ${standing === "verified" ? "notice-success" : "notice-warning"}`;
    part(this, "standing-words").textContent = format(words, { name });
    this.#button("verify").hidden = standing === "verified";
    this.#button("unverify").hidden = standing === "none";
  }

  #compare() {
    const { outcome, count } = this.#number
      ? compared(this.#pasted.value, this.#number)
      : { outcome: /** @type {const} */ ("empty"), count: 0 };
    const words = {
      empty: "",
      part: format(gettext("{count} of {all} digits."), { count, all: DIGITS }),
      same: gettext("The same."),
      different: gettext(
        "Different. Do not rely on this chat until you know why: somebody may stand between you, or this is the number of another chat.",
      ),
    }[outcome];
    const line = part(this, "outcome");
    line.hidden = !words;
    line.dataset.outcome = outcome;
    if (line.textContent !== words) line.textContent = words;
    this.#button("verify").disabled = !this.#number || outcome === "different";
  }

  /** @param {MouseEvent} event */
  async #act(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const act = button?.dataset.act;
    if (!button || !act || !this.#chat) return;
    const { row, contact } = this.#chat;
    if (act === "close") return this.#dialog.close();
    this.#problem("");
    busy(button, true);
    try {
      if (act === "copy-number") await this.#copy(button);
      if (act === "verify" && this.#number) await bus.ask("verify", row.conv, this.#number.mark);
      if (act === "rotate") await this.#renew(row.conv);
      if (act === "unverify") await bus.ask("unverify", row.peer);
      if (act === "verify") this.#done(nameOf(contact));
    } catch (error) {
      this.#problem(explain(error));
    } finally {
      busy(button, false);
    }
  }

  /** @param {string} conv */
  async #renew(conv) {
    await bus.ask("rotate", conv);
    part(this, "renewed").textContent = gettext("New messages use a new key.");
  }

  /** Said on the button: a toast lies below an open dialog. @param {HTMLElement} button */
  async #copy(button) {
    await navigator.clipboard.writeText(this.#number?.digits ?? "");
    part(button, "copy-words").textContent = gettext("Copied.");
  }

  /** @param {string} words */
  #problem(words) {
    part(this, "problem").textContent = words;
    part(this, "problem").hidden = !words;
  }

  /** @param {string} name */
  #done(name) {
    this.#dialog.close();
    toast(format(gettext("{name} is marked as verified."), { name }));
  }
}

/** Five digits to look at, and one by one to listen to. @param {string} digits */
function group(digits) {
  const item = document.createElement("li");
  const shown = document.createElement("span");
  shown.setAttribute("aria-hidden", "true");
  shown.textContent = digits;
  const spoken = document.createElement("span");
  spoken.className = "visually-hidden";
  spoken.textContent = [...digits].join(" ");
  item.append(shown, spoken);
  return item;
}

customElements.define("chat-verify", ChatVerify);
