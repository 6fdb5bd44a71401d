// The frames of tests/vectors/frames.jsonl, which the server's decoder reads too: both take the
// same ones and refuse the same ones.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseClientFrame, parseServerFrame } from "../../static/js/protocol.js";

const PARSE = { client: parseClientFrame, server: parseServerFrame };
const file = new URL("../vectors/frames.jsonl", import.meta.url);
const vectors = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

for (const { from, good, why, text } of vectors) {
  test(`${from}, ${good ? "good" : "bad"}: ${why}`, () => {
    const parse = PARSE[/** @type {"client" | "server"} */ (from)];
    if (good) assert.deepEqual(parse(text), JSON.parse(text));
    else assert.throws(() => parse(text), TypeError);
  });
}
