import assert from "node:assert/strict";
import { test } from "node:test";

import { cat, newId, random } from "../../static/js/crypto/encoding.js";
import {
  bucket,
  encodeHeader,
  NOTIFY,
  openMessage,
  parseEnvelope,
  SILENT,
  sealMessage,
} from "../../static/js/crypto/envelope.js";
import { createEpoch, REASON } from "../../static/js/crypto/epochs.js";
import { code, person, T } from "./people.js";

async function conversation() {
  const [alice, bob] = [await person(), await person()];
  const parts = { conn: newId(), previous: null, parent: null, mine: alice.link, theirs: bob.link };
  const open = await createEpoch({ ...parts, device: alice.device, dsk: alice.dsk, reason: REASON.FIRST, ms: T });
  const heads = { me: { k: 1, hash: alice.link.hash }, peer: { k: 1, hash: bob.link.hash } };
  const content = { t: /** @type {const} */ ("text"), ts: T, heads, body: "grüß dich 👋" };
  const send = (/** @type {any} */ change = {}) =>
    sealMessage({ open, sender: alice.uid, device: alice.device, ctr: 1, content, seed: alice.seed, ...change });
  return { alice, bob, open, content, send };
}

test("bob reads what alice wrote, and so does alice's other device", async () => {
  const { alice, bob, open, content, send } = await conversation();
  const { body, salt, mid, commitment } = await send();
  const read = await openMessage({ body, salt, open, me: bob.uid });
  assert.deepEqual(read.content, content);
  assert.deepEqual([read.header.mid, read.header.commitment], [mid, commitment]);
  await openMessage({ body, salt, open, me: alice.uid, seed: alice.seed });
});

test("every changed byte of envelope or salt is refused", async () => {
  const { alice, open, send } = await conversation();
  const { body, salt } = await send();
  const received = { open, me: alice.uid, seed: alice.seed };
  await openMessage({ ...received, body, salt });
  for (let i = 0; i < body.length; i += i < 240 ? 1 : 7) {
    await assert.rejects(openMessage({ ...received, salt, body: flipped(body, i) }), { name: "M1Error" }, `byte ${i}`);
  }
  await assert.rejects(openMessage({ ...received, body, salt: flipped(salt, 0) }), code("cannot_open"));
  await assert.rejects(openMessage({ ...received, salt, body: body.slice(0, -1) }), code("bad_envelope"));
});

test("the peer together with the server cannot plant a message of mine", async () => {
  const { alice, bob, open, send } = await conversation();
  const planted = await send({ seed: bob.seed });
  await openMessage({ ...planted, open, me: bob.uid });
  await assert.rejects(openMessage({ ...planted, open, me: alice.uid, seed: alice.seed }), code("not_mine"));
  const honest = await send();
  await assert.rejects(openMessage({ ...honest, open, me: alice.uid }), code("not_mine"));
});

test("the server cannot reflect a message to look like the peer's", async () => {
  const { alice, bob, open, send } = await conversation();
  const { body, salt } = await send();
  const { header, ct, sm } = parseEnvelope(body);
  const unchanged = cat("m1:env", encodeHeader(header), ct, sm);
  await openMessage({ body: unchanged, salt, open, me: bob.uid });
  const reflected = cat("m1:env", encodeHeader({ ...header, sender: bob.uid }), ct, sm);
  await assert.rejects(openMessage({ body: reflected, salt, open, me: alice.uid }), code("cannot_open"));
});

test("frame fields that repeat the header must equal it", async () => {
  const { alice, bob, open, send } = await conversation();
  const { body, salt, mid } = await send({ ttl: 60 });
  const frame = { sender: alice.uid, device: alice.device, client_id: mid, kind: 1, ttl: 60, epoch: 0 };
  const received = { body, salt, open, me: bob.uid };
  await openMessage({ ...received, frame });
  const lies = { sender: bob.uid, device: newId(), client_id: newId(), kind: SILENT, ttl: 0, epoch: 1 };
  for (const [field, lie] of Object.entries(lies)) {
    await assert.rejects(openMessage({ ...received, frame: { ...frame, [field]: lie } }), code("wrong_frame"), field);
  }
});

test("prev goes with every message but the first of a device", async () => {
  const { bob, open, content, send } = await conversation();
  await assert.rejects(send({ ctr: 2 }), code("bad_content"));
  const prev = random(32);
  const second = await send({ ctr: 2, content: { ...content, prev } });
  const read = await openMessage({ ...second, open, me: bob.uid });
  assert.deepEqual(read.content.prev, prev);
  assert.equal(parseEnvelope(second.body).header.ctr, 2);
});

test("what counts as unread is a text, and a text counts: who says otherwise is not heard", async () => {
  const { bob, open, content, send } = await conversation();
  const { body: _words, ...plain } = content;
  for (const [kind, said] of /** @type {[number, any][]} */ ([
    [NOTIFY, { ...plain, t: "del", ref: newId() }],
    [NOTIFY, { ...content, t: "edit", ref: newId() }],
    [NOTIFY, { ...content, t: "react", ref: newId() }],
    [SILENT, content],
  ])) {
    const lie = await send({ content: said, kind });
    await assert.rejects(openMessage({ ...lie, open, me: bob.uid }), code("wrong_kind"), said.t);
    const honest = await send({ content: said });
    assert.equal((await openMessage({ ...honest, open, me: bob.uid })).header.kind, 3 - kind);
  }
});

test("a kind of message from the future asks for an update", async () => {
  const { bob, open, content, send } = await conversation();
  await openMessage({ ...(await send()), open, me: bob.uid });
  const future = await send({ content: { ...content, t: "hologram" } });
  await assert.rejects(openMessage({ ...future, open, me: bob.uid }), code("update_app"));
});

test("a text that fills no bucket is refused when sealing", async () => {
  const { content, send } = await conversation();
  assert.equal(bucket(32_732), 32_768);
  await assert.rejects(send({ content: { ...content, body: "x".repeat(32_733) } }), code("too_long"));
});

/** @param {any} bytes @param {number} at */
function flipped(bytes, at) {
  const changed = bytes.slice();
  changed[at] ^= 1;
  return changed;
}
