// Scripts are served without their comments (chatsite/staticstorage.py): the code must be the same.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { transformSync } from "esbuild";

const ROOT = new URL("../../", import.meta.url);
const COLLECTED = new URL(`file://${process.env.CHAT_COLLECTED ?? new URL("var/test/static", ROOT).pathname}/`);

const code = (text) => transformSync(text, { minifyWhitespace: true, legalComments: "none" }).code;
const lines = (text) => text.split("\n").length;

test("what is served is the code that is here, line for line", () => {
  const { paths } = JSON.parse(readFileSync(new URL("staticfiles.json", COLLECTED), "utf8"));
  const own = Object.entries(paths).filter(([name]) => /^js\/.*\.js$/.test(name));
  assert.ok(own.length > 100);
  let [here, there] = [0, 0];
  for (const [name, stored] of own) {
    const source = readFileSync(new URL(`static/${name}`, ROOT), "utf8");
    const served = readFileSync(new URL(stored, COLLECTED), "utf8");
    assert.equal(code(served), code(source), name);
    assert.equal(lines(served), lines(source), name);
    here += source.length;
    there += served.length;
  }
  assert.ok(there < 0.8 * here, "the comments are served, too");
});

test("the comparison sees a line that is missing, and one within a text", () => {
  assert.notEqual(code("a();\nb();"), code("a();"));
  assert.notEqual(code("a(`\n// b\n`);"), code("a(`\n\n`);"));
});
