// Files on their way up: in parts, again where something was in the way, to an end that has a name.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PUT_MS } from "../../static/js/network/parts.js";
import { settle } from "./moved_clock.js";
import { attached, Files, message, nameOf, problem, world } from "./uploads_world.js";

const MiB = 1024 * 1024;

async function all(there) {
  for (let turn = 0; turn < 20 && !there.whole.length && !there.failed.length; turn++) await there.clock.pass(1000);
}

test("a file goes up in parts, three at a time, and is told in bytes that arrived", async () => {
  const there = world();
  const { uploads, files, server, told, whole } = there;
  const file = files.hold(attached(5 * MiB));
  uploads.begin(message("m", file));
  await all(there);
  assert.deepEqual(whole, ["m"]);
  assert.equal(server.puts.length, 6);
  assert.equal(server.most, 3);
  const { total } = told[0];
  assert.ok(told.every(({ done }) => done <= 0.95 * total));
  assert.deepEqual(there.states(), ["sending", "finishing"]);
  assert.equal(server.blobs.get(nameOf(file.blob)).state, "whole");
  await uploads.sent(message("m", file));
  assert.deepEqual([...files.in.keys()], [nameOf(file.blob)]);
  assert.deepEqual(uploads.of("c1"), []);
});

test("an album with its small pictures is whole when all of it is", async () => {
  const there = world();
  const att = [1, 2, 3].map(() => there.files.hold(attached(100, { thumb: there.files.hold(attached(9), "thumb") })));
  there.uploads.begin(message("m", ...att));
  await all(there);
  assert.deepEqual(there.whole, ["m"]);
  assert.equal(there.server.puts.length, 6);
});

test("a cut costs the part that it struck", async () => {
  const there = world();
  there.server.troubles = [undefined, "away"];
  there.uploads.begin(message("m", there.files.hold(attached(5 * MiB))));
  await all(there);
  assert.deepEqual(there.whole, ["m"]);
  assert.equal(there.server.puts.length, 7);
  assert.deepEqual(there.states(), ["sending", "waiting", "sending", "finishing"]);
});

test("a line that breaks before a part is through gets small ones", async () => {
  const there = world();
  there.server.carried = 300_000;
  const file = there.files.hold(attached(5 * MiB));
  there.uploads.begin(message("m", file));
  await all(there);
  assert.deepEqual(there.whole, ["m"]);
  assert.equal(there.server.blobs.get(nameOf(file.blob)).part, MiB / 4);
});

test("another tab, or the next page, goes on with what is missing", async () => {
  const first = world();
  const entry = message("m", first.files.hold(attached(5 * MiB)));
  first.server.troubles = [undefined, undefined, undefined, new Promise(() => {})];
  first.uploads.begin(entry);
  await settle();
  await settle();
  await settle();
  first.uploads.stop();
  const arrived = first.server.blobs.values().next().value.parts.size;
  first.server.puts = [];
  first.server.troubles = [];
  const second = world(first);
  second.uploads.begin(entry);
  await all(second);
  assert.deepEqual(second.whole, ["m"]);
  assert.ok(arrived >= 3);
  assert.equal(second.server.puts.length, 6 - arrived);
});

test("a grant in parts of another size goes on in those", async () => {
  const first = world();
  const entry = message("m", first.files.hold(attached(3 * MiB)));
  const { size } = first.files.out.get(nameOf(entry.content.att[0].blob));
  await first.server.api.post("/api/blobs", { blob: entry.content.att[0].blob, conv: "c1", size, part: 262_144 });
  first.uploads.begin(entry);
  await all(first);
  assert.deepEqual(first.whole, ["m"]);
  assert.equal(first.server.puts.length, 13);
});

test("an id that stands for another file ends the message", async () => {
  const there = world();
  const file = there.files.hold(attached(100));
  await there.server.api.post("/api/blobs", { blob: file.blob, conv: "c1", size: 5000, part: 262_144 });
  there.uploads.begin(message("m", file));
  await all(there);
  assert.deepEqual(there.failed, [["m", "blob"]]);
});

test("paused, nothing goes; resumed, only what is missing", async () => {
  const there = world();
  const { uploads, server } = there;
  uploads.begin(message("m", there.files.hold(attached(5 * MiB))));
  await settle();
  assert.equal(uploads.pause("other"), undefined);
  uploads.pause("m");
  await there.clock.pass(60_000);
  const { length } = server.puts;
  assert.equal(uploads.of("c1")[0].state, "paused");
  await there.clock.pass(60_000);
  assert.equal(server.puts.length, length);
  uploads.resume("m");
  await all(there);
  assert.deepEqual(there.whole, ["m"]);
});

test("one that was paused before a reload stays so, says how far it was, and goes on when it is resumed", async () => {
  const there = world();
  const { uploads, server } = there;
  uploads.begin({ ...message("m", there.files.hold(attached(5 * MiB))), paused: MiB });
  uploads.wake();
  await there.clock.pass(60_000);
  assert.deepEqual([uploads.of("c1")[0].state, uploads.of("c1")[0].done], ["paused", MiB]);
  assert.deepEqual(server.calls, []);
  assert.equal(uploads.pause("m"), MiB); // again, from another tab
  uploads.resume("m");
  await all(there);
  assert.deepEqual(there.whole, ["m"]);
});

