// Two devices that know the code agree; one that does not know it is recognised.

import assert from "node:assert/strict";
import { test } from "node:test";

import { newId, random } from "../../static/js/crypto/encoding.js";
import {
  answerMac,
  checkAnswer,
  checkOffer,
  formatLinkSecret,
  newLinkSecret,
  offerMac,
  pairKeys,
  parseLinkSecret,
} from "../../static/js/crypto/pairing.js";
import { code } from "./people.js";

test("a code that is shown and typed in lower case is the same code", () => {
  const secret = newLinkSecret();
  assert.notEqual(newLinkSecret(), secret);
  assert.equal(parseLinkSecret(formatLinkSecret(secret).toLowerCase()), secret);
  assert.throws(() => parseLinkSecret(secret.slice(1)), code("bad_code"));
});

test("offer and answer hold under the code, and under no other", async () => {
  const [keys, mallory] = await Promise.all([pairKeys(newLinkSecret()), pairKeys(newLinkSecret())]);
  const offer = { deviceId: newId(), dsk: random(32), dkk: random(1216) };
  await checkOffer(keys, offer, await offerMac(keys, offer));
  await assert.rejects(checkOffer(keys, offer, await offerMac(mallory, offer)), code("bad_mac"));
  const answer = { linkHash: random(32), wrap: random(64), aik: random(32) };
  await checkAnswer(keys, answer, await answerMac(keys, answer));
  await assert.rejects(checkAnswer(keys, answer, await answerMac(mallory, answer)), code("bad_mac"));
  await assert.rejects(checkAnswer(keys, { ...answer, aik: random(32) }, await answerMac(keys, answer)));
});
