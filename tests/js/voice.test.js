import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, Node } from "./page.js";

/** The microphone, as a browser has it. */
class Recorder extends EventTarget {
  static isTypeSupported = () => true;
  static last;
  state = "inactive";
  mimeType = "audio/webm";

  constructor() {
    super();
    Recorder.last = this;
  }

  start() {
    this.state = "recording";
  }

  pause() {
    this.#in("recording");
    this.state = "paused";
  }

  resume() {
    this.#in("paused");
    this.state = "recording";
  }

  stop() {
    this.state = "inactive";
    setImmediate(() => {
      this.dispatchEvent(Object.assign(new Event("dataavailable"), { data: new Blob(["sound"]) }));
      this.dispatchEvent(new Event("stop"));
    });
  }

  #in(state) {
    if (this.state !== state) throw new DOMException(`it is ${this.state}`, "InvalidStateError");
  }
}

class Sound {
  state = "suspended";
  resume = async () => void (this.state = "running");
  createAnalyser = () => ({ fftSize: 32, getFloatTimeDomainData() {} });
  createMediaStreamSource = () => ({ connect() {} });
  close() {
    this.state = "closed";
  }
}

const { setInterval } = globalThis;
globalThis.setInterval = (...how) => setInterval(...how).unref(); // a recording that is left on keeps no test from its end

const tracks = { open: 0 };
const stream = () => {
  tracks.open += 1;
  return { getTracks: () => [{ stop: () => void (tracks.open -= 1) }] };
};
let permission = async () => stream();
Object.assign(globalThis, { MediaRecorder: Recorder, AudioContext: Sound });
Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia: () => permission() } } });

const { ChatVoice } = await import("../../static/js/elements/chat-voice.js");
const { Sealings } = await import("../../static/js/ui/sealings.js");

const TURNS = 20; // of the event loop, in which all that was begun has ended

async function settled() {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A composer with its microphone, in the chat with bob. */
async function speaking({ send = async () => {} } = {}) {
  const [sent, refs] = [[], []];
  const composer = Object.assign(new Node("chat-composer"), {
    writable: true,
    focusText() {},
    answers: "m1", // a message, until it is sent
    take: () => ({ text: "", ref: composer.answers, ...(composer.answers = undefined) }),
    giveBack: (_conv, { ref }) => void (composer.answers ??= ref),
  });
  const entry = { blob: "", fk: "", hash: "", size: 5, log2: 16, inMemory: false };
  const attach = Object.assign(new Node("chat-attach"), {
    sealings: new Sealings({
      sealFile: async () => entry,
      forget: async () => {},
      send: async (message) => {
        sent.push(message.conv);
        refs.push(message.content.ref);
        await send();
      },
      changed() {},
    }),
  });
  const record = new Node("button");
  record.setAttribute("data-part", "record");
  const voice = filled(new ChatVoice(), "_voice.html");
  composer.append(voice, attach, record);
  voice.connectedCallback();
  await voice.open("bob");
  const press = async (act) => {
    if (act === "record") record.click();
    else voice.querySelector(`[data-act='${act}']`).click(voice);
    await settled();
  };
  const shows = (name) => !voice.querySelector(`[data-part="${name}"]`).hidden;
  return { voice, composer, sent, refs, press, shows };
}

test("a note goes to the chat in which it was spoken, however fast others are opened", async () => {
  const { voice, sent, press, shows } = await speaking();
  await press("record");
  void voice.open("carol");
  void voice.open("dora");
  await settled();
  assert.equal(shows("bar"), false);
  await press("record");
  await press("send");
  assert.deepEqual(sent, ["dora"]);
  await voice.open("bob");
  assert.equal(shows("listen"), true);
  await press("record"); // and it is not reached by a click that came too late
  voice.querySelector("[data-act='send']").click(voice);
  await voice.open("carol");
  await settled();
  assert.equal(sent.at(-1), "bob");
});

test("a microphone that is pulled out leaves what was said, and is let go", async () => {
  const { sent, press, shows } = await speaking();
  await press("record");
  Recorder.last.stop();
  await settled();
  await press("finish");
  assert.equal(shows("listen"), true);
  await press("send");
  assert.deepEqual([sent, tracks.open], [["bob"], 0]);
});

test("a note that could not be sent and one that was spoken meanwhile are both there", async () => {
  let [refuse, send] = [() => {}, () => new Promise((_, no) => (refuse = no))];
  const { sent, refs, press, shows } = await speaking({ send: () => send() });
  await press("record");
  await press("send");
  await press("record");
  send = async () => {};
  refuse(new Error("no room"));
  await settled();
  assert.deepEqual([shows("finish"), shows("listen")], [true, false]); // it can still be ended
  await press("finish");
  for (const count of [2, 3]) {
    await press("send");
    assert.equal(sent.length, count);
  }
  assert.deepEqual(refs, ["m1", "m1", undefined]); // what it answers came back with it
  assert.equal(shows("bar"), false);
});

test("nothing is recorded where nothing can be written any more", async () => {
  let allow = () => {};
  permission = () => new Promise((resolve) => (allow = () => resolve(stream())));
  const { composer, press } = await speaking();
  await press("record");
  composer.writable = false;
  allow();
  await settled();
  assert.equal(tracks.open, 0);
  permission = async () => stream();
});
