// A voice note: recorded where nothing is written, listened to if one likes, sent. What was recorded in a
// chat stays with it; the microphone is free as soon as another one is opened.

import { bus } from "../tabs/bus.js";
import { format, gettext } from "../text.js";
import { durationWords } from "../ui/attachmentwords.js";
import { part } from "../ui/bubbles.js";
import { explain } from "../ui/explain.js";
import { icon } from "../ui/icons.js";
import { canRecord, loudest, Recording, VOICE_MAX_MS, waveOf } from "../ui/recording.js";
import { toast } from "../ui/toast.js";
import { askBeforeLeaving } from "../ui/unsaved.js";
import { barsIn, drawWave } from "../ui/waves.js";

/** @typedef {import("../ui/recording.js").Note} Note */
/** @typedef {import("./chat-composer.js").ChatComposer} ChatComposer */
/** @typedef {import("./chat-attach.js").ChatAttach} ChatAttach */

const ENDINGS = /** @type {Record<string, string>} */ ({
  "audio/mp4": ".m4a",
  "audio/webm": ".webm",
  "audio/ogg": ".ogg",
});

export class ChatVoice extends HTMLElement {
  /** @type {string | null} */ #conv = null;
  #asking = false; // the browser asks whether it may
  /** @type {Recording | undefined} */ #recording;
  /** @type {Map<string, Note[]>} */ #notes = new Map(); // recorded and not sent, by chat; the first one is shown
  /** @type {HTMLAudioElement | undefined} */ #player;
  #stop = () => {};