test("refusals that are definite end the message, each by its name", async () => {
  for (const code of ["file_too_large", "quota", "site_full", "not_connected"]) {
    const there = world();
    there.server.refusal = problem(413, code);
    there.uploads.begin(message("m", there.files.hold(attached(10))));
    await all(there);
    assert.deepEqual(there.failed, [["m", code]]);
    assert.deepEqual(there.states(), ["sending", "failed"]);
  }
});

test("one file that is refused ends the others of its message", async () => {
  const there = world();
  const [small, other] = [there.files.hold(attached(5 * MiB)), attached(10)];
  await there.server.api.post("/api/blobs", { blob: other.blob, conv: "c1", size: 5000, part: 262_144 });
  there.uploads.begin(message("m", small, other));
  await all(there);
  assert.deepEqual(there.failed, [["m", "blob"]]);
  await there.clock.pass(60_000);
  assert.ok(there.server.puts.length <= 3);
});

test("a store that is away is waited for as it says, and the way back is taken at once", async () => {
  const there = world();
  there.server.refusal = problem(503, "storage_away", 20_000);
  there.uploads.begin(message("m", there.files.hold(attached(10))));
  await there.clock.pass(1000);
  const [upload] = there.uploads.of("c1");
  assert.deepEqual([upload.state, upload.why], ["waiting", "storage_away"]);
  there.server.refusal = null;
  there.uploads.wake();
  await settle();
  await there.clock.pass(0);
  assert.deepEqual(there.whole, ["m"]);
});

test("a ticket that is too old is renewed", async () => {
  const there = world();
  there.server.troubles = [401];
  there.uploads.begin(message("m", there.files.hold(attached(10))));
  for (let turn = 0; turn < 5; turn++) await settle();
  assert.deepEqual(there.whole, ["m"]);
  assert.equal(there.server.puts.length, 2);
});

test("past the site, parts go with their digest; a signed URL that is refused is replaced at once, and once", async () => {
  const there = world();
  there.server.direct = true;
  there.server.troubles = [undefined, 403];
  there.uploads.begin(message("m", there.files.hold(attached(5 * MiB))));
  while (!there.whole.length) await there.clock.pass(10); // digests take time of their own
  assert.deepEqual(there.whole, ["m"]);
  assert.equal(there.server.puts.length, 7);
  assert.deepEqual(there.states(), ["sending", "finishing"]);
  assert.equal(there.server.calls.filter((call) => call.endsWith("/urls")).length, 2);
});

test("a place of files that takes none is told, and tried again", async () => {
  const there = world();
  there.server.direct = true;
  there.server.troubles = ["away", 403];
  there.uploads.begin(message("m", there.files.hold(attached(100))));
  while (!there.whole.length) await there.clock.pass(10);
  assert.deepEqual(there.whole, ["m"]);
  assert.deepEqual(there.states(), ["sending", "waiting", "sending", "finishing"]);
  assert.equal(there.told.find(({ state }) => state === "waiting").why, "unreachable");
});

test("what a page had no room for is lent by it", async () => {
  const there = world();
  const file = there.files.hold(attached(10));
  const sealed = there.files.out.get(nameOf(file.blob));
  there.files.out.clear();
  there.uploads.lend(nameOf(file.blob), sealed);
  there.uploads.begin(message("m", file));
  await all(there);
  assert.deepEqual(there.whole, ["m"]);
});

test("a page that has it in memory may come a moment after the tab that leads; without it the file is lost", async () => {
  const there = world();
  const [lent, lost] = [there.files.hold(attached(10)), attached(10)];
  const sealed = there.files.out.get(nameOf(lent.blob));
  there.files.out.clear();
  there.uploads.begin(message("m", lent));
  there.uploads.begin(message("n", lost));
  await there.clock.pass(2000);
  assert.deepEqual(there.failed, []);
  there.uploads.lend(nameOf(lent.blob), sealed);
  await all(there);
  assert.deepEqual([there.whole, there.failed], [["m"], []]);
  there.whole.length = 0;
  await all(there);
  assert.deepEqual(there.failed, [["n", "lost"]]);
});

test("parts that are refused for good end the message; a store without room says so", async () => {
  for (const [status, code] of [
    [413, "blob"],
    [507, "site_full"],
  ]) {
    const there = world();
    there.server.troubles = Array(9).fill(status);
    there.uploads.begin(message("m", there.files.hold(attached(10))));
    await all(there);
    assert.deepEqual(there.failed, [["m", code]]);
  }
});

test("a chat that is no more ends the message", async () => {
  const there = world();
  there.server.refusal = problem(404, "unknown");
  there.uploads.begin(message("m", there.files.hold(attached(10))));
  await all(there);
  assert.deepEqual(there.failed, [["m", "not_connected"]]);
});

