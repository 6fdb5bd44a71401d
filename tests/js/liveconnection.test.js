import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveConnection } from "../../static/js/network/liveconnection.js";
import { afterClose } from "../../static/js/network/reconnectpolicy.js";
import { MovedClock, settle } from "./moved_clock.js";

const NONCE = btoa("n".repeat(32));
const HASH = btoa("h".repeat(32));
const DATA = btoa("d".repeat(16));
const CHALLENGE = { t: "challenge", nonce: NONCE, version: 1, data: DATA };

function start({ credentials = async () => ({ token: "t", device: "d", proof: "p" }), focus = true } = {}) {
  const clock = new MovedClock();
  const world = { clock, transports: [], states: [], opened: [], heard: [], asked: [] };
  world.live = new LiveConnection({
    clock,
    dial: (ears) => {
      const transport = { ears, sent: [], closed: false, send: (frame) => transport.sent.push(frame) };
      transport.close = () => {
        transport.closed = true;
      };
      world.transports.push(transport);
      return transport;
    },
    credentials: (nonce, fresh) => {
      world.asked.push(fresh);
      return credentials(nonce, fresh);
    },
    vecHash: async () => HASH,
    focus: () => focus,
    changed: (state, more) => world.states.push([state, more]),
    opened: (rows) => world.opened.push(rows),
    heard: (frame) => world.heard.push(frame),
  });
  world.live.start();
  world.transport = () => world.transports.at(-1);
  world.hear = async (frame, size = 100) => {
    world.transport().ears.heard(frame, size);
    await settle();
  };
  return world;
}

async function live(options) {
  const world = start(options);
  await world.hear(CHALLENGE);
  await world.hear({ t: "same", now: 1 });
  assert.equal(world.live.isLive, true);
  return world;
}

test("a challenge is answered with token, proof and hash; `same` opens", async () => {
  const world = await live();
  const [hello] = world.transport().sent;
  assert.deepEqual(hello, {
    t: "hello",
    version: 1,
    token: "t",
    device: "d",
    proof: "p",
    vec_hash: HASH,
    focus: true,
  });
  assert.deepEqual(world.opened, [null]);
});

test("the vector is whole before anybody hears of it", async () => {
  const world = start();
  await world.hear(CHALLENGE);
  await world.hear({ t: "state", rows: [1], part: 1, of: 2, now: 1 });
  assert.equal(world.live.isLive, false);
  await world.hear({ t: "state", rows: [2], part: 2, of: 2, now: 1 });
  assert.deepEqual(world.opened, [[1, 2]]);
});

test("nothing is sent before the live session is open", async () => {
  const world = start();
  assert.equal(world.live.send({ t: "typing", conv: "c" }), false);
  await world.hear(CHALLENGE);
  assert.equal(world.live.send({ t: "typing", conv: "c" }), false);
});

test("every 64 frames are acknowledged, without waiting for the next ping", async () => {
  const world = await live();
  for (let i = 0; i < 61; i++) await world.hear({ t: "list", user: "u", k: 1 });
  const pings = () => world.transport().sent.filter(({ t }) => t === "ping");
  assert.deepEqual(pings(), []);
  await world.hear(null);
  assert.deepEqual(pings(), [{ t: "ping", ack: 64 }]);
});

test("so are 128 KiB", async () => {
  const world = await live();
  await world.hear({ t: "list", user: "u", k: 1 }, 131_072);
  assert.equal(world.transport().sent.at(-1).t, "ping");
});

test("the transport is asked every 20 to 25 s, and is dead 10 s after silence", async () => {
  const world = await live();
  await world.clock.pass(22_500);
  assert.equal(world.transport().sent.at(-1).t, "ping");
  await world.hear({ t: "pong" });
  await world.clock.pass(22_500); // 25 s after the pong is the last moment, chance says 22.5
  await world.clock.pass(9_999);
  assert.equal(world.transports.length, 1);
  await world.clock.pass(1);
  assert.equal(world.transport().closed, true);
  assert.equal(world.states.at(-1)[0], "waiting");
});

test("a ping of the server is answered with what was received", async () => {
  const world = await live();
  await world.hear({ t: "ping" });
  assert.deepEqual(world.transport().sent.at(-1), { t: "pong", ack: 3 });
});

