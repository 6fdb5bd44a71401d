import assert from "node:assert/strict";
import { test } from "node:test";
import { pollDial } from "../../static/js/network/longpoll.js";
import { POLL_FRAMES, RID_MAX } from "../../static/js/protocol.js";
import { MovedClock, settle } from "./moved_clock.js";

const SID = btoa("s".repeat(16));
const PING = { t: "ping" };

/** A transport whose server is the test: `calls` wait for `answer`, in whatever order. */
function start() {
  const world = { clock: new MovedClock(), calls: [], heard: [], closed: [], node: "N1" };
  const fetch = (url, init) =>
    new Promise((resolve, reject) => {
      const call = { url, init, body: JSON.parse(init.body), open: true };
      const end = (how) => (value) => {
        call.open = false;
        how(value);
        return settle();
      };
      call.respond = end(resolve);
      call.fail = () => end(reject)(new TypeError("failed to fetch"));
      call.answer = (...frames) =>
        call.respond(Response.json({ sid: SID, rid: call.body.rid, frames, node: world.node }));
      init.signal.addEventListener("abort", () => end(reject)(new DOMException("", "AbortError")));
      world.calls.push(call);
    });
  const ears = {
    heard: (frame, size) => world.heard.push([frame, size]),
    closed: (code) => world.closed.push(code),
  };
  world.transport = pollDial({ url: "/live", clock: world.clock, fetch })(ears);
  world.open = () => world.calls.filter((call) => call.open);
  world.said = () => world.calls.flatMap(({ body }) => body.frames);
  return world;
}

async function opened() {
  const world = start();
  await settle();
  await world.calls[0].answer([1, PING]);
  return world;
}

test("the first call has no sid, a random rid, and says nothing", async () => {
  const world = start();
  await settle();
  const [{ url, init, body }] = world.calls;
  assert.equal(url, "/live");
  assert.deepEqual(Object.keys(body), ["rid", "ack", "frames"]);
  assert.ok(body.rid >= 0 && body.rid <= RID_MAX);
  assert.deepEqual([body.ack, body.frames], [0, []]);
  assert.equal(init.credentials, "same-origin");
});

test("an answer makes the next call, which acknowledges what came", async () => {
  const world = await opened();
  assert.deepEqual(world.heard, [[PING, JSON.stringify(PING).length]]);
  const [first, second] = world.calls.map(({ body }) => body);
  assert.deepEqual(second, { sid: SID, rid: first.rid + 1, ack: 1, frames: [] });
  assert.equal(world.open().length, 1);
});

test("once the session has a node, calls name it", async () => {
  const world = await opened();
  assert.deepEqual(
    world.calls.map(({ url }) => url),
    ["/live", "/live?n=N1"],
  );
  world.node = "N1&x=/../"; // no name of a node
  await world.calls[1].answer();
  assert.equal(world.calls[2].url, "/live?n=N1");
});

test("what is said in one breath goes at once, in one second call", async () => {
  const world = await opened();
  world.transport.send({ t: "typing", conv: "c" });
  world.transport.send({ t: "pong", ack: 1 });
  await settle();
  assert.equal(world.open().length, 2);
  assert.deepEqual(world.calls.at(-1).body.frames, [
    { t: "typing", conv: "c" },
    { t: "pong", ack: 1 },
  ]);
});

test("no third call is open: what is said meanwhile waits for an answer", async () => {
  const world = await opened();
  for (const conv of ["a", "b"]) {
    world.transport.send({ t: "typing", conv });
    await settle();
  }
  assert.equal(world.open().length, 2);
  await world.calls[1].answer();
  assert.deepEqual(world.calls.at(-1).body.frames, [{ t: "typing", conv: "b" }]);
  assert.equal(world.open().length, 2);
});

test("before the sid is known only one call is open", async () => {
  const world = start();
  world.transport.send(PING);
  world.transport.send(PING);
  await settle();
  assert.equal(world.calls.length, 1);
});

test("a call takes 16 frames, or as many as 64 KiB hold, and one in any case", async () => {
  const world = await opened();
  for (let i = 0; i < POLL_FRAMES + 1; i++) world.transport.send(PING);
  await settle();
  assert.equal(world.calls.at(-1).body.frames.length, POLL_FRAMES);
  await world.calls[1].answer();
  assert.equal(world.calls.at(-1).body.frames.length, 1);
  const large = { t: "send", body: "x".repeat(40_000) };
  world.transport.send(large);
  world.transport.send(large);
  await world.calls[2].answer();
  assert.deepEqual(world.calls.at(-1).body.frames, [large]);
});

