// A voice note or another sound in a bubble. It loads when somebody plays it; one plays at a time.

import { barsOf } from "../chat/attachmentkinds.js";
import { locale } from "../language.js";
import { format, gettext } from "../text.js";
import { codeOf, putName } from "./attachmentparts.js";
import { durationWords, mayLoadAgain, shownName, sizeWords, whyNotLoaded } from "./attachmentwords.js";
import { cloned, part } from "./bubbles.js";
import { files } from "./mediafiles.js";
import { saveAttachment } from "./saving.js";

/** @typedef {import("../chat/content.js").Attachment} Attachment */

const SPEEDS = [1, 1.5, 2];
const BARS = 40;
const LOWEST = 8; // per cent of a bar where it is silent

/** @type {SoundPlayer | undefined} */
let playing;
let speed = 0; // of the next one, too

export class SoundPlayer {
  /** @type {import("./openedfiles.js").Held | undefined} */ #held;
  /** @type {HTMLAudioElement | undefined} */ #audio;
  #bars;

  /** @param {Attachment} attachment */
  constructor(attachment) {
    this.attachment = attachment;
    this.node = cloned("attachment-sound");
    const voice = Boolean(attachment.wave);
    const name = voice ? gettext("Voice message") : shownName(attachment);
    this.node.setAttribute("aria-label", name);
    this.node.toggleAttribute("data-voice", voice);
    part(this.node, "name").hidden = voice;
    if (!voice) putName(this.node, attachment.name);
    this.#bars = barsOf(attachment.wave ?? "", voice ? BARS : 0).map((loud) => barOf(loud));
    part(this.node, "bars").replaceChildren(...this.#bars);
    this.#place.addEventListener("input", () => this.#seek());
    this.#say(this.#size);
    this.#show();
  }

  near() {}

  /** What plays goes on playing while it is out of sight. */
  far() {
    if (this.#audio && !this.#audio.paused && this.node.isConnected) return;
    this.#audio?.pause();
    this.#audio?.removeAttribute("src");
    this.#audio = undefined;
    if (this.#held) this.#say(this.#size);
    this.#held?.release();
    this.#held = undefined;
    this.#show();
  }

  async play() {
    if (this.#audio && !this.#audio.paused) return this.#audio.pause();
    if (this.#held && !this.#audio) return; // it is loading
    let audio = this.#audio;
    try {
      audio ??= this.#audio = await this.#opened();
      if (playing !== this) playing?.pause();
      playing = this;
      audio.playbackRate = SPEEDS[speed] ?? 1;
      await audio.play();
    } catch (error) {
      if (/** @type {Error} */ (error).name === "NotAllowedError") return; // it loaded too long: the next click plays
      const code = codeOf(error);
      if (code !== "aborted") this.#failed(code === "failed" && audio ? "unplayable" : code);
    }
  }

  pause() {
    this.#audio?.pause();
  }

  /** The next of the speeds. */
  faster() {
    speed = (speed + 1) % SPEEDS.length;
    if (this.#audio) this.#audio.playbackRate = SPEEDS[speed] ?? 1;
    this.#show();
  }

  async save() {
    try {
      await saveAttachment(this.attachment);
    } catch (error) {
      this.#say(whyNotLoaded(codeOf(error)));
    }
  }

  /** A voice note says how long it is instead. */
  get #size() {
    return this.attachment.wave ? "" : sizeWords(this.attachment.size);
  }

  get #place() {
    return /** @type {HTMLInputElement} */ (part(this.node, "place"));
  }

  async #opened() {
    const onProgress = (/** @type {number} */ done, /** @type {number} */ total) => {
      const share = (total ? done / total : 0).toLocaleString(locale(), { style: "percent" });
      this.#say(format(gettext("Loading, {share}"), { share }));
    };
    this.#say(gettext("Loading"));
    const held = (this.#held = files.hold(this.attachment, "file", onProgress));
    const { url } = await held.open;
    if (this.#held !== held) throw new DOMException("left meanwhile", "AbortError");
    this.#say("");
    const audio = new Audio(url);
    for (const event of ["play", "pause", "timeupdate", "durationchange", "ended"])
      audio.addEventListener(event, () => this.#show());
    audio.addEventListener("error", () => audio.src && this.#failed("unplayable"));
    return audio;
  }

  #seek() {
    if (this.#audio) this.#audio.currentTime = (Number(this.#place.value) / 1000) * this.#seconds();
    this.#show();
  }

  /** A recording of a browser may say Infinity. */
  #seconds() {
    const told = this.#audio?.duration ?? Number.NaN;
    return Number.isFinite(told) && told > 0 ? told : (this.attachment.ms ?? 0) / 1000;
  }

  #show() {
    const plays = Boolean(this.#audio && !this.#audio.paused);
    const at = this.#audio?.currentTime ?? 0;
    const whole = this.#seconds();
    const share = whole ? Math.min(1, at / whole) : 0;
    part(this.node, "play").setAttribute("aria-label", plays ? gettext("Pause") : gettext("Play"));
    part(this.node, "play-icon").hidden = plays;
    part(this.node, "pause-icon").hidden = !plays;
    part(this.node, "elapsed").textContent = whole || at ? durationWords((plays || at ? at : whole) * 1000) : "";
    const times = `${(SPEEDS[speed] ?? 1).toLocaleString(locale())}×`;
    part(this.node, "speed").textContent = times;
    part(this.node, "speed").setAttribute("aria-label", format(gettext("Speed {times}"), { times }));
    this.#place.disabled = !this.#audio;
    this.#place.value = String(Math.round(share * 1000));
    this.#place.setAttribute("aria-valuetext", `${durationWords(at * 1000)} / ${durationWords(whole * 1000)}`);
    for (const [number, bar] of this.#bars.entries())
      bar.toggleAttribute("data-played", share > 0 && number / this.#bars.length <= share);
  }

  /** @param {string} code */
  #failed(code) {
    this.#audio = undefined;
    this.#held?.release();
    this.#held = undefined;
    this.#show();
    this.#say(whyNotLoaded(code));
    part(this.node, "play").hidden = !mayLoadAgain(code);
  }

  /** @param {string} words */
  #say(words) {
    part(this.node, "state").textContent = words;
  }
}

/** @param {number} loud 0 to 1 */
function barOf(loud) {
  const bar = document.createElement("i");
  bar.style.blockSize = `${Math.max(LOWEST, Math.round(loud * 100))}%`;
  return bar;
}
