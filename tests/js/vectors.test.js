import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { engine } from "./argon2_engine.js";
import { functions } from "./vector_functions.js";
import { fault, isServers } from "./vectors.js";

const folder = new URL("../vectors/crypto/", import.meta.url);
const table = functions({ engine });

for (const file of readdirSync(folder)) {
  test(`vectors of ${file}`, async () => {
    const vectors = JSON.parse(readFileSync(new URL(file, folder), "utf8")).filter((v) => !isServers(v));
    assert.ok(vectors.length > 0);
    const faults = [];
    for (const vector of vectors) {
      const found = await fault(vector, table);
      if (found) faults.push(`${vector.name} (${vector.fn}): ${found}`);
    }
    assert.deepEqual(faults, []);
  });
}

test("a wrong answer and a wrong refusal are noticed", async () => {
  const vector = { fn: "cat", in: { label: "m1:x", fields: ["01"] }, out: { bytes: "00" } };
  assert.match(String(await fault(vector, table)), /^got /);
  assert.match(String(await fault({ ...vector, out: undefined, refuse: "why" }, table)), /^accepted/);
  const slip = { fn: "cat", in: {}, refuse: "why" };
  assert.match(String(await fault(slip, table)), /^crashed/);
});