test("frames are heard in the order of their numbers, whichever answer is first", async () => {
  const world = await opened();
  world.transport.send(PING);
  await settle();
  const [, poll, second] = world.calls;
  await second.answer([3, { t: "pong" }]);
  assert.equal(world.heard.length, 1);
  await poll.answer([2, PING]);
  assert.deepEqual(
    world.heard.map(([{ t }]) => t),
    ["ping", "ping", "pong"],
  );
  assert.equal(world.calls.at(-1).body.ack, 3);
});

test("a rid is not used before the last but one has been answered", async () => {
  const world = await opened();
  world.transport.send(PING);
  await settle();
  const [, poll, second] = world.calls;
  await second.answer([2, { t: "pong" }]);
  world.transport.send({ t: "typing", conv: "c" });
  await settle();
  assert.deepEqual(world.open(), [poll]);
  await poll.answer();
  assert.deepEqual(world.calls.at(-1).body.frames, [{ t: "typing", conv: "c" }]);
});

test("a lost answer is asked for again, byte for byte, and nothing is said twice", async () => {
  const world = await opened();
  world.transport.send({ t: "typing", conv: "c" });
  await settle();
  const lost = world.calls.at(-1);
  await lost.fail();
  await world.clock.pass(1000);
  assert.equal(world.calls.at(-1).init.body, lost.init.body);
  await world.calls.at(-1).answer([2, PING]);
  assert.equal(world.heard.length, 2);
  assert.equal(world.said().filter(({ t }) => t === "typing").length, 2, "one try and its repeat");
});

for (const [name, response] of [
  ["a page of somebody on the way", () => new Response("<h1>Welcome to the hotel</h1>")],
  ["a gateway that lost the site", () => new Response("", { status: 502 })],
  ["JSON of something else", () => Response.json({ hello: 1 })],
]) {
  test(`${name} is a lost answer`, async () => {
    const world = await opened();
    await world.calls[1].respond(response());
    assert.deepEqual(world.closed, []);
    await world.clock.pass(1000);
    assert.equal(world.calls[2].init.body, world.calls[1].init.body);
  });
}

test("after ten seconds of failures the transport is lost", async () => {
  const world = await opened();
  for (let i = 0; i < 10; i++) {
    await world.open()[0].fail();
    await world.clock.pass(1000);
  }
  assert.deepEqual(world.closed, []);
  await world.open()[0].fail();
  assert.deepEqual(world.closed, [1006]);
  await world.clock.pass(60_000);
  assert.deepEqual(world.open(), []);
});

test("failures between which something came do not add up", async () => {
  const world = await opened();
  for (let i = 0; i < 20; i++) {
    await world.open()[0].fail();
    await world.clock.pass(1000);
    await world.open()[0].answer();
  }
  assert.deepEqual(world.closed, []);
});

test("a site that does not answer the first call is not there", async () => {
  const world = start();
  await settle();
  await world.calls[0].fail();
  assert.deepEqual(world.closed, [1006]);
});

test("a call that nobody answers is given up and repeated", async () => {
  const world = await opened();
  await world.clock.pass(35_000);
  assert.equal(world.calls[1].open, false);
  await world.clock.pass(1000);
  assert.equal(world.calls[2].init.body, world.calls[1].init.body);
});

test("a close is told with its code, and ends every call", async () => {
  const world = await opened();
  world.transport.send(PING);
  await settle();
  await world.calls[1].respond(Response.json({ close: 4012, reason: "unknown sid" }));
  assert.deepEqual(world.closed, [4012]);
  assert.deepEqual(world.open(), []);
});

test("what the server refuses to read is a bad frame", async () => {
  const world = await opened();
  await world.calls[1].respond(Response.json({ code: "too_big", message: "" }, { status: 413 }));
  assert.deepEqual(world.closed, [4400]);
});

test("a frame of another kind counts, and says nothing", async () => {
  const world = await opened();
  await world.calls[1].answer([2, { t: "nonsense" }]);
  assert.equal(world.heard[1][0], null);
  assert.equal(world.calls.at(-1).body.ack, 2);
});

test("a transport that was left says and hears nothing more", async () => {
  const world = await opened();
  world.transport.close();
  await settle();
  assert.deepEqual(world.open(), []);
  world.transport.send(PING);
  await world.clock.pass(60_000);
  assert.deepEqual([world.calls.length, world.heard.length, world.closed], [2, 1, []]);
});
