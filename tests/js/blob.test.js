// An attachment as a message carries it: sealed under a key of its own, described in M.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openBlob, sealBlob } from "../../static/js/crypto/blob.js";
import { encodeContent, parseContent } from "../../static/js/crypto/content.js";
import { newId, random } from "../../static/js/crypto/encoding.js";
import { code, T } from "./people.js";

const HEADS = { me: { k: 1, hash: random(32) }, peer: { k: 2, hash: random(32) } };

test("the same file sealed twice is two blobs, and each opens by its own key", async () => {
  const plain = new Uint8Array(70_000).fill(7);
  const [one, other] = [await sealBlob(plain, "file"), await sealBlob(plain, "file")];
  assert.notDeepEqual(one.blob, other.blob);
  assert.deepEqual(await openBlob(one.blob, one.key, "file"), plain);
  await assert.rejects(openBlob(one.blob, { ...one.key, fk: other.key.fk }, "file"), code("bad_blob"));
});

test("a message names its file and the small picture of it", async () => {
  const [file, small] = [await sealBlob(random(900), "file"), await sealBlob(random(90), "thumb")];
  const thumb = { ...small.key, blob: newId(), w: 32, h: 24 };
  const att = [{ ...file.key, blob: newId(), mime: "image/webp", name: "tram.webp", w: 640, h: 480, thumb }];
  const content = { t: /** @type {const} */ ("text"), ts: T, heads: HEADS, body: "", ref: newId(), att };
  assert.deepEqual(parseContent(encodeContent(content), 1), content);
});
