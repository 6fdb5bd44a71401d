// The epoch to send under, as two browsers and one server make it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextFields, REVOKES, signLink } from "../../static/js/crypto/devicelist.js";
import { b64, cat, fromB64 } from "../../static/js/crypto/encoding.js";
import { parseEpoch, REASON } from "../../static/js/crypto/epochs.js";
import { kemPublicKey, newSeed, sign } from "../../static/js/crypto/keys.js";
import { tick } from "./moved_clock.js";
import { browser, CONV, pair, person } from "./two_people.js";

const DAY_MS = 24 * 3600 * 1000;
const nobody = () => 0;

const reasonOf = async (server, n) => (await parseEpoch(fromB64(server.records[n]))).reason;

test("who sends first makes E_0, and both reach one secret", async () => {
  const { server, alice, bob, a, b } = await pair();
  const made = await a.rotation.forSending(CONV, bob.id, nobody);
  assert.equal(server.records.length, 1);
  const read = await b.epochs.open(CONV, alice.id, 0);
  assert.deepEqual(read.secret, made.secret);
  assert.deepEqual((await b.rotation.forSending(CONV, alice.id, nobody)).secret, made.secret);
  assert.equal(server.records.length, 1);
});

test("both make one at once: one stands, and both use it", async () => {
  const { server, alice, bob, a, b } = await pair();
  const [mine, theirs] = await Promise.all([
    a.rotation.forSending(CONV, bob.id, nobody),
    b.rotation.forSending(CONV, alice.id, nobody),
  ]);
  assert.equal(server.records.length, 1);
  assert.deepEqual(mine.secret, theirs.secret);
  const again = await Promise.all([a.rotation.rotate(CONV, bob.id), b.rotation.rotate(CONV, alice.id)]);
  assert.deepEqual(again, [undefined, undefined]);
  for (let n = 0; n < server.records.length; n++) {
    const both = await Promise.all([a.epochs.open(CONV, bob.id, n), b.epochs.open(CONV, alice.id, n)]);
    assert.deepEqual(both[0].secret, both[1].secret);
  }
});

test("a new browser opens every epoch by its box, without the ones before", async () => {
  const { server, clock, alice, bob, a } = await pair();
  for (let n = 0; n < 3; n++) {
    await a.rotation.forSending(CONV, bob.id, nobody);
    await a.rotation.rotate(CONV, bob.id);
  }
  while (server.boxes.size < server.records.length) await tick(); // stored beside, nobody waits for them
  const newest = server.records.length - 1;
  const wanted = await a.epochs.open(CONV, bob.id, newest);
  const second = browser(alice, clock);
  server.links.delete(bob.id); // no list is needed for it
  assert.deepEqual((await second.epochs.open(CONV, bob.id, newest)).secret, wanted.secret);
});

test("a record that the server forged is refused", async () => {
  const { server, alice, bob, b, clock } = await pair();
  const eve = await person(server);
  const forger = browser({ ...alice, me: { ...alice.me, dsk: eve.me.dsk } }, clock);
  await forger.rotation.forSending(CONV, bob.id, nobody); // signed by a key that no list names
  await assert.rejects(b.epochs.open(CONV, alice.id, 0), { code: "bad_signature" });
});

test("a week, and ten thousand messages, end an epoch", async () => {
  const { server, clock, bob, a } = await pair();
  await a.rotation.forSending(CONV, bob.id, nobody);
  await clock.pass(7 * DAY_MS - 1);
  await a.rotation.forSending(CONV, bob.id, nobody);
  assert.equal(server.records.length, 1);
  await clock.pass(1);
  await a.rotation.forSending(CONV, bob.id, nobody);
  assert.equal(await reasonOf(server, 1), REASON.AGE);
  await a.rotation.forSending(CONV, bob.id, (n) => (n === 1 ? 10_000 : 0));
  assert.equal(await reasonOf(server, 2), REASON.COUNT);
});

test("a rotation that only age asks for is put off when there were too many", async () => {
  const { server, clock, bob, a } = await pair();
  const first = await a.rotation.forSending(CONV, bob.id, nobody);
  await clock.pass(8 * DAY_MS);
  server.limited = true;
  assert.deepEqual((await a.rotation.forSending(CONV, bob.id, nobody)).secret, first.secret);
});

