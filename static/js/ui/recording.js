// A voice note while it is spoken: bytes in a kind that most browsers play, how long it is, and how loud.
//
// Policy: `KINDS` (in this order), `VOICE_MAX_MS`, `WAVE_VALUES`.

export const VOICE_MAX_MS = 15 * 60_000;
export const WAVE_VALUES = 64; // of att.wave (docs/encryption.md 4.8)
const BITS_PER_SECOND = 32_000; // a voice is clear, and a minute is 240 kB
const LOOK_MS = 50; // how often loudness is measured
const CHUNK_MS = 1_000; // what a page that ends has lost
const LOUD = 0.35; // root mean square of a near voice; louder is as high
// Safari plays no WebM of before 2024, everybody plays AAC. Few browsers write it.
const KINDS = ["audio/mp4;codecs=mp4a.40.2", "audio/webm;codecs=opus", "audio/ogg;codecs=opus"];

/** @typedef {{bytes: Blob, mime: string, ms: number, levels: number[]}} Note levels: 0 to 1 */

export function canRecord() {
  return Boolean(globalThis.MediaRecorder && globalThis.AudioContext && navigator.mediaDevices?.getUserMedia);
}

export class Recording {
  /** @type {number[]} */ levels = [];
  #spoken = 0; // ms before the last pause
  #since = 0; // when it went on; 0: it rests
  /** @type {Blob[]} */ #chunks = [];
  #stream;
  #recorder;
  #sound;
  #analyser;
  #samples;
  #timer;

  /** @param {() => void} tick it went on: levels and ms are new */
  static async begin(tick) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    try {
      return new Recording(stream, tick);
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      throw error;
    }
  }

  /** @param {MediaStream} stream @param {() => void} tick */
  constructor(stream, tick) {
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.#stream = stream;
    this.#recorder = new MediaRecorder(stream, {
      audioBitsPerSecond: BITS_PER_SECOND,
      ...(mimeType && { mimeType }),
    });
    this.#recorder.addEventListener("dataavailable", ({ data }) => void this.#chunks.push(data));
    this.#sound = new AudioContext();
    this.#analyser = this.#sound.createAnalyser();
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#sound.createMediaStreamSource(stream).connect(this.#analyser);
    this.#sound.resume().catch(() => {}); // made after the browser has asked, it may rest, and measure silence
    this.#recorder.start(CHUNK_MS);
    this.#since = performance.now();
    this.#timer = setInterval(() => this.#look(tick), LOOK_MS);
  }

  get ms() {
    return Math.round(this.#spoken + (this.#since && performance.now() - this.#since));
  }

  get paused() {
    return !this.#since;
  }

  /** Without being asked: the microphone was pulled out, or forbidden. What came before is there. */
  get ended() {
    return this.#recorder.state === "inactive";
  }

  /** @param {() => void} tick */
  #look(tick) {
    if (this.paused) return;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const power = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    this.levels.push(Math.min(1, Math.sqrt(power) / LOUD));
    tick();
  }

  pause() {
    if (this.paused) return;
    this.#spoken = this.ms;
    this.#since = 0;
    if (this.#recorder.state === "recording") this.#recorder.pause();
  }

  resume() {
    if (this.#recorder.state !== "paused") return;
    this.#recorder.resume();
    this.#since = performance.now();
  }

  /** @returns {Promise<Note>} the microphone is free afterwards */
  async stop() {
    this.pause();
    const whole = new Promise((resolve) => this.#recorder.addEventListener("stop", resolve, { once: true }));
    if (this.#recorder.state !== "inactive") {
      this.#recorder.stop();
      await whole;
    }
    this.#free();
    const mime = this.#recorder.mimeType.split(";")[0] || "audio/webm";
    return { bytes: new Blob(this.#chunks, { type: mime }), mime, ms: this.ms, levels: this.levels };
  }

  /** Nothing of it is left. */
  cancel() {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    this.#free();
  }

  #free() {
    clearInterval(this.#timer);
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.#sound.state !== "closed") void this.#sound.close();
  }
}

/**
 * As the message has it: the loudest of each stretch.
 * @param {readonly number[]} levels 0 to 1
 * @returns {string} up to WAVE_VALUES bytes in base64; empty where nothing was measured
 */
export function waveOf(levels) {
  const bytes = loudest(levels, WAVE_VALUES).map((level) => Math.round(level * 255));
  return btoa(String.fromCharCode(...bytes));
}

/** @param {readonly number[]} levels @param {number} most @returns {number[]} */
export function loudest(levels, most) {
  const count = Math.min(most, levels.length);
  return Array.from({ length: count }, (_, at) => {
    const from = Math.floor((at * levels.length) / count);
    const to = Math.max(from + 1, Math.floor(((at + 1) * levels.length) / count));
    return levels.slice(from, to).reduce((high, level) => Math.max(high, level), 0);
  });
}
