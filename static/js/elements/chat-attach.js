// Files on their way into a chat: picked, dropped or pasted, looked at on the sheet, sealed, sent. Each
// stays with the chat where it was picked, whatever is opened meanwhile.

import { bus } from "../tabs/bus.js";
import { forget, holdsUnsent, sealFile, storage } from "../tabs/media.js";
import { format, gettext, ngettext } from "../text.js";
import { AttachSheet } from "../ui/attachsheet.js";
import { part } from "../ui/bubbles.js";
import { dropping } from "../ui/dropping.js";
import { explain } from "../ui/explain.js";
import { askAboutFolder } from "../ui/folders.js";
import { clip, meant } from "../ui/pasting.js";
import { nameOf } from "../ui/person.js";
import { prepare } from "../ui/preparing.js";
import { Sealings } from "../ui/sealings.js";
import { toast } from "../ui/toast.js";
import { ATTACHMENTS_MAX, lookAgain, Trays } from "../ui/trays.js";
import { askBeforeLeaving } from "../ui/unsaved.js";

/** @typedef {import("./chat-composer.js").ChatComposer} ChatComposer */

export class ChatAttach extends HTMLElement {
  /** @type {string | null} */ #conv = null;
  #name = ""; // of whom one writes to
  /** @type {import("../ui/trays.js").Room | null} */ #room = null;
  /** @type {Map<string, string>} */ #problems = new Map(); // by chat
  #trays = new Trays({
    prepare,
    changed: (conv) => conv === this.#conv && this.#show(),
    unnamed: () => gettext("File"),
  });
  /** Of voice notes, too: what is sent first comes first. */
  sealings = new Sealings({
    sealFile,
    forget,
    send: (message) => bus.ask("send", message),
    changed: (conv) => conv === this.#conv && this.#showGoing(),
    inMemory: () => toast(gettext("Keep this page open until it is sent: this browser has no room to keep the files.")),
  });
  /** @type {AttachSheet | undefined} */ #sheet;
  #stop = () => {};

  get #composer() {
    return /** @type {ChatComposer} */ (this.closest("chat-composer"));
  }

  connectedCallback() {
    this.#sheet ??= new AttachSheet(this, this.#acts());
    for (const input of this.querySelectorAll("input[type='file']")) {
      input.addEventListener("change", () => this.#picked(/** @type {HTMLInputElement} */ (input)));
    }
    this.addEventListener("click", (event) => this.#clicked(event));
    const thread = /** @type {HTMLElement} */ (this.closest("chat-thread"));
    thread.addEventListener("paste", (event) => this.#pasted(event));
    dropping(thread, {
      accepts: () => this.#composer.writable,
      over: (over) => void (part(this, "drop").hidden = !over),
      take: (dropped) => void this.#dropped(dropped),
    });
    askBeforeLeaving(() => this.#trays.any || this.sealings.any || holdsUnsent());
    this.#stop = bus.on("chat", (chat) => chat.row.conv === this.#conv && this.#learn(chat));
  }

  disconnectedCallback() {
    this.#stop();
  }

  /** @param {string | null} conv */
  async open(conv) {
    if (conv === this.#conv) return;
    this.#conv = null; // what closes now belongs to no chat that is shown
    this.#sheet?.close();
    this.#conv = conv;
    this.#show();
    if (!conv) return;
    const { chat } = await bus.ask("opening", conv);
    if (chat && conv === this.#conv) this.#learn(chat);
  }

  /** @param {import("../tabs/bus.js").Summary} chat */
  #learn({ contact }) {
    this.#name = nameOf(contact);
    part(this, "drop-words").textContent = format(gettext("Drop the files to send them to {name}"), {
      name: this.#name,
    });
    this.#show();
  }

  /** @returns {import("../ui/attachsheet.js").Acts} */
  #acts() {
    const here = (/** @type {(conv: string) => void} */ act) => () => void (this.#conv && act(this.#conv));
    return {
      remove: (id) => here((conv) => this.#remove(conv, id))(),
      move: (id, by) => here((conv) => this.#trays.move(conv, id, by))(),
      rename: (item, base) => this.#trays.rename(item, base),
      redo: (id, how) => here((conv) => this.#trays.redo(conv, id, how))(),
      caption: (text) => void (this.#composer.words = text),
      send: here((conv) => void this.#send(conv)),
      discard: here((conv) => this.#discard(conv)),
      closed: () => this.#show(),
    };
  }

  /** @param {string} conv @param {string} id */
  #remove(conv, id) {
    this.#problems.delete(conv);
    this.#trays.remove(conv, id);
    if (!this.#trays.of(conv).length) this.#sheet?.close();
  }

  /** @param {string} conv */
  #discard(conv) {
    const items = this.#trays.take(conv);
    this.#problems.delete(conv);
    this.#sheet?.close();
    toast(gettext("Nothing was sent."), { action: gettext("Undo"), onAction: () => this.#back(conv, items) });
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const { pick, act } = button?.dataset ?? {};
    if (pick) {
      part(this, "menu").hidePopover();
      part(this, pick).click();
    }
    if (act === "review") this.#review();
    if (act === "stop" && this.#conv) this.sealings.stop(this.#conv);
  }

  /** @param {HTMLInputElement} input */
  #picked(input) {
    this.#take(this.#conv, [...(input.files ?? [])]);
    input.value = ""; // the same file may be picked again
  }

  /** @param {Promise<import("../ui/dropping.js").Dropped>} coming */
  async #dropped(coming) {
    const conv = this.#conv;
    try {
      const { files, folder } = await coming;
      const wanted = folder === undefined || (await askAboutFolder(this, folder, files.length, ATTACHMENTS_MAX));
      if (wanted) this.#take(conv, files);
    } catch {
      toast(gettext("What was dropped cannot be read. Try it with the paperclip."));
    }
  }

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    if (!event.clipboardData || !this.#composer.writable) return;
    const conv = this.#conv;
    const pasted = clip(event.clipboardData);
    const what = meant(pasted);
    if (what === "text") return;
    if (what === "files") {
      event.preventDefault();
      return this.#take(conv, pasted.files);
    }
    const action = gettext("Paste as picture");
    toast(gettext("The text was pasted."), { action, onAction: () => this.#take(conv, pasted.files) });
  }

  /** @param {string | null} conv @param {File[]} files */
  #take(conv, files) {
    if (!conv || !files.length) return;
    const over = this.#trays.add(conv, files);
    if (over) this.#problems.set(conv, tooMany(over));
    else this.#problems.delete(conv);
    if (conv === this.#conv) this.#review();
  }

  #review() {
    this.#sheet?.open(this.#composer.words);
    this.#show();
    void this.#measure();
  }

  /** Asked again each time: it is also how much another browser of theirs has sent. */
  async #measure() {
    try {
      const { used, limit, fileMax } = await storage();
      this.#room = { fileMax, left: limit ? limit - used : Number.POSITIVE_INFINITY };
    } catch {
      this.#room = null; // away: what is too large is told when it is sent
    }
    this.#show();
  }

  /** The chat is free at once; what could not be sent comes back onto the sheet. @param {string} conv */
  async #send(conv) {
    const name = this.#name;
    const items = this.#trays.take(conv);
    const said = this.#composer.take();
    this.#problems.delete(conv);
    this.#sheet?.close();
    this.#composer.focusText();
    try {
      await this.sealings.send(conv, items, said.text, said.ref);
    } catch (error) {
      const stopped = /** @type {Error} */ (error).name === "AbortError";
      if (!(await lookAgain(items)) && !stopped) this.#problems.set(conv, explain(error));
      this.#composer.giveBack(conv, said);
      this.#back(conv, items);
      if (conv !== this.#conv && !stopped) toast(format(gettext("The files for {name} were not sent."), { name }));
    }
  }

  /** @param {string} conv @param {import("../ui/trays.js").Item[]} items */
  #back(conv, items) {
    this.#trays.giveBack(conv, items);
    if (conv === this.#conv && !document.querySelector("dialog[open]")) this.#review();
  }

  #show() {
    const conv = this.#conv ?? "";
    const items = this.#trays.of(conv);
    const open = Boolean(this.#sheet?.isOpen);
    part(this, "waiting").hidden = open || !items.length;
    const words = ngettext("{count} file is not sent yet.", "{count} files are not sent yet.", items.length);
    part(this, "waiting-words").textContent = format(words, { count: items.length });
    const problem = this.#problems.get(conv) ?? "";
    if (open) this.#sheet?.show({ items, name: this.#name, room: this.#room, problem });
    this.#showGoing();
  }

  #showGoing() {
    const { count, share } = this.sealings.of(this.#conv ?? "");
    part(this, "going").hidden = !count;
    const words = format(ngettext("Encrypting {count} file", "Encrypting {count} files", count), { count });
    if (part(this, "going-words").textContent !== words) part(this, "going-words").textContent = words;
    /** @type {HTMLProgressElement} */ (part(this, "share")).value = Math.round(share * 100);
  }
}

/** @param {number} count */
function tooMany(count) {
  const words = ngettext(
    "Ten files go in one message: {count} found no place.",
    "Ten files go in one message: {count} found no place.",
    count,
  );
  return format(words, { count });
}

customElements.define("chat-attach", ChatAttach);
