import assert from "node:assert/strict";
import { test } from "node:test";

import { concat, newId, random, utf8 } from "../../static/js/crypto/encoding.js";
import { hpkeSeal, kemPublicKey, newSeed, newSigningKey, verify } from "../../static/js/crypto/keys.js";
import { standingProof, standingProofBytes } from "../../static/js/crypto/proofs.js";
import { code } from "./people.js";

const INFO = utf8("m1:test");

test("a signature of the wrong width is no signature, and not an error", async () => {
  const { publicKey } = await newSigningKey();
  assert.equal(await verify(publicKey, new Uint8Array(3), INFO), false);
});

test("nothing is sealed to what is no key", async () => {
  await assert.rejects(hpkeSeal(random(32), INFO, INFO), code("bad_key"));
  // A point of small order (RFC 7748, 6.1) would make a secret that everybody knows.
  const weak = concat((await kemPublicKey(newSeed())).slice(0, -32), new Uint8Array(32));
  await assert.rejects(hpkeSeal(weak, INFO, INFO), code("bad_key"));
});

test("the proof that asks what became of a device names the host, the person and the device", async () => {
  const { publicKey, privateKey } = await newSigningKey();
  const place = { host: "chat.example", uid: newId(), device: newId() };
  const proof = await standingProof(privateKey, place);
  assert.equal(await verify(publicKey, proof, standingProofBytes(place)), true);
  assert.equal(await verify(publicKey, proof, standingProofBytes({ ...place, device: newId() })), false);
});

test("a browser that fails to make a key now and then is asked again, and not for ever", async (t) => {
  const make = crypto.subtle.generateKey.bind(crypto.subtle);
  let failures = 3;
  t.mock.method(crypto.subtle, "generateKey", async (/** @type {any} */ ...given) => {
    if (failures-- > 0) throw new DOMException("", "OperationError");
    return /** @type {any} */ (make)(...given);
  });
  assert.equal((await newSigningKey()).publicKey.length, 32);
  failures = 4;
  await assert.rejects(newSigningKey(), { name: "OperationError" });
});

test("no seed begins with a zero byte, as one browser imports no such key", (t) => {
  let zeros = 2;
  t.mock.method(crypto, "getRandomValues", (/** @type {Uint8Array} */ bytes) => bytes.fill(zeros-- > 0 ? 0 : 7));
  assert.deepEqual(newSeed(), new Uint8Array(32).fill(7));
  assert.equal(zeros, -1);
});
