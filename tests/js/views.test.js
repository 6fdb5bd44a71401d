import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, made, Node } from "./page.js";

let near;
globalThis.IntersectionObserver = class {
  constructor(told) {
    near = (...seen) => told(seen.map(([target, isIntersecting]) => ({ target, isIntersecting })));
  }
  observe() {}
};
globalThis.matchMedia = () => ({ matches: true }); // less movement
/** @type {(() => void)[]} */ const stills = [];
globalThis.createImageBitmap = () => new Promise((resolve) => stills.push(() => resolve({ close() {} })));

const { AttachmentViews } = await import("../../static/js/ui/attachmentviews.js");
const { dropping } = await import("../../static/js/ui/dropping.js");
const { SoundPlayer } = await import("../../static/js/ui/soundplayer.js");
const { UploadLines } = await import("../../static/js/ui/uploadline.js");
const { ViewerStage } = await import("../../static/js/ui/viewerstage.js");
const { bus } = await import("../../static/js/tabs/bus.js");
const { files } = await import("../../static/js/ui/mediafiles.js");

const TURNS = 20; // of the event loop, in which all that was begun has ended

async function settled() {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const picture = (blob) => ({ blob, mime: "image/gif", name: `${blob}.gif`, size: 14, w: 9, h: 9 });
const open = (url, moves = false) => ({ url, blob: new Blob(), type: { family: "picture", moves } });
const words = (node, name) => node.querySelector(`[data-part="${name}"]`);

test("a picture that became a card keeps no other from being loaded", async () => {
  const box = new Node();
  const views = new AttachmentViews(box, () => {});
  files.hold = () => ({ open: Promise.reject(Object.assign(new Error(), { code: "disguised" })), release() {} });
  const [disguised, other] = [views.make(picture("a")), views.make(picture("b"))];
  box.append(disguised.node, other.node);
  near([disguised.node, true]);
  await settled();
  words(disguised.node, "save").focus();
  words(disguised.node, "save").click(box);
  await settled();
  assert.equal(document.activeElement, words(disguised.node, "save")); // of the card
  const loaded = [];
  files.hold = ({ blob }) => ({ open: new Promise(() => {}), release() {}, held: loaded.push(blob) });
  near([disguised.node, false], [other.node, true]);
  near([disguised.node, true]);
  assert.deepEqual(loaded, ["b"]);
});

test("a picture is loaded unasked only where it is small by what is told and by what is found", async () => {
  const box = new Node();
  const views = new AttachmentViews(box, () => {});
  const [small, large] = [
    { w: 2560, h: 2560 },
    { w: 8000, h: 6000 },
  ];
  const shown = async (told, found) => {
    const asked = [];
    files.hold = (_, role) => {
      asked.push(role);
      const type = { family: "picture", ...(role === "thumb" ? small : found) };
      return { now: { url: `blob:${role}`, blob: new Blob(), type }, release() {} };
    };
    const { node } = views.make({ ...picture("a"), w: undefined, h: undefined, ...told, thumb: {} });
    near([node, true]);
    await settled();
    return [asked.join(), words(node, "picture").src, words(node, "size").hidden];
  };
  assert.deepEqual(await shown(small, small), ["thumb,file", "blob:file", true]);
  assert.deepEqual(await shown(small, large), ["thumb,file", "blob:thumb", false]);
  assert.deepEqual(await shown(large, small), ["thumb", "blob:thumb", true]);
  assert.deepEqual(await shown({}, small), ["thumb", "blob:thumb", true]);
});

test("few pictures are decoded at once, and none that has left the screen meanwhile", async () => {
  /** @type {(() => void)[]} */ const decoding = [];
  Image.prototype.decode = () => new Promise((done) => decoding.push(done));
  const views = new AttachmentViews(new Node(), () => {});
  files.hold = ({ blob }) => {
    const type = { family: "picture", w: 9, h: 9 };
    return { now: { url: `blob:${blob}`, blob: new Blob(), type }, release() {} };
  };
  const [one, two, left, last] = ["a", "b", "c", "d"].map((name) => views.make(picture(name)).node);
  near([one, true], [two, true], [left, true], [last, true]);
  await settled();
  assert.equal(decoding.length, 2);
  assert.equal(words(one, "picture").hidden, true);
  near([left, false]);
  for (const done of decoding.splice(0)) done();
  await settled();
  assert.equal(decoding.length, 1);
  decoding[0]();
  await settled();
  assert.deepEqual(
    [one, two, left, last].map((node) => words(node, "picture").src),
    ["blob:a", "blob:b", undefined, "blob:d"],
  );
  Image.prototype.decode = async () => {};
});

test("stills of animations that failed, were replaced or left are let go", async () => {
  const [make, revoke, decode] = [URL.createObjectURL, URL.revokeObjectURL, Image.prototype.decode];
  /** @type {Set<string>} */ const held = new Set();
  let count = 0;
  URL.createObjectURL = () => {
    const url = `blob:still${++count}`;
    held.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => held.delete(url);
  const views = new AttachmentViews(new Node(), () => {});
  files.hold = (_, role) => {
    const type = { family: "picture", moves: true, w: 9, h: 9 };
    return { now: { url: `blob:${role}`, blob: new Blob(), type }, release() {} };
  };
  const shown = async () => {
    const { node } = views.make({ ...picture("a"), thumb: {} });
    near([node, true]);
    for (let still = 0; still < 2; still++) {
      await settled();
      stills.shift()?.();
    }
    await settled();
    return node;
  };
  const node = await shown();
  assert.deepEqual([count, [...held]], [2, [words(node, "picture").src]]);
  near([node, false]);
  assert.equal(held.size, 0);
  Image.prototype.decode = async () => Promise.reject(new Error());
  await shown();
  assert.deepEqual([count, held.size], [4, 0]);
  Object.assign(URL, { createObjectURL: make, revokeObjectURL: revoke });
  Image.prototype.decode = decode;
});

test("the still of an animation that was left is not shown as the next picture", async () => {
  const stage = new ViewerStage(filled(new Node(), "_viewer.html"));
  Object.assign(stage.video, { pause() {}, load() {} });
  let arrive = () => {};
  files.hold = () => ({ open: Promise.resolve(open("blob:first", true)), release() {} });
  void stage.show(picture("first"), "Photo");
  await settled();
  files.hold = () => ({ open: new Promise((resolve) => (arrive = resolve)), release() {} });
  const shown = stage.show(picture("second"), "Photo");
  stills.shift()?.();
  await settled();
  arrive(open("blob:second"));
  await shown;
  assert.equal(stage.picture.src, "blob:second");
});

test("what has sound and no picture is silent once it is said that it cannot be played", async () => {
  const stage = new ViewerStage(filled(new Node(), "_viewer.html"));
  const said = [];
  Object.assign(stage.video, { pause: () => said.push("pause"), load() {}, play: async () => {}, videoWidth: 0 });
  files.hold = () => ({ now: { ...open("blob:film"), type: { family: "video" } }, release() {} });
  await stage.show({ ...picture("film"), mime: "video/mp4" }, "Video");
  said.length = 0;
  stage.video.dispatchEvent(new Event("loadedmetadata"));
  assert.deepEqual(said, ["pause"]);
});

test("why a picture cannot be saved is said in the viewer", async () => {
  const viewer = filled(new Node(), "_viewer.html");
  const stage = new ViewerStage(viewer);
  Object.assign(stage.video, { pause() {}, load() {} });
  files.hold = () => ({ open: new Promise(() => {}), release() {} });
  void stage.show({ ...picture("a"), fk: "", hash: "", log2: 16 }, "Photo");
  await stage.save();
  assert.match(words(viewer, "words").textContent, /^It did not load/);
});

test("a file can be dropped after something of the page was dragged and had gone", () => {
  const area = new Node();
  const taken = [];
  dropping(area, { accepts: () => true, over() {}, take: (dropped) => taken.push(dropped) });
  document.dispatchEvent(new Event("dragstart"));
  document.dispatchEvent(new Event("pointerdown"));
  const dataTransfer = { types: ["Files"], items: [] };
  area.dispatchEvent(Object.assign(new Event("drop"), { dataTransfer }));
  assert.equal(taken.length, 1);
});

/** @param {DOMException} refusal of play() */
function sound(refusal) {
  globalThis.Audio = class extends EventTarget {
    paused = true;
    src = "blob:sound";
    play = async () => {
      if (refusal.name === "NotSupportedError") this.dispatchEvent(new Event("error"));
      throw refusal;
    };
    pause() {}
    removeAttribute() {}
  };
  files.hold = () => ({ open: Promise.resolve({ url: "blob:sound" }), release() {} });
  return new SoundPlayer({ blob: "a", mime: "audio/mpeg", name: "a.mp3", size: 9 });
}

test("a sound that cannot be played says so to the end; one that loaded too long plays at the next click", async () => {
  const odd = sound(new DOMException("", "NotSupportedError"));
  await odd.play();
  assert.match(words(odd.node, "state").textContent, /cannot be played here/);
  assert.equal(words(odd.node, "play").hidden, true);
  const late = sound(new DOMException("", "NotAllowedError"));
  await late.play();
  assert.deepEqual([words(late.node, "state").textContent, words(late.node, "play").hidden], ["", false]);
});

test("a sound that is left while it loads says its size again, not how far it was", async () => {
  const player = sound(new DOMException("", "AbortError"));
  files.hold = (_, __, progress) => ({ open: new Promise(() => {}), release() {}, told: progress(4, 9) });
  void player.play();
  assert.match(words(player.node, "state").textContent, /Loading/);
  player.far();
  assert.match(words(player.node, "state").textContent, /9 bytes/);
});

test("the focus goes from pause to resume and back, as each is gone", () => {
  const lines = new UploadLines(() => {});
  lines.listen();
  const node = made("_message.html", "message");
  const entry = { id: "1", content: { att: [picture("a")] } };
  const came = (state) => {
    const detail = { id: "1", conv: "bob", done: 1, total: 2, state };
    bus.dispatchEvent(new CustomEvent("upload", { detail }));
    lines.fill(node, entry);
  };
  came("sending");
  words(node, "pause").focus();
  came("paused");
  assert.equal(document.activeElement, words(node, "resume"));
  came("sending");
  assert.equal(document.activeElement, words(node, "pause"));
});
