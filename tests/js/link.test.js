import assert from "node:assert/strict";
import { test } from "node:test";
import { afterClose } from "../../static/js/afterclose.js";
import { Link } from "../../static/js/link.js";
import { MovedClock, settle } from "./moved_clock.js";

const NONCE = btoa("n".repeat(32));
const HASH = btoa("h".repeat(32));

function start({ credentials = async () => ({ token: "t", device: "d", proof: "p" }) } = {}) {
  const clock = new MovedClock();
  const world = { clock, lines: [], states: [], opened: [], heard: [], asked: [] };
  world.link = new Link({
    clock,
    dial: (ears) => {
      const line = { ears, sent: [], closed: false, send: (frame) => line.sent.push(frame) };
      line.close = () => {
        line.closed = true;
      };
      world.lines.push(line);
      return line;
    },
    credentials: (nonce, fresh) => {
      world.asked.push(fresh);
      return credentials(nonce, fresh);
    },
    vecHash: async () => HASH,
    focus: () => true,
    changed: (state, more) => world.states.push([state, more]),
    opened: (rows) => world.opened.push(rows),
    heard: (frame) => world.heard.push(frame),
  });
  world.link.start();
  world.line = () => world.lines.at(-1);
  world.hear = async (frame, size = 100) => {
    world.line().ears.heard(frame, size);
    await settle();
  };
  return world;
}

async function live(options) {
  const world = start(options);
  await world.hear({ t: "challenge", nonce: NONCE, version: 1 });
  await world.hear({ t: "same", now: 1 });
  assert.equal(world.link.live, true);
  return world;
}

test("a challenge is answered with token, proof and hash; `same` opens", async () => {
  const world = await live();
  const [hello] = world.line().sent;
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
  await world.hear({ t: "challenge", nonce: NONCE, version: 1 });
  await world.hear({ t: "state", rows: [1], part: 1, of: 2, now: 1 });
  assert.equal(world.link.live, false);
  await world.hear({ t: "state", rows: [2], part: 2, of: 2, now: 1 });
  assert.deepEqual(world.opened, [[1, 2]]);
});

test("nothing is sent before the session is open", async () => {
  const world = start();
  assert.equal(world.link.send({ t: "typing", conv: "c" }), false);
  await world.hear({ t: "challenge", nonce: NONCE, version: 1 });
  assert.equal(world.link.send({ t: "typing", conv: "c" }), false);
});

test("every 64 frames are acknowledged, without waiting for the next ping", async () => {
  const world = await live();
  for (let i = 0; i < 61; i++) await world.hear({ t: "list", user: "u", k: 1 });
  const pings = () => world.line().sent.filter(({ t }) => t === "ping");
  assert.deepEqual(pings(), []);
  await world.hear(null);
  assert.deepEqual(pings(), [{ t: "ping", ack: 64 }]);
});

test("so are 128 KiB", async () => {
  const world = await live();
  await world.hear({ t: "list", user: "u", k: 1 }, 131_072);
  assert.equal(world.line().sent.at(-1).t, "ping");
});

test("the line is asked every 20 to 25 s, and is dead 10 s after silence", async () => {
  const world = await live();
  await world.clock.pass(22_500);
  assert.equal(world.line().sent.at(-1).t, "ping");
  await world.hear({ t: "pong" });
  await world.clock.pass(22_500); // 25 s after the pong is the last moment, chance says 22.5
  await world.clock.pass(9_999);
  assert.equal(world.lines.length, 1);
  await world.clock.pass(1);
  assert.equal(world.line().closed, true);
  assert.equal(world.states.at(-1)[0], "waiting");
});

test("a ping of the server is answered with what was received", async () => {
  const world = await live();
  await world.hear({ t: "ping" });
  assert.deepEqual(world.line().sent.at(-1), { t: "pong", ack: 3 });
});

test("a hash that differs asks for the vector, an equal one does not", async () => {
  const world = await live();
  const before = world.line().sent.length;
  await world.hear({ t: "same", now: 1, vec_hash: HASH });
  assert.equal(world.line().sent.length, before);
  await world.hear({ t: "same", now: 1, vec_hash: NONCE });
  assert.deepEqual(world.line().sent.at(-1), { t: "ping", ack: 4, vec_hash: HASH });
});

test("after a break the line comes back; what the old one says is not heard", async () => {
  const world = await live();
  const old = world.line();
  old.ears.closed(1006);
  await world.clock.pass(3000);
  assert.equal(world.lines.length, 2);
  old.ears.heard({ t: "list", user: "u", k: 1 }, 10);
  assert.deepEqual(world.heard, []);
});

test("`online` does not wait for the next attempt", async () => {
  const world = await live();
  world.line().ears.closed(1006);
  world.link.wake();
  assert.equal(world.lines.length, 2);
});

test("a refused token is tried once more with a fresh one, then sign-in", async () => {
  const world = start();
  await world.hear({ t: "challenge", nonce: NONCE, version: 1 });
  world.line().ears.closed(4401);
  await world.clock.pass(1);
  await world.hear({ t: "challenge", nonce: NONCE, version: 1 });
  assert.deepEqual(world.asked, [false, true]);
  world.line().ears.closed(4401);
  await world.clock.pass(60_000);
  assert.deepEqual(world.states.at(-1), ["stopped", { reason: "sign_in" }]);
  assert.equal(world.lines.length, 2);
});

test("without a web session there is no token: sign in", async () => {
  const credentials = async () => {
    throw Object.assign(new Error("no session"), { status: 401 });
  };
  const world = start({ credentials });
  for (let i = 0; i < 2; i++) {
    await world.hear({ t: "challenge", nonce: NONCE, version: 1 });
    await world.clock.pass(1);
  }
  assert.deepEqual(world.states.at(-1), ["stopped", { reason: "sign_in" }]);
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
    const past = { attempt: 0, tokenRefused: 0, drainMs: 4000, between: (a, b) => (a + b) / 2 };
    assert.deepEqual(afterClose(code, past), plan);
  });
}

test("attempts in a row spread over ever longer, at most 30 s", () => {
  const past = { tokenRefused: 0, drainMs: 0, between: (_, most) => most };
  const waits = [0, 1, 2, 3, 9].map((attempt) => afterClose(1006, { ...past, attempt }).inMs);
  assert.deepEqual(waits, [3000, 1000, 2000, 4000, 30_000]);
});