test("a revocation by the other forces one, and nothing goes under the old one meanwhile", async () => {
  const { server, alice, bob, a, b } = await pair();
  await a.rotation.forSending(CONV, bob.id, nobody);
  bob.me.seeds.set(2, newSeed());
  const changes = { g: 2, uk: await kemPublicKey(bob.me.seeds.get(2)), flags: REVOKES, ms: 2 };
  bob.links.push(await signLink(nextFields(bob.links[0], changes), bob.aik.privateKey));
  await a.deviceLists.reach(bob.id, 2);
  server.limited = true; // the positive control of the test before: this one is not put off
  await assert.rejects(a.rotation.forSending(CONV, bob.id, nobody), { code: "rate" });
  server.limited = false;
  const open = await a.rotation.forSending(CONV, bob.id, nobody);
  assert.equal(open.epoch.n, 1);
  assert.equal(await reasonOf(server, 1), REASON.REVOKED);
  b.deviceLists.own(bob.id, bob.links);
  assert.deepEqual((await b.epochs.open(CONV, alice.id, 1)).secret, open.secret);
});

test("after a lost answer the outcome is looked up, not assumed", async () => {
  const { server, bob, a } = await pair();
  const publish = server.publish.bind(server);
  server.publish = async (body) => {
    server.publish = publish;
    await publish(body); // it was stored
    throw Object.assign(new Error("timeout"), { status: 0, code: "timeout" });
  };
  const open = await a.rotation.forSending(CONV, bob.id, nobody);
  assert.equal(server.records.length, 1);
  assert.equal(open.epoch.n, 0);
});

test("two secrets in one record: it is left out, and the next stands on the last good one", async () => {
  const { server, alice, bob, a, b } = await pair();
  const good = await a.rotation.forSending(CONV, bob.id, nobody);
  await b.epochs.open(CONV, alice.id, 0);
  await a.rotation.rotate(CONV, bob.id);
  await twist(server, 1, alice);
  const open = await b.rotation.forSending(CONV, alice.id, nobody);
  assert.equal(open.epoch.n, 2);
  assert.equal(open.epoch.reason, REASON.BAD_KCV);
  assert.equal(open.epoch.parent, good.epoch.n);
});

/** Alice wraps for Bob another x than the one her kcv stands for, and signs that. */
async function twist(server, n, { me }) {
  const epoch = await parseEpoch(fromB64(server.records[n]));
  const kcv = epoch.kcv.map((byte) => byte ^ 1);
  const { header, wrapLo, wrapHi } = epoch;
  const signature = await sign(me.dsk, cat("m1:epoch-rec", header, kcv, wrapLo, wrapHi));
  server.records[n] = b64(cat("m1:epoch", header, kcv, wrapLo, wrapHi, signature));
  for (const key of [...server.boxes.keys()]) if (key.endsWith(` ${n}`)) server.boxes.delete(key);
}

test("the server lost an epoch: who made it says it again, and nobody seals under an older one", async () => {
  const { server, alice, bob, a, b } = await pair();
  await a.rotation.forSending(CONV, bob.id, nobody);
  await a.rotation.rotate(CONV, bob.id);
  const newest = await b.rotation.forSending(CONV, alice.id, nobody);
  assert.equal(newest.epoch.n, 1);
  const lost = server.records.pop();
  for (const { epochs } of [a, b]) epochs.renew(CONV);
  await assert.rejects(b.rotation.forSending(CONV, alice.id, nobody), { code: "later" });
  assert.equal(server.records.length, 1);
  assert.deepEqual((await a.rotation.forSending(CONV, bob.id, nobody)).secret, newest.secret);
  assert.equal(server.records[1], lost);
  assert.deepEqual((await b.rotation.forSending(CONV, alice.id, nobody)).secret, newest.secret);
});

test("another record in the place of a known one is an alarm", async () => {
  const { server, clock, bob, alice, a } = await pair();
  await a.rotation.forSending(CONV, bob.id, nobody);
  const second = browser(alice, clock);
  await second.rotation.forSending(CONV, bob.id, nobody);
  await a.rotation.rotate(CONV, bob.id);
  server.records.pop();
  await second.rotation.rotate(CONV, bob.id);
  a.epochs.renew(CONV);
  await assert.rejects(a.rotation.forSending(CONV, bob.id, nobody), { code: "other_epoch" });
});
