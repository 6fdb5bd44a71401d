// Parts up and down: what is sent again, how often, and how large the next ones are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Lanes } from "../../static/js/lanes.js";
import {
  getParts,
  PART_LARGE,
  PART_MIDDLE,
  PART_SMALL,
  PUT_MS,
  putPart,
  Speed,
} from "../../static/js/network/parts.js";
import { getByNode, putByNode, Reach } from "../../static/js/network/ways.js";
import { MovedClock, settle } from "./moved_clock.js";

const PART = PART_SMALL;

/** A server with one blob; `answers` come before the parts: a status, or "away". */
function line(size, answers = [], direct = false, shared = undefined) {
  const clock = shared?.clock ?? new MovedClock();
  const stopped = new AbortController();
  const world = { clock, stopped, asked: [], told: [], tokens: [], wanted: [], flying: 0, most: 0, answers };
  world.down = {
    clock,
    reach: shared?.reach ?? new Reach(clock),
    lanes: new Lanes(3),
    signal: stopped.signal,
    way: async (n, fresh, wanted) => {
      world.tokens.push(fresh);
      world.wanted.push(wanted);
      return { ...getByNode("ab", n, `token ${world.tokens.length}`), direct };
    },
    progress: (done) => world.told.push(done),
    fetch: async (path, { headers, signal }) => {
      const n = Number(path.split("/").at(-1));
      world.asked.push([n, headers.Authorization]);
      world.most = Math.max(world.most, ++world.flying);
      await settle();
      world.flying -= 1;
      signal.throwIfAborted();
      const answer = answers.shift();
      if (answer === "away") throw new TypeError("fetch failed");
      if (answer instanceof Response) return answer;
      if (answer) return new Response("{}", { status: answer });
      const bytes = new Uint8Array(Math.min(PART, size - n * PART)).fill(n + 1);
      return new Response(bytes, { headers: { "Content-Length": String(bytes.length) } });
    },
  };
  world.all = async () => {
    const found = [];
    for await (const bytes of getParts(size, world.down)) found.push([bytes[0], bytes.length]);
    return found;
  };
  return world;
}

/** While time passes. */
async function meanwhile(clock, work) {
  let over = false;
  const outcome = work.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
  void outcome.finally(() => {
    over = true;
  });
  while (!over) await clock.pass(1000);
  return outcome;
}

test("parts come in their order, two asked for at once", async () => {
  const world = line(3 * PART + 5);
  assert.deepEqual(await world.all(), [
    [1, PART],
    [2, PART],
    [3, PART],
    [4, 5],
  ]);
  assert.equal(world.most, 2);
  assert.equal(world.told.at(-1), 3 * PART + 5);
});

test("a blob of one part of any length", async () => {
  assert.deepEqual(await line(70).all(), [[1, 70]]);
});

test("a cut or an overloaded server costs the part that it struck", async () => {
  const world = line(3 * PART, [undefined, "away", 503, undefined]);
  const { value } = await meanwhile(world.clock, world.all());
  assert.equal(value.length, 3);
  assert.equal(world.asked.length, 5);
  assert.equal(world.told.at(-1), 3 * PART);
});

test("a part that ends early is asked for again, and its bytes do not count", async () => {
  const cut = new Response(new Uint8Array(9), { headers: { "Content-Length": String(PART) } });
  const world = line(PART + 1, [cut]);
  const { value } = await meanwhile(world.clock, world.all());
  assert.equal(value.length, 2);
  assert.equal(world.told.at(-1), PART + 1);
});

test("a server without room is asked again when it says, and not before", async () => {
  const full = new Response("{}", { status: 503, headers: { "Retry-After": "7" } });
  const world = line(10, [full]);
  const all = world.all();
  for (let turn = 0; turn < 3; turn++) await settle();
  await world.clock.pass(6900);
  assert.equal(world.asked.length, 1);
  await world.clock.pass(200);
  assert.deepEqual(await all, [[1, 10]]);
});

test("a token that was refused is replaced once", async () => {
  const world = line(10, [401]);
  await world.all();
  assert.deepEqual(world.tokens, [false, true]);
  const shut = line(10, [401, 401]);
  const { error } = await meanwhile(shut.clock, shut.all());
  assert.equal(error.code, "denied");
});

test("what is gone is gone at once; a line that stays away is given up", async () => {
  await assert.rejects(line(10, [404]).all(), { code: "gone" });
  const world = line(10, Array(100).fill("away"));
  const { error } = await meanwhile(world.clock, world.all());
  assert.equal(error.code, "offline");
  assert.ok(world.asked.length < 12);
});

test("a part that waited long for others is not given up at its first trouble", async () => {
  const world = line(10, ["away"]);
  const { clock, down } = world;
  for (let lane = 0; lane < 3; lane++) void down.lanes.run(() => new Promise((done) => clock.after(60_000, done)));
  const { value } = await meanwhile(clock, world.all());
  assert.equal(value.length, 1);
});

