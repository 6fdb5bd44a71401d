// The frames of tests/vectors/frames.jsonl, which the server's decoder reads too: both take the
// same ones and refuse the same ones.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isClientFrame, isServerFrame } from "../../static/js/protocol.js";

const IS_FRAME = { client: isClientFrame, server: isServerFrame };
const file = new URL("../vectors/frames.jsonl", import.meta.url);
const vectors = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

for (const { from, good, why, text } of vectors) {
  test(`${from}, ${good ? "good" : "bad"}: ${why}`, () => {
    const isFrame = IS_FRAME[/** @type {"client" | "server"} */ (from)];
    assert.equal(isFrame(parsed(text)), good);
  });
}