test("parts that never arrive are tried less and less, although each grant is given", async () => {
  for (const trouble of [401, 502]) {
    const there = world();
    there.server.troubles = Array(1000).fill(trouble);
    there.uploads.begin(message("m", there.files.hold(attached(10))));
    for (let second = 0; second < 60; second++) await there.clock.pass(1000);
    assert.ok(there.server.puts.length > 4 && there.server.puts.length < 10);
  }
});

test("a part that takes too long gets more time when it is sent again", async () => {
  const there = world();
  const { server, clock } = there;
  server.slowly = () => new Promise((done) => clock.after(PUT_MS + 1000, done));
  server.troubles = ["slow", "slow"];
  there.uploads.begin(message("m", there.files.hold(attached(10))));
  for (let turn = 0; turn < 30; turn++) await clock.pass(PUT_MS / 10);
  assert.deepEqual(there.whole, ["m"]);
  assert.equal(server.puts.length, 2);
});

test("on a slow line parts go one at a time, so that each is in time", async () => {
  const there = world();
  const { server, clock } = there;
  let seconds = 125;
  server.slowly = () => new Promise((done) => clock.after(seconds * 1000, done));
  server.troubles = Array(3)
    .fill(null)
    .map(() => server.slowly().then(() => 408));
  there.uploads.begin(message("m", there.files.hold(attached(5 * MiB))));
  await clock.pass(125_000);
  await settle();
  assert.equal(server.most, 3);
  server.most = 0;
  seconds = 25;
  server.troubles = Array(21).fill("slow"); // the parts are small by now
  for (let turn = 0; turn < 120; turn++) await clock.pass(5000);
  assert.deepEqual(there.whole, ["m"]);
  assert.equal(server.most, 1);
});

test("what was cut into large parts still arrives once the line is slow", async () => {
  const there = world();
  const { server, clock, files } = there;
  const entry = files.hold(attached(13 * MiB));
  const name = nameOf(entry.blob);
  const sealed = files.out.get(name).size;
  server.blobs.set(name, {
    blob: entry.blob,
    conv: "c1",
    size: sealed,
    part: 4 * MiB,
    parts: new Map([[0, 4 * MiB]]), // with one there, none is cut smaller
    state: "granted",
  });
  // 20 kB/s, and the server ends all but one after two minutes.
  server.slowly = () => new Promise((done) => clock.after((1000 * 4 * MiB) / 20_000, done));
  const ended = () => new Promise((done) => clock.after(120_000, () => done(408)));
  server.troubles = ["slow", ended(), ended(), ...Array(9).fill("slow")];
  there.uploads.begin(message("m", entry));
  for (let turn = 0; turn < 200 && !there.whole.length; turn++) await clock.pass(5000);
  assert.deepEqual(there.whole, ["m"]);
  assert.ok(server.puts.length <= 3 + 3, "once each has had too little time, each is sent once");
});

test("a small file does not wait for all of a large one", async () => {
  const there = world();
  there.uploads.begin(message("large", there.files.hold(attached(20 * MiB))));
  await settle();
  there.uploads.begin(message("small", there.files.hold(attached(10))));
  for (let turn = 0; turn < 99 && there.whole.length < 2; turn++) await settle();
  assert.deepEqual(there.whole, ["small", "large"]);
});

test("given up, the server hears of it, and the files go when nobody takes it back", async () => {
  const there = world();
  const { uploads, files, server } = there;
  const entry = message("m", files.hold(attached(5 * MiB)));
  uploads.begin(entry);
  await settle();
  uploads.discarded(entry);
  await settle();
  assert.ok(server.calls.some((call) => call.startsWith("DELETE")));
  assert.equal(files.out.size, 1);
  there.entries.push({ ...entry, id: "again" });
  uploads.begin(there.entries[0]);
  await all(there);
  assert.deepEqual(there.whole, ["again"]);
  await there.clock.pass(61_000); // it is whole, and still waits to be sent
  assert.equal(files.out.size, 1);
  there.entries.pop();
  uploads.discarded({ ...entry, id: "again" });
  await there.clock.pass(61_000);
  assert.equal(files.out.size, 0);
});

test("a message that the server refuses again and again, with files that it calls whole, ends", async () => {
  const there = world();
  const entry = message("m", there.files.hold(attached(10)));
  for (let turn = 0; turn < 9 && !there.failed.length; turn++) {
    there.whole.length = 0;
    there.uploads.begin(entry, turn > 0);
    await all(there);
  }
  assert.deepEqual(there.failed, [["m", "blob"]]);
  there.whole.length = 0;
  there.uploads.begin(entry); // the person tries it again
  for (let turn = 0; turn < 5; turn++) await settle();
  assert.deepEqual(there.whole, ["m"]);
});

test("what no message names and no page can still send is swept", async () => {
  const files = new Files();
  const [named, old, young] = [attached(10), attached(10), attached(10)].map((entry) => files.hold(entry));
  const there = world({ files });
  for (const entry of [named, old]) files.out.get(nameOf(entry.blob)).modified = 0;
  files.out.get(nameOf(young.blob)).modified = there.clock.now();
  there.entries.push(message("m", named));
  await there.uploads.sweep();
  assert.deepEqual([...files.out.keys()].sort(), [nameOf(named.blob), nameOf(young.blob)].sort());
  assert.equal(files.swept, true);
});
