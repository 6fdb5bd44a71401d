import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveConnection } from "../../static/js/network/liveconnection.js";
import { transports } from "../../static/js/network/transports.js";
import { MovedClock, settle } from "./moved_clock.js";

const HASH = btoa("h".repeat(32));
const CHALLENGE = { t: "challenge", nonce: HASH, version: 1, data: btoa("d".repeat(16)) };
const MINUTE = 60_000;

/** A live connection over both transports; each dialled one is the test's to answer. */
function start({ until = 0 } = {}) {
  const clock = new MovedClock();
  const world = { clock, transports: [], opened: 0, heard: [], states: [], until };
  const dial = (kind) => (ears) => {
    const transport = { kind, ears, sent: [], closed: false, send: (frame) => transport.sent.push(frame) };
    transport.close = () => {
      transport.closed = true;
    };
    world.transports.push(transport);
    return transport;
  };
  const memory = {
    read: () => world.until,
    write: (value) => {
      world.until = value;
    },
  };
  world.live = new LiveConnection({
    clock,
    dial: transports({ socket: dial("socket"), poll: dial("poll"), clock, memory }),
    credentials: async () => ({ token: "t", device: "d", proof: "p" }),
    vecHash: async () => HASH,
    focus: () => true,
    changed: (state) => world.states.push(state),
    opened: () => {
      world.opened += 1;
    },
    heard: (frame) => world.heard.push(frame.conv),
  });
  world.live.start();
  world.transport = () => world.transports.at(-1);
  world.kinds = () => world.transports.map(({ kind }) => kind);
  world.hear = async (frame, transport = world.transport()) => {
    transport.ears.heard(frame, 10);
    await settle();
  };
  world.fail = async (code = 1006) => {
    world.transport().ears.closed(code);
    await settle();
    await clock.pass(3000);
  };
  world.goLive = async () => {
    await settle();
    await world.hear(CHALLENGE);
    await world.hear({ t: "same", now: 1 });
    assert.equal(world.live.isLive, true);
  };
  return world;
}

async function byCalls(options) {
  const world = start(options);
  await world.fail();
  await world.fail();
  await world.goLive();
  assert.deepEqual(world.kinds(), ["socket", "socket", "poll"]);
  return world;
}

/** The server answers a live transport's pings for as long as the time takes. */
async function pass(world, ms) {
  const transport = world.transports.findLast(({ sent, closed }) => sent.length && !closed);
  for (let left = ms; left > 0; left -= 5000) {
    await world.clock.pass(Math.min(left, 5000));
    if (!transport.closed) await world.hear({ t: "pong" }, transport);
  }
}

test("WebSocket comes first", async () => {
  const world = start();
  await world.goLive();
  assert.deepEqual(world.kinds(), ["socket"]);
});

test("two WebSockets that say nothing make it calls", async () => {
  await byCalls();
});

test("so do two that somebody on the way closed with a word of his own", async () => {
  const world = start();
  await world.fail(1000);
  await world.fail(1005);
  await world.goLive();
  assert.deepEqual(world.kinds(), ["socket", "socket", "poll"]);
});

test("a WebSocket that said something got through, however it ended", async () => {
  const world = start();
  for (let i = 0; i < 3; i++) {
    await settle();
    await world.hear(CHALLENGE);
    await world.fail();
  }
  await world.fail(4012);
  await world.fail(4012);
  assert.deepEqual(new Set(world.kinds()), new Set(["socket"]));
});

test("a miss between two that got through is no reason", async () => {
  const world = start();
  for (let i = 0; i < 3; i++) {
    await world.fail();
    await settle();
    await world.hear(CHALLENGE);
    await world.fail();
  }
  assert.deepEqual(new Set(world.kinds()), new Set(["socket"]));
});

test("a WebSocket that is swallowed is given up after eight seconds, and is reason enough", async () => {
  const world = start();
  await world.clock.pass(8000);
  assert.equal(world.transports[0].closed, true);
  await world.clock.pass(3000);
  await world.goLive();
  assert.deepEqual(world.kinds(), ["socket", "poll"]);
});

test("where nothing gets through, the two take turns", async () => {
  const world = start();
  for (let i = 0; i < 5; i++) {
    await world.fail();
    await world.clock.pass(30_000);
  }
  assert.deepEqual(world.kinds().slice(0, 6), ["socket", "socket", "poll", "socket", "poll", "socket"]);
});

