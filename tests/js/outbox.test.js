import assert from "node:assert/strict";
import { test } from "node:test";
import { ANSWER_MS } from "../../static/js/sending/outbox.js";
import { settle, tick } from "./moved_clock.js";
import { start } from "./outbox_world.js";

const sentFrame = (client_id, conv = "c1") => ({ t: "sent", client_id, conv });

test("in the order written, one in flight per conversation", async () => {
  const { outbox, write, names } = await start();
  outbox.opened();
  for (const id of ["a", "b"]) await write(id);
  await write("x", "c2");
  await settle();
  await settle();
  assert.deepEqual(names(), ["mid1", "mid2"]);
  await outbox.sent(sentFrame("mid1"));
  await settle();
  await settle();
  assert.equal(names().length, 3);
});

test("nothing is sealed before the line is open", async () => {
  const world = await start();
  await world.write("a");
  await settle();
  assert.equal(world.sealed, 0);
  assert.equal(world.disk.entries.size, 1);
});

test("a break and a restart: the same bytes under the same name", async () => {
  const first = await start();
  first.outbox.opened();
  await first.write("a");
  await settle();
  await settle();
  const second = await start(first.disk);
  second.outbox.opened();
  await settle();
  assert.deepEqual(second.sent, first.sent);
  assert.equal(second.sealed, 0);
});

test("silence on an open line: the same bytes again", async () => {
  const { clock, outbox, write, sent } = await start();
  outbox.opened();
  await write("a");
  await clock.pass(ANSWER_MS);
  await settle();
  assert.equal(sent.length, 2);
  assert.deepEqual(sent[0], sent[1]);
});

test("busy and rate wait as told and change nothing", async () => {
  const { clock, outbox, write, sent } = await start();
  outbox.opened();
  await write("a");
  await clock.pass(0);
  for (const frame of [{ t: "busy" }, { t: "error", code: "rate" }]) {
    await outbox.refused({ ...frame, client_id: "mid1", retry_ms: 700 });
    await clock.pass(700);
  }
  assert.equal(sent.length, 3);
  assert.deepEqual(sent[0], sent[2]);
});

test("a definite refusal gives the counter back, and the next message goes on", async () => {
  const { clock, disk, outbox, write, sent, changes } = await start();
  outbox.opened();
  await write("a");
  await clock.pass(0);
  await write("b");
  await outbox.refused({ t: "error", code: "not_connected", client_id: "mid1" });
  assert.deepEqual(changes.at(-1), ["a", "not_connected"]);
  await clock.pass(0);
  assert.equal(sent[1].body, "text of b");
  assert.equal(sent[1].ctr, 1);
  assert.equal(sent[1].prev, undefined);
  assert.deepEqual(disk.turns.get("c1"), { ctr: 1, commitments: ["C-mid2"] });
});

test("a failed message survives a restart, goes again under a new name, or is deleted", async () => {
  const first = await start();
  first.outbox.opened();
  for (const id of ["a", "b"]) await first.write(id);
  await first.clock.pass(0);
  await first.outbox.refused({ t: "error", code: "not_connected", client_id: "mid1" });
  await first.clock.pass(0);
  await first.outbox.refused({ t: "error", code: "not_connected", client_id: "mid2" });
  const second = await start(first.disk);
  second.outbox.opened();
  await settle();
  assert.deepEqual(second.sent, []);
  await second.outbox.retry("b");
  await second.outbox.discard("a");
  await second.clock.pass(0);
  assert.deepEqual(
    second.sent.map(({ body }) => body),
    ["text of b"],
  );
  assert.deepEqual([...second.disk.entries.keys()], ["b"]);
});

test("what is under way cannot be taken back", async () => {
  const { clock, disk, outbox, write } = await start();
  outbox.opened();
  await write("a");
  await clock.pass(0);
  await outbox.discard("a");
  assert.equal(disk.entries.size, 1);
});

test("stale epoch: sealed again under another name, with the same counter", async () => {
  const world = await start();
  world.outbox.opened();
  await world.write("a");
  await world.clock.pass(0);
  await world.outbox.stale({ t: "stale_epoch", client_id: "mid1", conv: "c1", head: 2 });
  await world.clock.pass(0);
  assert.deepEqual(world.names(), ["mid1", "mid2"]);
  assert.equal(world.sent[1].ctr, 1);
  assert.equal(world.renewed, 1);
});

test("set back while it was on its way: a log that is no more may have it under that counter", async () => {
  for (const answered of ["stale", "refused"]) {
    const world = await start();
    world.outbox.opened();
    await world.write("a");
    await world.clock.pass(0);
    world.outbox.closed();
    world.disk.log = 1;
    world.outbox.opened();
    await world.clock.pass(0);
    const answer = { client_id: "mid1", conv: "c1", code: "not_connected" };
    await world.outbox[answered](answer);
    if (answered === "refused") await world.write("b");
    await world.clock.pass(0);
    const { client_id, ctr, prev } = world.sent.at(-1);
    assert.deepEqual([client_id, ctr, prev], ["mid2", 2, "C-mid1"]);
  }
});

