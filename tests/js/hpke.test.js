// Another implementation of HPKE and X-Wing must agree with the one that we ship.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";

import { concat, newId, random, utf8 } from "../../static/js/crypto/encoding.js";
import { hpkeOpen, hpkeSeal, kemPublicKey, newSeed, WRAP_BYTES } from "../../static/js/crypto/keys.js";
import { encodeReport, reportInfo, sealReport } from "../../static/js/crypto/report.js";
import { code } from "./people.js";

const ENC = 1120;
const other = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const info = utf8("m1:test");

test("it opens what we seal", async () => {
  const [seed, secret] = [newSeed(), random(32)];
  const wrap = await hpkeSeal(await kemPublicKey(seed), secret, info);
  assert.equal(wrap.length, WRAP_BYTES);
  const recipientKey = await other.kem.deserializePrivateKey(seed.slice().buffer);
  const opened = await other.open({ recipientKey, enc: wrap.slice(0, ENC).buffer, info }, wrap.slice(ENC).buffer);
  assert.deepEqual(new Uint8Array(opened), secret);
});

test("we open what it seals, under the same info only", async () => {
  const [seed, secret] = [newSeed(), random(32)];
  const key = await kemPublicKey(seed);
  const recipientPublicKey = await other.kem.deserializePublicKey(key.slice().buffer);
  const { enc, ct } = await other.seal({ recipientPublicKey, info }, secret.slice().buffer);
  const wrap = concat(new Uint8Array(enc), new Uint8Array(ct));
  assert.deepEqual(await hpkeOpen(seed, wrap, info), secret);
  await assert.rejects(hpkeOpen(seed, wrap, utf8("m1:tesT")), code("cannot_open"));
  await assert.rejects(hpkeOpen(newSeed(), wrap, info), code("cannot_open"));
});

test("a report opens under its own id alone, and is not sealed to a key past its time", async () => {
  const seed = newSeed();
  const key = { kid: "k1", publicKey: await kemPublicKey(seed), notAfter: 1000 };
  const id = newId();
  const report = { reporter: newId(), peer: newId(), note: "on and on", items: [] };
  const sealed = await sealReport(key, id, report, 999);
  const opened = await hpkeOpen(seed, sealed, reportInfo("k1", id, report.reporter));
  assert.deepEqual(opened, encodeReport(report));
  await assert.rejects(hpkeOpen(seed, sealed, reportInfo("k1", newId(), report.reporter)), code("cannot_open"));
  await assert.rejects(sealReport(key, id, report, 1000), code("key_old"));
});
