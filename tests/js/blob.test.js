// An attachment as a message carries it: sealed under a key of its own, described in M.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openBlob, sealBlob, sealedSize } from "../../static/js/crypto/blob.js";
import { encodeContent, parseContent } from "../../static/js/crypto/content.js";
import { newId, random } from "../../static/js/crypto/encoding.js";
import { opened, pieces, sealed } from "./blobs.js";
import { code, T } from "./people.js";

const HEADS = { me: { k: 1, hash: random(32) }, peer: { k: 2, hash: random(32) } };

test("the same file sealed twice is two blobs, and each opens by its own key", async () => {
  const plain = new Uint8Array(70_000).fill(7);
  const [one, other] = [await sealed(plain, "file"), await sealed(plain, "file")];
  assert.notDeepEqual(one.blob, other.blob);
  assert.deepEqual(await opened(one.blob, one.key, "file"), plain);
  await assert.rejects(opened(one.blob, { ...one.key, fk: other.key.fk }, "file"), code("bad_blob"));
});

test("a file is read and written a chunk at a time", async () => {
  const asked = [];
  const size = 1_300_000;
  const file = /** @type {Blob} */ ({
    size,
    slice: (from, to) => {
      asked.push(to - from);
      return new Blob([new Uint8Array(Math.max(0, Math.min(size, to) - from))]);
    },
  });
  const written = [];
  const key = await sealBlob(file, "file", (bytes) => void written.push(bytes.length));
  assert.ok(Math.max(...asked) <= 2 ** 18);
  assert.ok(Math.max(...written) <= 2 ** 18 + 16);
  assert.equal(
    written.reduce((sum, length) => sum + length),
    sealedSize(key, "file"),
  );
});

test("a blob opens whatever the pieces that it comes in", async () => {
  const plain = random(3000);
  const { blob, key } = await sealed(plain, "file");
  for (const length of [1, 53, 54, 55, 1000, blob.length])
    assert.deepEqual(await opened(blob, key, "file", length), plain);
});

test("a size of nobody's file is refused before anything is read", async () => {
  const key = { fk: random(32), size: Number.MAX_SAFE_INTEGER, hash: random(32), log2: 16 };
  let read = 0;
  const endless = (async function* () {
    for (;;) yield new Uint8Array(++read);
  })();
  await assert.rejects(openBlob(endless, key, "file").next(), code("bad_blob"));
  assert.equal(read, 0);
});

test("what comes behind the last chunk is refused, however it comes", async () => {
  const { blob, key } = await sealed(random(10), "file");
  async function* more() {
    yield* pieces(blob, 20);
    yield new Uint8Array();
    yield random(1);
  }
  const chunks = openBlob(more(), key, "file");
  assert.equal((await chunks.next()).value?.length, 10);
  await assert.rejects(chunks.next(), code("bad_blob"));
});

test("a message names its file and the small picture of it", async () => {
  const [file, small] = [await sealed(random(900), "file"), await sealed(random(90), "thumb")];
  const thumb = { ...small.key, blob: newId(), w: 32, h: 24 };
  const picture = { ...file.key, blob: newId(), mime: "image/webp", name: "tram.webp", w: 640, h: 480, thumb };
  const voice = { ...file.key, blob: newId(), mime: "audio/mp4", name: "", ms: 4200, wave: random(64) };
  const att = [{ ...picture, alt: "a tram \u{1f68b}" }, voice];
  const content = { t: /** @type {const} */ ("text"), ts: T, heads: HEADS, body: "", ref: newId(), att };
  assert.deepEqual(parseContent(encodeContent(content), 1), content);
});

test("what no message may say of a file is not sealed either", () => {
  const file = { blob: newId(), fk: random(32), size: 1, hash: random(32), log2: 18, mime: "", name: "" };
  const bad = [
    { name: "x".repeat(256) },
    { name: "\u{1f600}".repeat(64) },
    { alt: "y".repeat(1001) },
    { wave: random(65) },
    { wave: random(0) },
    { ms: 1.5 },
    { w: -1 },
  ];
  for (const changed of bad) {
    const content = { t: /** @type {const} */ ("text"), ts: T, heads: HEADS, body: "", att: [{ ...file, ...changed }] };
    assert.throws(() => encodeContent(content), code("bad_content"), JSON.stringify(changed));
  }
});
