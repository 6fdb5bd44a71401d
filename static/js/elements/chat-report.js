// Reports a message, with some before it, or a person: says what that reveals and shows just what is sealed,
// before anything goes.

import { b64, newId, utf8 } from "../crypto/encoding.js";
import { REPORT_NOTE_MAX } from "../protocol.js";
import { bus } from "../tabs/bus.js";
import { format, gettext, ngettext } from "../text.js";
import { shownName, sizeWords, summaryWords } from "../ui/attachmentwords.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { busy } from "../ui/forms.js";
import { nameOf } from "../ui/person.js";
import { momentTime } from "../ui/when.js";

/** @typedef {import("../tabs/bus.js").Summary} Summary */
/** @typedef {import("../sync/reporting.js").Shown} Shown */
/** @typedef {{contact: Summary["contact"] | import("../ui/person.js").Named, row: {peer: string, conv: string}}} Chat conv: "" before there is one */

/** @type {Record<string, () => string>} */
const REFUSALS = {
  rate: () => gettext("You have sent as many reports as anybody may in a day. Try again tomorrow."),
  later: () => gettext("There is no connection. Try again when you are back online."),
  words_changed: () => gettext("A message was deleted meanwhile. Look at the list again, then send."),
};

export class ChatReport extends HTMLElement {
  /** @type {Chat | undefined} */ #chat;
  /** @type {number | undefined} seq of the message; none: of the person */ #seq;
  /** @type {Shown[]} as they are sealed */ #messages = [];
  #id = ""; // of the report: a repeat has the same one
  #tried = ""; // what was sent under it, whose answer may be lost
  #changed = false; // other words were tried under it before
  #identity = ""; // of those who read it
  #turn = 0; // number of the look: an older one gives up

  connectedCallback() {
    this.addEventListener("click", (event) => this.#act(event));
    this.#form.addEventListener("submit", (event) => void this.#submit(event));
    part(this, "before").addEventListener("change", () => void this.#look());
    this.#dialog.addEventListener("close", () => this.#forget());
    const thread = document.querySelector("chat-thread [data-part='messages']");
    thread?.addEventListener("click", (event) => void this.#picked(event));
  }

  get #dialog() {
    return /** @type {HTMLDialogElement} */ (part(this, "dialog"));
  }

  get #form() {
    return /** @type {HTMLFormElement} */ (part(this, "form"));
  }

  get #send() {
    return /** @type {HTMLButtonElement} */ (part(this, "send"));
  }

