// What a page may show of a row, and what it has to warn of.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nextFields, REVOKES, signLink } from "../../static/js/crypto/devicelist.js";
import { b64, fromB64, newId } from "../../static/js/crypto/encoding.js";
import { kemPublicKey, newSeed } from "../../static/js/crypto/keys.js";
import { openLetter } from "../../static/js/hub/letters.js";
import { sealer } from "../../static/js/hub/sealing.js";
import { CONV, pair } from "./two_people.js";

const NOW = 1_700_000_000_000;

/** Alice writes, Bob reads: the row as the server hands it on, and Bob's desk. */
async function world() {
  const parts = await pair();
  const { alice, bob, a, b } = parts;
  const talk = { row: { peer: bob.id }, have: 0, sentUnder: () => 0 };
  const seal = sealer({
    me: alice.me,
    directory: a.directory,
    keeper: a.keeper,
    conversation: () => talk,
    now: () => NOW,
  });
  let turn = { ctr: 0, commitments: [] };
  const write = async (text) => {
    const sealed = await seal({ id: "x", conv: CONV, text }, turn);
    turn = { ctr: sealed.ctr, commitments: [...turn.commitments, sealed.commitment] };
    const { frame, ctr } = sealed;
    const seq = ctr;
    return { t: "msg", ...frame, seq, ctr, ord: seq, time: NOW, sender: alice.id, device: b64(alice.me.device) };
  };
  const deskOf = (who, peer, { reader, directory }) => ({
    me: who.id,
    peer: peer.id,
    seeds: who.me.seeds,
    directory,
    epoch: (n) => reader.open(CONV, peer.id, n),
  });
  return { ...parts, write, desk: deskOf(bob, alice, b), own: deskOf(alice, bob, a) };
}

test("a message opens for both, says whose it is, and follows the one before", async () => {
  const { write, desk, own } = await world();
  const rows = [await write("one"), await write("two")];
  const [first, second] = await Promise.all(rows.map((row) => openLetter(row, desk)));
  assert.equal(first.letter.text, "one");
  assert.equal(first.letter.mine, false);
  assert.deepEqual(first.letter.warnings, []);
  assert.equal(second.step.prev, first.step.c);
  assert.equal((await openLetter(rows[0], own)).letter.mine, true);
});

for (const [what, spoil] of [
  ["another byte in the body", (row) => ({ body: flipped(row.body, 300) })],
  ["another salt", (row) => ({ salt: flipped(row.salt, 3) })],
  ["another name", () => ({ client_id: b64(newId()) })],
  ["a silent one made loud", (row) => ({ kind: 3 - row.kind })],
]) {
  test(`${what}: nothing of it is shown`, async () => {
    const { write, desk } = await world();
    const row = await write("secret");
    assert.equal((await openLetter(row, desk)).letter.text, "secret"); // the control
    const { letter } = await openLetter({ ...row, ...spoil(row) }, desk);
    assert.equal(letter.text, undefined);
    assert.ok(letter.broken);
  });
}

test("a message planted in my name is not mine", async () => {
  const { write, own, alice } = await world();
  const row = await write("I never wrote this");
  alice.me.seeds.set(1, newSeed()); // whoever sealed it did not hold my user key
  const { letter } = await openLetter(row, own);
  assert.equal(letter.broken, "not_mine");
});

test("a list that the sender sees otherwise is an alarm", async () => {
  const { server, bob, write, desk, a } = await world();
  assert.deepEqual((await openLetter(await write("before"), desk)).letter.warnings, []);
  const shown = server.links.get(bob.id); // to Alice the server shows a list with a ghost on it
  const ghost = { ...bob.links[0].devices[0], id: newId() };
  const devices = [...bob.links[0].devices, ghost];
  const forged = await signLink(nextFields(bob.links[0], { devices, ms: 2 }), bob.aik.privateKey);
  server.links.set(bob.id, [...shown, forged]);
  await a.directory.refresh(bob.id);
  const row = await write("hello");
  server.links.set(bob.id, shown);
  const { letter } = await openLetter(row, desk);
  assert.equal(letter.text, "hello");
  assert.deepEqual(letter.warnings, ["list_forged"]);
});

test("what a revoked device could still have sealed is flagged, what came before is not", async () => {
  const { alice, write, desk, b } = await world();
  const row = await write("hello");
  alice.me.seeds.set(2, newSeed());
  const changes = { g: 2, uk: await kemPublicKey(alice.me.seeds.get(2)), flags: REVOKES, ms: NOW + 1000 };
  alice.links.push(await signLink(nextFields(alice.links[0], changes), alice.aik.privateKey));
  await b.directory.reach(alice.id, 1);
  await b.directory.refresh(alice.id);
  assert.deepEqual((await openLetter(row, desk)).letter.warnings, []);
  const later = { ...row, time: NOW + 3_600_000 };
  assert.ok((await openLetter(later, desk)).letter.warnings.includes("old_epoch"));
});

test("a clock far off is said", async () => {
  const { write, desk } = await world();
  const row = await write("hello");
  assert.deepEqual((await openLetter({ ...row, time: NOW + 3_600_000 }, desk)).letter.warnings, ["odd_time"]);
});

test("no network is no verdict: the row is tried again", async () => {
  const { write, desk } = await world();
  const row = await write("hello");
  const epoch = async () => {
    throw Object.assign(new Error("offline"), { name: "ApiError", status: 0, code: "offline" });
  };
  await assert.rejects(openLetter(row, { ...desk, epoch }), { code: "offline" });
});

test("rows without content keep their place", async () => {
  const { desk, alice } = await world();
  const erased = {
    conv: CONV,
    seq: 3,
    sender: alice.id,
    device: b64(newId()),
    ctr: 4,
    kind: 1,
    ord: 3,
    gone: "erased",
  };
  const { letter, step } = await openLetter(erased, desk);
  assert.deepEqual([letter.gone, letter.text, step.ctr, step.c], ["erased", undefined, 4, null]);
  const { step: none } = await openLetter({ conv: CONV, seq: 4, gone: "withheld" }, desk);
  assert.equal(none, null);
});

function flipped(base64, at) {
  const bytes = fromB64(base64);
  bytes[at] ^= 1;
  return b64(bytes);
}