test("two answers to one message: the counter is given back once, and once given to another", async () => {
  const stale = { t: "stale_epoch", client_id: "mid1", conv: "c1", head: 2 };
  const world = await start();
  world.outbox.opened();
  await world.write("a");
  await world.clock.pass(0);
  world.renewing = async (time) => time > 1 && (await tick());
  await Promise.all([world.outbox.stale(stale), world.outbox.stale(stale)]);
  await world.clock.pass(0);
  assert.deepEqual(world.names(), ["mid1", "mid2"]);

  await world.write("b");
  const refused = { t: "error", code: "not_connected", client_id: "mid2" };
  await Promise.all([world.outbox.refused(refused), world.outbox.refused(refused)]);
  await world.clock.pass(0);
  await world.outbox.sent(sentFrame("mid3"));
  await world.write("c");
  await world.clock.pass(0);
  assert.deepEqual(
    world.sent.slice(2).map(({ ctr }) => ctr),
    [1, 2],
  );
});

test("stale epoch, but the log holds it: it was sent, and is not sent twice", async () => {
  const world = await start();
  world.outbox.opened();
  await world.write("a");
  await world.clock.pass(0);
  world.inLog = () => world.outbox.seen("c1", "mid1");
  await world.outbox.stale({ t: "stale_epoch", client_id: "mid1", conv: "c1", head: 2 });
  await world.clock.pass(0);
  assert.deepEqual(world.names(), ["mid1"]);
  assert.equal(world.disk.entries.size, 0);
});

test("stale epoch, and nothing can be asked now: waits, and the name is still its own", async () => {
  const world = await start();
  world.outbox.opened();
  await world.write("a");
  await world.clock.pass(0);
  world.inLog = async () => {
    throw new Error("not now");
  };
  await world.outbox.stale({ t: "stale_epoch", client_id: "mid1", conv: "c1", head: 2 });
  await world.clock.pass(0);
  assert.deepEqual(world.names(), ["mid1"]);
  await world.clock.pass(2000);
  assert.deepEqual(world.names(), ["mid1", "mid1"]);
});

test("seen in a sync before the answer came: dropped, and the next one goes", async () => {
  const world = await start();
  world.outbox.opened();
  for (const id of ["a", "b"]) await world.write(id);
  await world.clock.pass(0);
  world.outbox.closed();
  await world.outbox.seen("c1", "mid1");
  world.outbox.opened();
  await world.clock.pass(0);
  assert.deepEqual(world.names(), ["mid1", "mid2"]);
  assert.equal(world.sent[1].prev, "C-mid1");
});

test("what cannot be sealed yet waits; what never can, fails with its reason", async () => {
  const world = await start();
  world.outbox.opened();
  world.refuse = "later";
  await world.write("a");
  await world.clock.pass(0);
  world.refuse = null;
  await world.clock.pass(2000);
  assert.deepEqual(world.names(), ["mid1"]);
  await world.outbox.sent(sentFrame("mid1"));
  world.refuse = "too_big";
  await world.write("b");
  await world.clock.pass(0);
  assert.deepEqual(world.changes.at(-1), ["b", "too_big"]);
});

test("the same id twice is one message", async () => {
  const world = await start();
  await world.write("a");
  await world.write("a");
  assert.equal(world.outbox.of("c1").length, 1);
});

test("the same id after it was sent is the same message still: the tab that asked heard no answer", async () => {
  const world = await start();
  world.outbox.opened();
  await world.write("a");
  await world.clock.pass(0);
  await world.outbox.sent(sentFrame("mid1"));
  await world.write("a");
  await world.clock.pass(0);
  assert.deepEqual([world.names(), world.disk.entries.size], [["mid1"], 0]);
  world.outbox.closed();
  for (let other = 0; other < 1000; other++) {
    await world.write(`other ${other}`, "c2");
    await world.outbox.discard(`other ${other}`);
  }
  await world.write("a"); // nobody asks so late
  assert.equal(world.disk.entries.size, 1);
});

test("a definite refusal of the second try: the log tells whether the first was taken", async () => {
  const refused = { t: "error", code: "not_connected", client_id: "mid1" };
  for (const taken of [true, false]) {
    const world = await start();
    world.outbox.opened();
    await world.write("a");
    await world.clock.pass(ANSWER_MS);
    await settle();
    world.inLog = async () => {
      throw new Error("not now");
    };
    await world.outbox.refused(refused);
    assert.equal(world.disk.entries.get("a").failed, undefined);
    world.inLog = async () => taken && world.outbox.seen("c1", "mid1");
    await world.clock.pass(2000);
    await world.outbox.refused(refused);
    assert.deepEqual(world.changes.at(-1), ["a", taken ? "gone" : "not_connected"]);
    assert.deepEqual(
      world.disk.turns.get("c1"),
      taken ? { ctr: 1, commitments: ["C-mid1"] } : { ctr: 0, commitments: [] },
    );
  }
});

test("in the log, its row not kept, and an older backup is put back: it goes again", async () => {
  const world = await start();
  world.outbox.opened();
  await world.write("a");
  await world.clock.pass(0);
  await world.outbox.sent(sentFrame("mid1"), false);
  world.outbox.closed();
  world.outbox.opened();
  await world.clock.pass(0);
  assert.deepEqual(world.names(), ["mid1", "mid1"]);
});