test("a hash that differs asks for the vector, an equal one does not", async () => {
  const world = await live();
  const before = world.transport().sent.length;
  await world.hear({ t: "same", now: 1, vec_hash: HASH });
  assert.equal(world.transport().sent.length, before);
  await world.hear({ t: "same", now: 1, vec_hash: NONCE });
  assert.deepEqual(world.transport().sent.at(-1), { t: "ping", ack: 4, vec_hash: HASH });
});

test("after a break the transport comes back; what the old one says is not heard", async () => {
  const world = await live();
  const old = world.transport();
  old.ears.closed(1006);
  await world.clock.pass(3000);
  assert.equal(world.transports.length, 2);
  old.ears.heard({ t: "list", user: "u", k: 1 }, 10);
  assert.deepEqual(world.heard, []);
});

test("`online` does not wait for the next attempt", async () => {
  const world = await live();
  world.transport().ears.closed(1006);
  world.live.wake();
  assert.equal(world.transports.length, 2);
});

test("a refused token is tried once more with a fresh one, then sign-in", async () => {
  const world = start();
  await world.hear(CHALLENGE);
  world.transport().ears.closed(4401);
  await world.clock.pass(1);
  await world.hear(CHALLENGE);
  assert.deepEqual(world.asked, [false, true]);
  world.transport().ears.closed(4401);
  await world.clock.pass(60_000);
  assert.deepEqual(world.states.at(-1), ["stopped", { reason: "sign_in" }]);
  assert.equal(world.transports.length, 2);
});

test("without a web session there is no token: sign in", async () => {
  const credentials = async () => {
    throw Object.assign(new Error("no session"), { status: 401 });
  };
  const world = start({ credentials });
  for (let i = 0; i < 2; i++) {
    await world.hear(CHALLENGE);
    await world.clock.pass(1);
  }
  assert.deepEqual(world.states.at(-1), ["stopped", { reason: "sign_in" }]);
});

test("who is suspended hears so, and this page does not come back by itself", async () => {
  const credentials = async () => {
    throw Object.assign(new Error("no"), { status: 403, code: "suspended" });
  };
  const world = start({ credentials });
  await world.hear(CHALLENGE);
  assert.deepEqual(world.states.at(-1), ["stopped", { reason: "suspended" }]);
  await world.clock.pass(600_000);
  assert.equal(world.transports.length, 1);
});

for (const [code, plan] of [
  [1000, { stop: "done" }],
  [4400, { stop: "reload" }],
  [4403, { stop: "revoked" }],
  [4409, { inMs: 45_000 }],
  [4013, { inMs: 0 }],
  [4029, { inMs: 45_000 }],
  [4012, { inMs: 2000 }],
  [1006, { inMs: 1500 }],
  [4011, { inMs: 1500 }],
]) {
  test(`close ${code}: ${JSON.stringify(plan)}`, () => {
    const past = { attempt: 0, tokenRefused: 0, drainMs: 4000, focus: false, between: (a, b) => (a + b) / 2 };
    assert.deepEqual(afterClose(code, past), plan);
  });
}

test("attempts in a row spread over ever longer, at most 30 s", () => {
  const past = { tokenRefused: 0, drainMs: 0, focus: false, between: (_, most) => most };
  const waits = [0, 1, 2, 3, 9].map((attempt) => afterClose(1006, { ...past, attempt }).inMs);
  assert.deepEqual(waits, [3000, 1000, 2000, 4000, 30_000]);
});

test("where somebody looks at the page the first try comes within half a second", () => {
  const past = { tokenRefused: 0, drainMs: 0, focus: true, between: (_, most) => most };
  const after = (code, attempt) => afterClose(code, { ...past, attempt }).inMs;
  assert.deepEqual([after(1006, 0), after(4012, 0)], [500, 500]);
  assert.deepEqual([after(1006, 1), after(4012, 1)], [1000, 3000]);
  assert.equal(afterClose(4012, { ...past, attempt: 0, drainMs: 4000 }).inMs, 4000);
});

for (const [focus, waits] of [
  [true, 250],
  [false, 1500],
]) {
  test(`a break is answered after ${waits} ms where focus is ${focus}`, async () => {
    const world = await live({ focus });
    world.transport().ears.closed(1006); // the clock's chance is the middle
    await world.clock.pass(waits - 1);
    assert.equal(world.transports.length, 1);
    await world.clock.pass(1);
    assert.equal(world.transports.length, 2);
  });
}
