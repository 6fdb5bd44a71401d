// A message with files waits for them alone, and holds up nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ANSWER_MS } from "../../static/js/sending/outbox.js";
import { PATIENCE_MS } from "../../static/js/sending/retry.js";
import { settle } from "./moved_clock.js";
import { start } from "./outbox_world.js";

const sentFrame = (client_id, conv = "c1") => ({ t: "sent", client_id, conv });
const bodies = ({ sent }) => sent.map(({ body }) => body);

async function waiting() {
  const world = await start();
  world.outbox.opened();
  await world.send("picture");
  await world.write("a");
  await settle();
  await settle();
  return world;
}

test("a text written after a picture goes before it, and the picture once it is whole", async () => {
  const world = await waiting();
  assert.deepEqual(world.uploads, [["begin", "picture"]]);
  assert.deepEqual(bodies(world), ["text of a"]);
  await world.outbox.sent(sentFrame("mid1"));
  world.outbox.whole("picture");
  await settle();
  await settle();
  assert.deepEqual(bodies(world), ["text of a", ""]);
  assert.deepEqual(
    world.sent.map(({ ctr }) => ctr),
    [1, 2],
  );
  await world.outbox.sent(sentFrame("mid2"));
  assert.deepEqual(world.uploads.at(-1), ["sent", "picture"]);
  assert.equal(world.disk.entries.size, 0);
});

test("a picture that is whole does not overtake what is sealed and was not answered", async () => {
  const world = await waiting();
  world.outbox.whole("picture");
  world.outbox.closed();
  world.outbox.opened();
  await settle();
  await settle();
  assert.deepEqual(world.names(), ["mid1", "mid1"]);
  await world.clock.pass(ANSWER_MS);
  assert.deepEqual(world.names(), ["mid1", "mid1", "mid1"]);
  await world.outbox.sent(sentFrame("mid1"));
  await settle();
  assert.deepEqual(world.sent.at(-1), { client_id: "mid2", conv: "c1", body: "", ctr: 2, prev: "C-mid1" });
});

test("what is uploaded does not say that it waits", async () => {
  const world = await start();
  await world.send("picture");
  await world.clock.pass(PATIENCE_MS);
  assert.equal(world.outbox.of("c1")[0].waits, undefined);
  world.outbox.whole("picture");
  await world.clock.pass(PATIENCE_MS);
  assert.equal(world.outbox.of("c1")[0].waits, "offline");
});

test("after a restart the upload goes on; one that was sealed needs none", async () => {
  const first = await waiting();
  assert.deepEqual((await start(first.disk)).uploads, [["begin", "picture"]]);
  await first.outbox.sent(sentFrame("mid1"));
  first.outbox.whole("picture");
  await settle();
  await settle();
  const second = await start(first.disk);
  assert.deepEqual(second.uploads, []);
  second.outbox.opened();
  await settle();
  assert.deepEqual(second.sent, first.sent.slice(1));
});

test("a server that lacks a file gives the counter back, and the file goes again", async () => {
  const world = await waiting();
  world.outbox.whole("picture");
  await world.outbox.sent(sentFrame("mid1"));
  await settle();
  await settle();
  assert.equal(world.sent.at(-1).ctr, 2);
  await world.outbox.refused({ t: "error", code: "blob", client_id: "mid2" });
  assert.deepEqual(world.uploads.at(-1), ["again", "picture"]);
  await world.write("b");
  await settle();
  await settle();
  assert.deepEqual(world.sent.at(-1).body, "text of b");
  assert.equal(world.sent.at(-1).ctr, 2);
  await world.outbox.sent(sentFrame(world.names().at(-1)));
  world.outbox.whole("picture");
  await settle();
  await settle();
  assert.equal(world.sent.at(-1).ctr, 3);
});

test("a refusal that came for a message that is in the log changes nothing", async () => {
  const world = await waiting();
  world.outbox.whole("picture");
  await world.outbox.sent(sentFrame("mid1"));
  await settle();
  await settle();
  world.inLog = (conv) => world.outbox.seen(conv, "mid2");
  await world.outbox.refused({ t: "error", code: "blob", client_id: "mid2" });
  assert.deepEqual(world.uploads.slice(1), [["sent", "picture"]]);
  assert.equal(world.disk.entries.size, 0);
});

test("files that are refused end the message, which can be tried again", async () => {
  const world = await start();
  await world.send("picture");
  await world.outbox.fail("picture", "quota");
  assert.equal(world.outbox.of("c1")[0].failed, "quota");
  assert.equal((await start(world.disk)).uploads.length, 0);
  await world.outbox.retry("picture");
  assert.deepEqual(world.uploads.at(-1), ["begin", "picture"]);
  await world.outbox.discard("picture");
  assert.deepEqual(world.uploads.at(-1), ["discarded", "picture"]);
  assert.equal(world.disk.entries.size, 0);
});

test("files that are refused while the disk is full end the message, too", async () => {
  const world = await start();
  await world.send("picture");
  world.disk.full = true;
  await world.outbox.fail("picture", "site_full");
  assert.equal(world.outbox.of("c1")[0].failed, "site_full");
  await assert.rejects(world.outbox.retry("picture"));
  world.disk.full = false;
  await world.outbox.retry("picture");
  assert.deepEqual(world.uploads.at(-1), ["begin", "picture"]);
});

test("a message that could not be taken back is uploaded, although its upload ended just then", async () => {
  const world = await start();
  await world.send("picture");
  world.disk.full = true;
  const discarded = world.outbox.discard("picture");
  world.outbox.whole("picture"); // nobody hears it
  await assert.rejects(discarded);
  assert.deepEqual(world.uploads, [
    ["begin", "picture"],
    ["begin", "picture"],
  ]);
});

test("a pause outlives a restart until it is resumed, and a full disk keeps nothing from going on", async () => {
  const world = await start();
  await world.send("picture");
  world.done = 7;
  await world.outbox.pausing.pause("picture");
  const later = await start(world.disk);
  assert.equal(later.outbox.all()[0].paused, 7);
  later.disk.full = true;
  await later.outbox.pausing.resume("picture");
  assert.deepEqual(later.uploads.at(-1), ["resume", "picture"]);
  assert.equal((await start(world.disk)).outbox.all()[0].paused, 7);
  later.disk.full = false;
  await world.outbox.pausing.resume("picture");
  assert.equal((await start(world.disk)).outbox.all()[0].paused, undefined);
});

test("a message that is taken back while its pause is kept does not come back", async () => {
  const world = await start();
  await world.send("picture");
  world.done = 0;
  await Promise.all([world.outbox.pausing.pause("picture"), world.outbox.discard("picture")]);
  assert.equal(world.disk.entries.size, 0);
});
