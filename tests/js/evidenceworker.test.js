// The worker that opens a file of a report: what is no picture, or is not what the message names, comes to no frame.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PIXELS_MAX } from "../../static/js/chat/filetypes.js";
import { sealBlob } from "../../static/js/crypto/blob.js";

/** @type {(answer: any) => void} */
let answered;
const self = Object.assign(new EventTarget(), { postMessage: (answer) => answered(answer) });
Object.assign(globalThis, { self });
await import("../../static/js/workers/evidence.js");

const PARTS = "https://admin.example/moderation/blob/aa/bb/";
const asked = [];
/** @type {Blob | undefined} */
let stored;
globalThis.fetch = async (url) => {
  asked.push(String(url));
  if (!stored) return new Response("", { status: 404 });
  return new Response(stored, { headers: { "Content-Length": String(stored.size) } });
};

/** A picture by its head, of this size. */
function png(w, h) {
  const bytes = new Uint8Array(5000);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  new DataView(bytes.buffer).setUint32(16, w);
  new DataView(bytes.buffer).setUint32(20, h);
  return bytes;
}

/** What the worker makes of these bytes. */
async function open(bytes, { picture = true, changed = {}, cut = 0, gone = false } = {}) {
  const pieces = [];
  const key = await sealBlob(new Blob([bytes]), "file", (piece) => void pieces.push(piece), undefined);
  const whole = new Blob(pieces);
  stored = gone ? undefined : whole.slice(0, whole.size - cut);
  const answer = new Promise((done) => {
    answered = done;
  });
  const data = { parts: PARTS, key: { ...key, ...changed }, picture };
  self.dispatchEvent(new MessageEvent("message", { data }));
  return await answer;
}

test("a picture comes as a page with nothing else in it", async () => {
  const bytes = png(640, 480);
  const { page, w, h } = await open(bytes);
  assert.deepEqual([w, h, page.type], [640, 480, "text/html"]);
  const html = await page.text();
  assert.match(
    html,
    /^<!doctype html>.*<img alt="The picture" width="100%" src="data:image\/png;base64,[A-Za-z0-9+/]+=*">$/,
  );
  const [, base64 = ""] = html.split("base64,");
  assert.deepEqual(Uint8Array.from(Buffer.from(base64.slice(0, -2), "base64")), bytes);
  assert.equal(asked.at(-1), `${PARTS}0`);
});

test("what its sender calls a picture is looked at", async () => {
  assert.equal((await open(new TextEncoder().encode("<svg onload=alert(1)>"))).error, "disguised");
  assert.equal((await open(png(PIXELS_MAX, 2))).error, "too_large_to_show");
});

test("another file than the message names is not shown, and not saved", async () => {
  for (const picture of [true, false]) {
    assert.equal((await open(png(1, 1), { picture, changed: { hash: new Uint8Array(32) } })).error, "bad_blob");
    assert.equal((await open(png(1, 1), { picture, changed: { fk: new Uint8Array(32) } })).error, "bad_blob");
    assert.equal((await open(png(1, 1), { picture, cut: 1 })).error, "refused");
    assert.equal((await open(png(1, 1), { picture, gone: true })).error, "gone");
  }
});

test("any file may be saved", async () => {
  const { file } = await open(new TextEncoder().encode("%PDF-"), { picture: false });
  assert.equal(await file.text(), "%PDF-");
});
