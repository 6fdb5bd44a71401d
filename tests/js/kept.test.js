// Nothing is lost where the disk is full, and nothing waits in silence.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PATIENCE_MS } from "../../static/js/sending/retry.js";
import { settle } from "./moved_clock.js";
import { start } from "./outbox_world.js";

const sentFrame = (client_id) => ({ t: "sent", client_id, conv: "c1" });
const refusal = (code, client_id = "mid1") => ({ t: "error", code, client_id });

test("what could not be kept is told, is not there, and takes what was written after it along", async () => {
  const world = await start();
  world.outbox.opened();
  world.disk.full = true;
  const [a, b] = await Promise.allSettled([world.write("a"), world.write("b")]);
  assert.deepEqual([a.reason?.code, b.reason?.code], ["quota", "quota"]);
  assert.deepEqual(world.outbox.of("c1"), []);
  world.disk.full = false;
  await world.write("a");
  await settle();
  assert.deepEqual(
    world.sent.map(({ body }) => body),
    ["text of a"],
  );
});

test("written while an earlier one was not kept yet: it does not overtake", async () => {
  const world = await start();
  world.disk.full = 1; // the next write alone
  const both = await Promise.allSettled([world.write("a"), world.write("b")]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(world.disk.entries.size, 0);
});

test("nothing leaves that is not on the disk, and the counter stands still", async () => {
  const world = await start();
  await world.write("a");
  world.disk.full = true;
  world.outbox.opened();
  await settle();
  assert.equal(world.sealed, 1); // it came as far as the disk
  assert.deepEqual(world.sent, []);
  assert.equal(world.disk.turns.has("c1"), false);
  world.disk.full = false;
  await world.clock.pass(2000);
  assert.deepEqual(world.sent, [{ client_id: "mid2", conv: "c1", body: "text of a", ctr: 1, prev: undefined }]);
});

test("a full disk fails no message: it says so, and goes on when there is room", async () => {
  const world = await start();
  world.outbox.opened();
  await world.write("a");
  await settle();
  world.disk.full = true;
  await world.outbox.refused(refusal("not_connected"));
  await world.clock.pass(PATIENCE_MS);
  const [waiting] = world.outbox.of("c1");
  assert.equal(waiting.failed, undefined);
  assert.equal(waiting.waits, "quota");
  assert.equal(waiting.sealed.frame.client_id, "mid1");
  world.disk.full = false;
  world.outbox.wake();
  await settle();
  assert.equal(world.names().at(-1), "mid1"); // the same bytes
  await world.outbox.refused(refusal("not_connected"));
  assert.equal(world.outbox.of("c1")[0].failed, "not_connected");
  assert.deepEqual(world.disk.turns.get("c1"), { ctr: 0, commitments: [] });
});

test("any other trouble of the disk is no failure either", async () => {
  const world = await start();
  await world.write("a");
  world.disk.full = "unavailable";
  world.outbox.opened();
  await settle();
  assert.deepEqual(world.changes, [["a", "kept"]]);
});

test("sent and not dropped: it is gone for the page, and a restart repeats the same bytes", async () => {
  const first = await start();
  first.outbox.opened();
  await first.write("a");
  await settle();
  first.disk.full = true;
  await first.outbox.sent(sentFrame("mid1"));
  assert.deepEqual(first.changes.at(-1), ["a", "gone"]);
  first.disk.full = false;
  const second = await start(first.disk);
  second.outbox.opened();
  await settle();
  assert.deepEqual(second.sent, first.sent);
});

test("in the log, but its row could not be kept here: it stays in sight until it is, and stops nobody", async () => {
  const world = await start();
  world.outbox.opened();
  for (const id of ["a", "b"]) await world.write(id);
  await settle();
  await world.outbox.sent(sentFrame("mid1"), false);
  await settle();
  assert.deepEqual(world.names(), ["mid1", "mid2"]);
  assert.deepEqual(
    world.outbox.of("c1").map(({ id }) => id),
    ["a", "b"],
  );
  await world.outbox.seen("c1", "mid1");
  assert.deepEqual(
    world.outbox.of("c1").map(({ id }) => id),
    ["b"],
  );
});

test("written offline and taken back: gone for good, whatever was being done with it", async () => {
  const world = await start();
  for (const id of ["a", "b"]) await world.write(id);
  await world.outbox.discard("a");
  world.outbox.opened(); // b is being sealed when it is taken back
  await world.outbox.discard("b");
  await settle();
  assert.deepEqual(world.sent, []);
  assert.equal(world.disk.entries.size, 0);
  await world.write("c");
  await settle();
  assert.equal(world.sent[0].ctr, 1);
});

test("taken back while it was written down: the counter goes to the next one", async () => {
  const world = await start();
  await world.write("a");
  let go = () => {};
  world.disk.until = new Promise((done) => {
    go = done;
  });
  world.outbox.opened();
  await settle();
  const taken = world.outbox.discard("a");
  go();
  await taken;
  await world.write("b");
  await settle();
  assert.deepEqual(
    world.sent.map(({ body, ctr }) => [body, ctr]),
    [["text of b", 1]],
  );
  assert.deepEqual([...world.disk.entries.keys()], ["b"]);
});

test("what could not be deleted is still there, in its place", async () => {
  const world = await start();
  for (const id of ["a", "b"]) await world.write(id);
  world.disk.full = true;
  await assert.rejects(world.outbox.discard("a"), { code: "quota" });
  assert.deepEqual(
    world.outbox.of("c1").map(({ id }) => id),
    ["a", "b"],
  );
});

test("what waits says why before a person wonders, and is silent on a good line", async () => {
  const world = await start();
  await world.write("a");
  await world.clock.pass(PATIENCE_MS);
  assert.equal(world.outbox.of("c1")[0].waits, "offline");
  world.outbox.opened();
  await settle();
  assert.equal(world.outbox.of("c1")[0].waits, "later"); // no answer yet
  await world.outbox.sent(sentFrame("mid1"));
  await world.write("b");
  await world.clock.pass(PATIENCE_MS - 1);
  assert.equal(world.outbox.of("c1")[0].waits, undefined);
  await world.outbox.refused({ t: "busy", client_id: "mid2", retry_ms: 60_000 });
  await world.clock.pass(1);
  assert.equal(world.outbox.of("c1")[0].waits, "busy");
});

test("an old device list is fetched again, and asked again ever more slowly", async () => {
  const world = await start();
  world.outbox.opened();
  world.refuse = "stale_list";
  await world.write("a");
  await world.clock.pass(60_000);
  assert.ok(world.renewed >= 4 && world.renewed <= 8, `${world.renewed} times`);
  world.refuse = null;
  await world.clock.pass(30_000);
  assert.deepEqual(world.sent.map(({ body }) => body).slice(0, 1), ["text of a"]);
});

test("keys that do not stand are a failure with its reason", async () => {
  const world = await start();
  world.outbox.opened();
  world.refuse = "unknown_link";
  world.refusalName = "M1Error";
  await world.write("a");
  await settle();
  assert.deepEqual(world.changes.at(-1), ["a", "unknown_link"]);
});

test("asked twice to try again, it goes once", async () => {
  const world = await start();
  world.outbox.opened();
  await world.write("a");
  await settle();
  await world.outbox.refused(refusal("not_connected"));
  await Promise.all([world.outbox.retry("a"), world.outbox.retry("a")]);
  await world.clock.pass(0);
  assert.deepEqual(world.names(), ["mid1", "mid2"]);
  assert.equal(world.outbox.of("c1").length, 1);
});

test("pages know the name under which the row will come, before it can", async () => {
  const world = await start();
  world.outbox.opened();
  await world.write("a");
  await settle();
  assert.deepEqual(
    world.told.map(({ sealed }) => sealed?.frame.client_id),
    [undefined, "mid1"],
  );
});
