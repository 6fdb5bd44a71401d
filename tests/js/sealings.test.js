// What is sealed for a message, one after the other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Sealings } from "../../static/js/ui/sealings.js";
import { attached } from "./uploads_world.js";

function world(inMemory) {
  const there = { sent: [], forgotten: [], told: 0, refusal: null };
  there.sealings = new Sealings({
    sealFile: async ({ size }) => ({ ...attached(size), inMemory }),
    forget: (blobs) => there.forgotten.push(...blobs),
    send: async (message) => {
      if (there.refusal) throw there.refusal;
      there.sent.push(message);
    },
    changed: () => {},
    inMemory: () => void (there.told += 1),
  });
  there.send = (name) =>
    there.sealings.send("c1", [{ prepared: { bytes: new Blob(["x"]), mime: "audio/webm" }, name }], "");
  return there;
}

test("of each message whose files are in memory alone it is told, voice notes too", async () => {
  const there = world(true);
  await Promise.all([there.send("a"), there.send("b")]);
  assert.deepEqual(
    there.sent.map(({ content }) => content.att[0].name),
    ["a", "b"],
  );
  assert.equal(there.told, 2);
  const kept = world(false);
  await kept.send("a");
  assert.equal(kept.told, 0);
});

test("what could not be sent leaves nothing, and nothing is told of it", async () => {
  const there = world(true);
  there.refusal = new Error("full");
  await assert.rejects(there.send("a"), there.refusal);
  assert.equal(there.forgotten.length, 1);
  assert.equal(there.told, 0);
  assert.equal(there.sealings.any, false);
});