  get #composer() {
    return /** @type {ChatComposer} */ (this.closest("chat-composer"));
  }

  get #wave() {
    return /** @type {HTMLCanvasElement} */ (part(this, "wave"));
  }

  connectedCallback() {
    const record = part(this.#composer, "record");
    record.hidden = !canRecord();
    record.addEventListener("click", () => void this.#begin());
    this.addEventListener("click", (event) => void this.#clicked(event));
    this.addEventListener("keydown", (event) => this.#key(event));
    askBeforeLeaving(() => Boolean(this.#recording) || this.#notes.size > 0);
    // What goes out of sight records nothing; the field has heard it by then.
    this.#stop = bus.on("chat", () => queueMicrotask(() => this.#composer.writable || void this.#finish()));
  }

  disconnectedCallback() {
    this.#stop();
  }

  /** @param {string | null} conv */
  async open(conv) {
    if (conv === this.#conv) return;
    const finished = this.#finish();
    this.#silence();
    this.#conv = conv; // at once: what is opened next must not be overtaken
    this.#say("");
    this.#show();
    await finished;
  }

  /** What can be sent now. */
  get #note() {
    return this.#recording ? undefined : this.#notes.get(this.#conv ?? "")?.[0];
  }

  /** @param {string} conv @param {Note} note */
  #keep(conv, note) {
    if (conv === this.#conv) this.#silence(); // it plays another one
    this.#notes.set(conv, [note, ...(this.#notes.get(conv) ?? [])]);
  }

  /** @param {string} conv @param {Note} note */
  #drop(conv, note) {
    const others = (this.#notes.get(conv) ?? []).filter((one) => one !== note);
    if (others.length) this.#notes.set(conv, others);
    else this.#notes.delete(conv);
  }

  async #begin() {
    const conv = this.#conv;
    if (!conv || this.#asking || this.#recording) return;
    this.#say("");
    this.#asking = true;
    try {
      const recording = await Recording.begin(() => this.#tick());
      if (conv !== this.#conv || !this.#composer.writable) return recording.cancel(); // it changed meanwhile
      this.#recording = recording;
      this.#show();
      part(this, "finish").focus();
      part(this, "state").textContent = gettext("Recording");
    } catch (error) {
      this.#say(whyNot(error));
    } finally {
      this.#asking = false;
    }
  }

  #tick() {
    const recording = this.#recording;
    if (!recording) return;
    this.#draw();
    if (recording.ended) {
      void this.#finish();
      return this.#say(gettext("The microphone is gone. What you said until then is kept."));
    }
    if (recording.ms < VOICE_MAX_MS) return;
    void this.#finish();
    const minutes = VOICE_MAX_MS / 60_000;
    this.#say(
      format(gettext("A voice message has {count} minutes at most. Send this one, and go on in another."), {
        count: minutes,
      }),
    );
  }

  /** The recording ends and can be listened to. */
  async #finish() {
    const recording = this.#recording;
    const conv = this.#conv;
    if (!recording || !conv) return;
    this.#recording = undefined;
    const note = await recording.stop();
    if (note.bytes.size) this.#keep(conv, note);
    part(this, "state").textContent = note.bytes.size ? gettext("Recorded, not sent yet") : "";
    if (conv !== this.#conv) return;
    this.#show();
    if (note.bytes.size) return;
    this.#say(gettext("That was too short: nothing was recorded."));
    part(this.#composer, "record").focus();
  }

  /** @param {MouseEvent} event */
  async #clicked(event) {
    const act = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset.act;
    if (act === "cancel") this.#discard();
    if (act === "pause") this.#pause();
    if (act === "listen") this.#listen();
    if (act === "send") await this.#send();
    if (act !== "finish") return;
    await this.#finish();
    part(this, "listen").focus();
  }

  /** Escape loses nothing and leaves nothing. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape" || !(this.#recording || this.#notes.has(this.#conv ?? ""))) return;
    event.stopPropagation();
    void this.#finish().then(() => part(this, "listen").focus());
  }

  #pause() {
    const recording = this.#recording;
    if (recording?.paused) recording.resume();
    else recording?.pause();
    part(this, "state").textContent = recording?.paused ? gettext("The recording rests") : gettext("Recording");
    this.#show();
  }

  #discard() {
    const conv = this.#conv ?? "";
    const note = this.#note;
    this.#recording?.cancel();
    if (note) this.#drop(conv, note);
    this.#leave();
    if (!note) return;
    const onAction = () => {
      this.#keep(conv, note);
      this.#show();
    };
    toast(gettext("Nothing was sent."), { action: gettext("Undo"), onAction });
  }

  #leave() {
    this.#recording = undefined;
    this.#silence();
    this.#say("");
    part(this, "state").textContent = "";
    this.#show();
    this.#composer.focusText();
  }

  async #send() {
    const conv = this.#conv ?? ""; // another one may be open once the recording has ended
    await this.#finish();
    const note = this.#notes.get(conv)?.[0];
    if (!note) return;
    this.#drop(conv, note);
    const said = conv === this.#conv ? this.#composer.take(false) : { text: "" };
    if (conv === this.#conv) this.#leave();
    const { bytes, mime, ms, levels } = note;
    const name = gettext("Voice message") + (ENDINGS[mime] ?? "");
    const prepared = { family: /** @type {const} */ ("audio"), bytes, mime, ms, ending: "", told: false };
    const attach = /** @type {ChatAttach} */ (this.#composer.querySelector("chat-attach"));
    try {
      await attach.sealings.send(conv, [{ prepared, name, wave: waveOf(levels) }], "", said.ref);
    } catch (error) {
      this.#keep(conv, note);
      this.#composer.giveBack(conv, said);
      const stopped = /** @type {Error} */ (error).name === "AbortError";
      if (conv !== this.#conv) return;
      this.#show();
      if (!stopped) this.#say(explain(error));
    }
  }

  #listen() {
    const note = this.#note;
    if (!note) return;
    if (this.#player && !this.#player.paused) return this.#player.pause();
    this.#player ??= this.#playerOf(note);
    this.#player.play().catch(({ name }) => {
      if (name === "AbortError") return; // paused before it began
      this.#say(gettext("This browser cannot play what it recorded. It can be sent all the same."));
    });
  }

  /** @param {Note} note */
  #playerOf({ bytes }) {
    const player = new Audio(URL.createObjectURL(bytes));
    for (const sign of ["play", "pause", "timeupdate", "ended"]) player.addEventListener(sign, () => this.#show());
    return player;
  }

  #silence() {
    if (!this.#player) return;
    this.#player.pause();
    URL.revokeObjectURL(this.#player.src);
    this.#player = undefined;
  }

  #show() {
    const note = this.#note;
    const recording = this.#recording;
    const on = Boolean(note || recording);
    part(this, "bar").hidden = !on;
    this.#composer.toggleAttribute("data-voice", on);
    part(this, "listen").hidden = !note;
    part(this, "pause").hidden = part(this, "finish").hidden = Boolean(note);
    const plays = Boolean(this.#player && !this.#player.paused);
    face(part(this, "listen"), plays ? "pause" : "play", plays ? gettext("Pause") : gettext("Listen to it"));
    const rests = Boolean(recording?.paused);
    face(
      part(this, "pause"),
      rests ? "mic" : "pause",
      rests ? gettext("Go on recording") : gettext("Pause the recording"),
    );
    part(this, "bar").toggleAttribute("data-live", Boolean(recording && !rests));
    if (on) this.#draw();
  }

  #draw() {
    const note = this.#note;
    const bars = barsIn(this.#wave);
    const played = this.#player?.currentTime ?? 0;
    if (note) drawWave(this.#wave, loudest(note.levels, bars), this.#player ? (played * 1000) / note.ms : 1);
    else if (this.#recording) drawWave(this.#wave, this.#recording.levels.slice(-bars));
    const ms = note ? (played ? played * 1000 : note.ms) : (this.#recording?.ms ?? 0);
    const words = durationWords(ms);
    if (part(this, "time").textContent !== words) part(this, "time").textContent = words;
  }

  /** @param {string} words */
  #say(words) {
    part(this, "voice-problem").textContent = words;
    part(this, "voice-problem").hidden = !words;
  }
}

/** @param {HTMLElement} button @param {string} name of the icon @param {string} words */
function face(button, name, words) {
  if (button.getAttribute("aria-label") === words) return;
  button.setAttribute("aria-label", words);
  button.replaceChildren(icon(name));
}

/** @param {unknown} error of getUserMedia */
function whyNot(error) {
  switch (/** @type {Error} */ (error).name) {
    case "NotAllowedError":
    case "SecurityError":
      return gettext(
        "This page may not use the microphone. Allow it in the browser, by the sign beside the address, and try again.",
      );
    case "NotFoundError":
      return gettext("This device has no microphone.");
    default:
      return gettext("The microphone does not answer. Another program may be using it.");
  }
}

customElements.define("chat-voice", ChatVoice);