  /** @param {string} name @returns {string} */
  #value(name) {
    return /** @type {HTMLInputElement} */ (part(this, name)).value;
  }

  /** @param {Event} event in the thread */
  async #picked(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act='report']");
    const seq = Number(/** @type {HTMLElement | null | undefined} */ (button?.closest("[data-seq]"))?.dataset.seq);
    const conv = document.querySelector("chat-thread")?.getAttribute("conv");
    if (!seq || !conv) return;
    const { chat } = await bus.ask("opening", conv);
    if (chat) await this.open(chat, seq);
  }

  /** @param {Chat} chat @param {number} [seq] of a message of theirs */
  async open(chat, seq) {
    this.#forget();
    [this.#chat, this.#seq, this.#id] = [chat, seq, b64(newId())];
    const name = nameOf(chat.contact);
    const title = seq ? gettext("Report a message of {name}") : gettext("Report {name}");
    part(this, "title").textContent = format(title, { name });
    part(this, "about").hidden = !seq;
    part(this, "person").hidden = Boolean(seq) || !chat.row.conv;
    part(this, "reveals").textContent = format(revealed(Boolean(seq)), { name });
    this.#dialog.showModal();
    await this.#look();
  }

  /** Who would read it, and what. */
  async #look() {
    const turn = ++this.#turn;
    this.#send.disabled = true;
    this.#tell("");
    try {
      const { identity, changed } = await bus.ask("readerOfReports");
      const messages = await this.#shown();
      if (turn !== this.#turn) return;
      [this.#identity, this.#messages] = [identity, messages];
      part(this, "changed").hidden = !changed;
      this.#show();
    } catch (error) {
      if (turn === this.#turn) this.#tell(wordsOf(error));
    }
  }

  async #shown() {
    if (!this.#seq || !this.#chat) return [];
    return await bus.ask("reportable", this.#chat.row.conv, this.#seq, Number(this.#value("before")));
  }

  #show() {
    const name = nameOf(this.#chat?.contact);
    const items = this.#messages.map((one) => item(one, name, one.seq === this.#seq));
    part(this, "messages").replaceChildren(...items);
    this.#tellFiles(this.#messages.reduce((sum, { content }) => sum + (content.att?.length ?? 0), 0));
    const gone = this.#seq && !this.#messages.some(({ seq }) => seq === this.#seq);
    if (gone) return this.#tell(gettext("This message was deleted or has expired, so it cannot be proved any more."));
    this.#send.disabled = false;
    items.at(-1)?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} count */
  #tellFiles(count) {
    const words = ngettext(
      "{count} file goes along. It is kept until 30 days after the decision, also when the message is deleted meanwhile.",
      "{count} files go along. They are kept until 30 days after the decision, also when the message is deleted meanwhile.",
      count,
    );
    part(this, "files").textContent = format(words, { count });
    part(this, "files").hidden = !count;
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const chat = this.#chat;
    if (!chat || this.#send.disabled || this.#send.getAttribute("aria-busy") === "true") return;
    const note = this.#value("note").trim();
    if (utf8(note).length > REPORT_NOTE_MAX) return this.#tell(gettext("Your note is too long. Shorten it."));
    this.#tell("");
    busy(this.#send, true);
    const wanted = this.#wanted(chat, note);
    const { id } = wanted;
    try {
      await bus.ask("report", wanted);
      if (id === this.#id) this.#done(); // else another one is looked at by now
    } catch (error) {
      if (id === this.#id) await this.#failed(error);
    } finally {
      if (id === this.#id) busy(this.#send, false);
    }
  }

  /**
   * Other words than before take the place of the first at the server, as long as nobody there has read those.
   * @param {Chat} chat
   * @param {string} note
   */
  #wanted({ row }, note) {
    const reason = Number(this.#value("reason"));
    const said = JSON.stringify([reason, note, this.#messages.map(({ seq }) => seq)]);
    this.#changed ||= Boolean(this.#tried) && this.#tried !== said;
    this.#tried = said;
    return {
      id: this.#id,
      peer: row.peer,
      reason,
      note,
      messages: this.#messages,
      chosen: this.#seq ?? 0,
      identity: this.#identity,
      ...(this.#seq && { conv: row.conv }),
    };
  }

  /** What somebody saw is not what would go: they see it again and decide. @param {unknown} error */
  async #failed(error) {
    const { code } = /** @type {{code?: string}} */ (error);
    if (code === "report_read" && !this.#changed) return this.#done(); // it had arrived
    const again = code === "words_changed" || code === "reader_changed";
    if (again) await this.#look();
    if (again && this.#send.disabled) return; // the look has said why
    if (code === "reader_changed") part(this, "changed").hidden = false;
    else this.#tell(wordsOf(error));
  }

  #done() {
    this.#form.hidden = true;
    part(this, "sent").hidden = false;
    part(this, "sent-title").focus();
  }

  #forget() {
    this.#turn += 1;
    this.#form.reset();
    this.#form.hidden = false;
    part(this, "sent").hidden = true;
    part(this, "changed").hidden = true;
    part(this, "files").hidden = true;
    part(this, "messages").replaceChildren();
    [this.#chat, this.#seq, this.#messages, this.#id] = [undefined, undefined, [], ""];
    [this.#tried, this.#changed] = ["", false];
    busy(this.#send, false);
    this.#tell("");
  }

  /** @param {string} words */
  #tell(words) {
    part(this, "problem").textContent = words;
    part(this, "problem").hidden = !words;
    if (words) part(this, "problem").scrollIntoView({ block: "nearest" });
  }

  /** @param {Event} event */
  #act(event) {
    if (/** @type {HTMLElement} */ (event.target).closest("[data-act='close']")) this.#dialog.close();
  }
}

/** @param {unknown} error */
function wordsOf(error) {
  const { code = "" } = /** @type {{code?: string}} */ (error);
  return REFUSALS[code]?.() ?? explain(error);
}

/** @param {boolean} messages */
function revealed(messages) {
  return messages
    ? gettext(
        "The people who run this site can then read the messages above, open the files in them, and read your note. They see that it comes from you. Nothing else of this chat becomes readable. {name} is not told who reported them.",
      )
    : gettext(
        "The people who run this site can then read your note, and see that it comes from you. Nothing of this chat becomes readable. {name} is not told who reported them.",
      );
}

/** @param {Shown} shown @param {string} name @param {boolean} chosen */
function item({ mine, time, content }, name, chosen) {
  const node = document.createElement("li");
  node.toggleAttribute("data-chosen", chosen);
  const [who, words] = [document.createElement("p"), document.createElement("p")];
  who.textContent = `${mine ? gettext("You") : name} · ${momentTime(time)}`;
  words.dir = "auto";
  words.textContent = summaryWords(content);
  node.append(who, words);
  if (content.att) node.append(filesOf(content.att));
  return node;
}

/** @param {import("../chat/content.js").Attachment[]} att */
function filesOf(att) {
  const list = document.createElement("ul");
  list.className = "report-files";
  list.setAttribute("role", "list");
  for (const file of att) {
    const name = document.createElement("bdi");
    name.textContent = shownName(file);
    const line = document.createElement("li");
    line.append(name, ` · ${sizeWords(file.size)}`);
    list.append(line);
  }
  return list;
}

customElements.define("chat-report", ChatReport);