test("calls that were closed with a code had passed", async () => {
  const world = await byCalls();
  await world.fail(4012);
  assert.equal(world.transport().kind, "poll");
});

test("after a minute WebSocket is tried beside the calls, and then every five minutes", async () => {
  const world = await byCalls();
  await pass(world, MINUTE - 1);
  assert.equal(world.transports.length, 3);
  await pass(world, 1);
  assert.equal(world.transport().kind, "socket");
  await world.transport().ears.closed(1006);
  assert.equal(world.live.isLive, true);
  await pass(world, 5 * MINUTE - 1);
  assert.equal(world.transports.length, 4);
  await pass(world, 1);
  assert.equal(world.transports.length, 5);
  world.transport().ears.closed(1006);
  await pass(world, 5 * MINUTE);
  assert.equal(world.transports.length, 6);
  assert.deepEqual([world.opened, world.live.isLive], [1, true]);
});

test("once it gets through, it moves there with the probe itself", async () => {
  const world = await byCalls();
  await pass(world, MINUTE);
  const poll = world.transports[2];
  const socket = world.transport();
  assert.equal(poll.closed, false);
  await world.hear(CHALLENGE);
  assert.equal(poll.closed, true);
  assert.equal(world.transports.length, 4);
  assert.equal(socket.sent[0].t, "hello");
  poll.ears.heard({ t: "typing", conv: "late", from: "x" }, 10);
  await world.hear({ t: "same", now: 1 });
  await world.hear({ t: "typing", conv: "c", from: "x" });
  assert.deepEqual([world.live.isLive, world.opened, world.heard], [true, 2, ["c"]]);
  assert.deepEqual(world.states, [
    "connecting",
    "waiting",
    "connecting",
    "waiting",
    "connecting",
    "live",
    "connecting",
    "live",
  ]);
  await pass(world, 6 * MINUTE);
  assert.equal(world.transports.length, 4, "nobody probes from a WebSocket");
});

test("what the probe says in the same breath is heard after its challenge", async () => {
  const world = await byCalls();
  await pass(world, MINUTE);
  const { ears } = world.transport();
  ears.heard(CHALLENGE, 10);
  ears.heard({ t: "typing", conv: "c", from: "x" }, 10);
  await settle();
  assert.equal(world.transport().sent[0].t, "hello");
  assert.deepEqual(world.heard, ["c"]);
});

test("a probe that is turned away changes nothing", async () => {
  const world = await byCalls();
  await pass(world, MINUTE);
  await world.hear({ t: "busy", retry_ms: 2000 });
  assert.equal(world.transport().closed, true);
  assert.equal(world.transports[2].closed, false);
  assert.equal(world.live.isLive, true);
});

test("a probe that gets through while the live connection is down is put away, and the next dial is a WebSocket", async () => {
  const world = await byCalls();
  await pass(world, MINUTE);
  const probe = world.transport();
  world.transports[2].ears.closed(1006);
  await world.hear(CHALLENGE, probe);
  assert.equal(probe.closed, true);
  await world.clock.pass(3000);
  assert.equal(world.transport().kind, "socket");
  assert.notEqual(world.transport(), probe);
});

test("`online` probes at once, but not at every flicker", async () => {
  const world = await byCalls();
  world.live.wake();
  assert.equal(world.transports.length, 4);
  world.transport().ears.closed(1006);
  world.live.wake();
  assert.equal(world.transports.length, 4);
  await pass(world, 10_000);
  world.live.wake();
  assert.equal(world.transports.length, 5);
});

test("a live connection that is stopped probes no more", async () => {
  const world = await byCalls();
  world.live.stop();
  await world.clock.pass(10 * MINUTE);
  assert.equal(world.transports.length, 3);
});

test("the next page begins where this one had to go, for five minutes", async () => {
  const world = await byCalls();
  const until = world.clock.now() + 5 * MINUTE;
  assert.ok(Math.abs(world.until - until) < 1000);
  const next = start({ until: world.until });
  await next.goLive();
  assert.deepEqual(next.kinds(), ["poll"]);
  assert.equal(next.until, world.until, "each page does not start them again");
  const later = start({ until: 1 });
  await later.goLive();
  assert.deepEqual([later.kinds(), later.until], [["socket"], 0]);
});
