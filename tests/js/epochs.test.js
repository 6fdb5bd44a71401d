import assert from "node:assert/strict";
import { test } from "node:test";

import { nextFields, RESET, REVOKES, signLink } from "../../static/js/crypto/devicelist.js";
import { newId, random, ZERO32 } from "../../static/js/crypto/encoding.js";
import {
  createEpoch,
  openEpoch,
  openEsBox,
  parseEpoch,
  REASON,
  sealEsBox,
  verifyEpoch,
} from "../../static/js/crypto/epochs.js";
import { kemPublicKey, newSeed, signingKeyFromSeed } from "../../static/js/crypto/keys.js";
import { endedByReset, isStale, rotationReason } from "../../static/js/crypto/rotation.js";
import { code, directoryOf, person, T } from "./people.js";

const WEEK = 7 * 24 * 60 * 60 * 1000;

async function pair() {
  const [alice, bob] = [await person(), await person()];
  const conn = newId();
  const first = await made({ alice, bob, conn });
  return { alice, bob, conn, first };
}

/** @param {any} given */
function made({ alice, bob, conn, parent = null, previous = null, reason = REASON.FIRST, ms = T }) {
  const [mine, theirs] = [alice.links.at(-1), bob.links.at(-1)];
  return createEpoch({ conn, previous, parent, mine, theirs, device: alice.device, dsk: alice.dsk, reason, ms });
}

/** @param {any} alice @param {any} bob @param {any} conn */
function seenBy(alice, bob, conn) {
  return { conn, me: bob.uid, peer: alice.uid, linkByHash: directoryOf(alice, bob) };
}

test("both reach the secret of an epoch, its child too, and mallory neither", async () => {
  const { alice, bob, conn, first } = await pair();
  const received = await parseEpoch(first.epoch.bytes);
  await verifyEpoch(received, seenBy(alice, bob, conn));
  const opened = await openEpoch(received, { me: bob.uid, seed: bob.seed, parent: null });
  assert.deepEqual(opened.secret, first.secret);
  const child = await made({ alice, bob, conn, parent: first, previous: first.epoch, reason: REASON.AGE });
  await verifyEpoch(child.epoch, { ...seenBy(alice, bob, conn), previous: received });
  const later = await openEpoch(child.epoch, { me: bob.uid, seed: bob.seed, parent: opened });
  assert.deepEqual(later.secret, child.secret);
  const mallory = { me: bob.uid, seed: newSeed(), parent: opened };
  await assert.rejects(openEpoch(child.epoch, mallory), code("cannot_open"));
  await assert.rejects(openEpoch(child.epoch, { me: bob.uid, seed: bob.seed, parent: null }), code("missing_parent"));
});

test("an unsigned or foreign record is refused before it is opened", async () => {
  const { alice, bob, conn, first } = await pair();
  const seen = seenBy(alice, bob, conn);
  await verifyEpoch(first.epoch, seen);
  const forged = await parseEpoch(first.epoch.bytes.map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte)));
  await assert.rejects(verifyEpoch(forged, seen), code("bad_signature"));
  await assert.rejects(verifyEpoch(first.epoch, { ...seen, conn: newId() }), code("bad_epoch"));
  await assert.rejects(verifyEpoch(first.epoch, { ...seen, peer: newId() }), code("bad_epoch"));
  await assert.rejects(verifyEpoch(first.epoch, { ...seen, linkByHash: () => undefined }), code("unknown_link"));
  const mallory = await person();
  const unlisted = await made({ alice: { ...alice, device: mallory.device, dsk: mallory.dsk }, bob, conn });
  await assert.rejects(verifyEpoch(unlisted.epoch, seen), code("bad_epoch"));
});

test("a box opens the record that it was made for, and no other", async () => {
  const { alice, bob, conn, first } = await pair();
  const owner = { uid: alice.uid, g: 1, seed: alice.seed };
  const box = await sealEsBox(first, owner);
  assert.deepEqual((await openEsBox(first.epoch, owner, box)).secret, first.secret);
  const other = await made({ alice, bob, conn });
  await assert.rejects(openEsBox(other.epoch, owner, box), code("cannot_open"));
  await assert.rejects(openEsBox(first.epoch, { ...owner, g: 2 }, box), code("cannot_open"));
});

test("an epoch goes on until age, count, a revocation or another generation end it", async () => {
  const { alice, bob, first } = await pair();
  const state = { mine: alice.links, theirs: bob.links, now: T + 1, sent: 0 };
  assert.equal(rotationReason(first.epoch, state), null);
  assert.equal(rotationReason(first.epoch, { ...state, now: T + WEEK }), REASON.AGE);
  assert.equal(rotationReason(first.epoch, { ...state, sent: 10_000 }), REASON.COUNT);
  const renewed = { g: 2, uk: await kemPublicKey(newSeed()), ms: T + 1 };
  const recovered = await signLink(nextFields(bob.link, renewed), bob.aik.privateKey);
  const revoked = await signLink(nextFields(bob.link, { ...renewed, flags: REVOKES }), bob.aik.privateKey);
  assert.equal(rotationReason(first.epoch, { ...state, theirs: [bob.link, recovered] }), REASON.GENERATION);
  assert.equal(isStale(first.epoch, alice.links, [bob.link, recovered]), false);
  assert.equal(rotationReason(first.epoch, { ...state, theirs: [bob.link, revoked] }), REASON.REVOKED);
  assert.equal(isStale(first.epoch, alice.links, [bob.link, revoked]), true);
});

test("only another identity key lets an epoch go without a parent", async () => {
  const { alice, bob, conn, first } = await pair();
  const reset = await resetOf(bob);
  assert.equal(rotationReason(first.epoch, { mine: alice.links, theirs: reset.links, now: T, sent: 0 }), REASON.RESET);
  assert.equal(isStale(first.epoch, alice.links, reset.links), true);
  assert.equal(endedByReset(first.epoch, reset.links), true);
  assert.equal(endedByReset(first.epoch, bob.links), false);
  const restarted = { alice, conn, previous: first.epoch, reason: REASON.RESET };
  const seen = { ...seenBy(alice, bob, conn), previous: first.epoch };
  const linkByHash = directoryOf(alice, bob, reset);
  const honest = await made({ ...restarted, bob: reset });
  await verifyEpoch(honest.epoch, { ...seen, linkByHash });
  const pretended = await made({ ...restarted, bob });
  await assert.rejects(verifyEpoch(pretended.epoch, { ...seen, linkByHash }), code("bad_epoch"));
  // A reader who never met the old identity has only the new chain's own word.
  const unmet = { ...seen, linkByHash: directoryOf(alice, reset) };
  await verifyEpoch(honest.epoch, { ...unmet, restarted: () => true });
  await assert.rejects(verifyEpoch(honest.epoch, unmet), code("bad_epoch"));
});

/** @param {any} bob */
async function resetOf(bob) {
  const aik = await signingKeyFromSeed(random(32));
  const { uid, devices, uk, recovery } = bob.link;
  const fields = { uid, k: 1, prev: ZERO32, aik: aik.publicKey, devices, g: 1, uk, recovery, flags: RESET, ms: T };
  const link = await signLink(fields, aik.privateKey);
  return { ...bob, link, links: [link] };
}