test("parts of a length that nobody grants, or larger than they said, are refused", async () => {
  const odd = new Response(new Uint8Array(999), { headers: { "Content-Length": "999" } });
  await assert.rejects(line(2000, [odd]).all(), { code: "refused" });
  const huge = () => new Response(new Uint8Array(1), { headers: { "Content-Length": String(PART_LARGE + 1) } });
  const world = line(10, Array.from({ length: 99 }, huge));
  const { error } = await meanwhile(world.clock, world.all());
  assert.equal(error.code, "offline");
});

test("stopped, it ends with the reason, and asks no more", async () => {
  const world = line(9 * PART);
  const parts = getParts(9 * PART, world.down);
  await parts.next();
  world.stopped.abort();
  await assert.rejects(parts.next(), { name: "AbortError" });
  const { length } = world.asked;
  await world.clock.pass(60_000);
  assert.equal(world.asked.length, length);
});

test("what a part meets on its way up, by name", async () => {
  const { signal } = new AbortController();
  const part = { way: putByNode("ab", 0, "t"), body: "x", ms: PUT_MS };
  const put = (answer) => putPart({ fetch: async () => answer(), clock: new MovedClock() }, part, signal);
  await put(() => new Response(null, { status: 204 }));
  const names = {
    401: "denied",
    404: "gone",
    409: "whole",
    413: "refused",
    429: "busy",
    503: "busy",
    507: "site_full",
  };
  for (const [status, code] of Object.entries(names)) {
    const headers = { "Retry-After": "3" };
    await assert.rejects(
      put(() => new Response("", { status: Number(status), headers })),
      { code, retryMs: 3000 },
    );
  }
  await assert.rejects(
    put(() => Promise.reject(new TypeError("fetch failed"))),
    { code: "offline", retryMs: undefined },
  );
});

test("a signed URL that is refused is replaced once, then the person is told what to do", async () => {
  const world = line(10, [403], true);
  await world.all();
  assert.deepEqual(world.tokens, [false, true]);
  const shut = line(10, [403, 403], true);
  await assert.rejects(shut.all(), { code: "unreachable" });
  await assert.rejects(line(10, [404], true).all(), { code: "gone" });
});

test("a place of files that no call reaches is tried for a while, and is not the network's fault", async () => {
  const world = line(10, Array(100).fill("away"), true);
  const { error } = await meanwhile(world.clock, world.all());
  assert.equal(error.code, "unreachable");
  assert.deepEqual(world.tokens.slice(0, 2), [false, true]);
  assert.ok(world.asked.length < 12);
  const cut = line(3 * PART, [undefined, "away", 503], true);
  const { value } = await meanwhile(cut.clock, cut.all());
  assert.equal(value.length, 3);
});

test("of a place of files that no call reached the next picture tells at once, until a part comes", async () => {
  const { clock, down } = line(10, Array(100).fill("away"), true);
  await meanwhile(clock, line(10, Array(100).fill("away"), true, down).all());
  const next = async (answers) => {
    const world = line(10, answers, true, down);
    const { error } = await meanwhile(clock, world.all());
    return [error?.code, world.asked.length];
  };
  assert.deepEqual(await next(Array(100).fill("away")), ["unreachable", 2]);
  assert.deepEqual(await next(["away"]), [undefined, 2]);
  assert.deepEqual(await next(["away", "away", "away"]), [undefined, 4]);
});

test("a signed PUT meets less that has a name", async () => {
  const { signal } = new AbortController();
  const way = { ...putByNode("ab", 0, "t"), direct: true };
  const put = (status) => {
    const fetch = async (_url, { credentials }) => {
      assert.equal(credentials, "omit");
      return new Response("", { status });
    };
    return putPart({ fetch, clock: new MovedClock() }, { way, body: "x", ms: PUT_MS }, signal);
  };
  await put(200);
  for (const [status, code] of Object.entries({
    400: "denied",
    403: "denied",
    404: "gone",
    503: "busy",
    507: "site_full",
  }))
    await assert.rejects(put(Number(status)), { code });
});

test("the size of the next parts follows the speed", () => {
  const speed = new Speed();
  assert.equal(speed.perSecond, undefined);
  assert.equal(speed.part(1e6), PART_MIDDLE);
  for (let at = 0; at < 3000; at += 500) speed.note(at, at + 500, PART_MIDDLE);
  assert.equal(speed.perSecond, 2 * PART_MIDDLE);
  assert.equal(speed.part(1e6), PART_LARGE);
  speed.note(3000, 24_000, PART_MIDDLE);
  assert.equal(speed.part(1e6), PART_SMALL);
  assert.equal(speed.part(4e9), PART_MIDDLE);
  assert.equal(speed.part(4e10), PART_LARGE);
  const never = new Speed();
  never.noteFailed(0, 1000);
  assert.equal(never.part(1e6), PART_MIDDLE);
  never.noteFailed(0, 24_000);
  assert.equal(never.part(1e6), PART_SMALL, "none arrived, and that took long");
});
