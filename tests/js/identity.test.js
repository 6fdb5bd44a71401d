// What is made for a new or renewed account opens again by every way that docs/encryption.md 4.5 names.

import assert from "node:assert/strict";
import { test } from "node:test";
import { headOf, userKeys } from "../../static/js/account/enrolment.js";
import { codeFactor, listed, newAccount, renewed, withDevices } from "../../static/js/account/identity.js";
import { checkVault, openedVault } from "../../static/js/account/vaultopening.js";
import { extendChain, REVOKES } from "../../static/js/crypto/devicelist.js";
import { b64, fromB64, newId, random } from "../../static/js/crypto/encoding.js";
import { kemPublicKey, newSeed, newSigningKey } from "../../static/js/crypto/keys.js";
import { newCode } from "../../static/js/crypto/recoverycode.js";
import { RECOVERY_ID } from "../../static/js/crypto/userkeys.js";
import { code, T } from "./people.js";

async function browser() {
  const [{ publicKey, privateKey }, dkkSeed] = [await newSigningKey(), newSeed()];
  const keys = { id: newId(), dsk: privateKey, dskPublic: publicKey, dkkSeed };
  return { ...keys, dkkPublic: await kemPublicKey(dkkSeed) };
}

async function account() {
  const [uid, pepper, pw, device, secretCode] = [newId(), random(32), random(32), await browser(), newCode()];
  const values = { kdf_salt: b64(random(16)), kdf: { m: 65_536, t: 3, p: 1 }, auth: b64(random(32)) };
  const person = { uid, pepper, displayName: "Alice", password: { pw, values }, code: secretCode, device, ms: T };
  const { body, link, seed } = await newAccount(person);
  const { links } = await extendChain(uid, [], [fromB64(body.link)]);
  return { uid, pepper, pw, device, secretCode, body, link, seed, links };
}

/** @param {any} body @param {number} k @param {number} g @param {any[]} [prev_boxes] */
function stored({ wraps }, k, g, prev_boxes = []) {
  return { wraps: wraps.map((/** @type {any} */ wrap) => ({ ...wrap, k, g })), prev_boxes };
}

test("a new account opens by password, by code, by its device and by recovery", async () => {
  const { uid, pepper, pw, device, secretCode, body, seed, links } = await account();
  const byPassword = await openedVault(uid, body, { pw, pepper });
  const byCode = await openedVault(uid, body, { code: secretCode });
  assert.deepEqual(byPassword, byCode);
  await checkVault(headOf(links), byCode.secrets);
  const own = await userKeys(links, stored(body, 1, 1), { id: device.id, seed: device.dkkSeed });
  const recovery = { id: RECOVERY_ID, seed: byCode.secrets.recoverySeed };
  const recovered = await userKeys(links, stored(body, 1, 1), recovery);
  assert.deepEqual([own.get(1), recovered.get(1)], [seed, seed]);
});

test("another password, pepper or code opens nothing", async () => {
  const { uid, pepper, pw, body } = await account();
  await openedVault(uid, body, { pw, pepper });
  for (const key of [{ pw: random(32), pepper }, { pw, pepper: random(32) }, { code: newCode() }]) {
    await assert.rejects(openedVault(uid, body, key), code("cannot_open"));
  }
});

test("a chain of the server's own making is told by the vault", async () => {
  const [alice, mallory] = [await account(), await account()];
  const { secrets } = await openedVault(alice.uid, alice.body, { code: alice.secretCode });
  await checkVault(headOf(alice.links), secrets);
  await assert.rejects(checkVault(headOf(mallory.links), secrets), code("bad_chain"));
});

test("a second browser is enrolled with the user key as it is", async () => {
  const { uid, device, secretCode, body, link, seed, links } = await account();
  const { secrets } = await openedVault(uid, body, { code: secretCode });
  const second = await browser();
  const devices = [listed(device, T), listed(second, T + 1)];
  const made = await withDevices(link, secrets, { devices, seed, ms: T + 1 });
  const { links: chain } = await extendChain(uid, links, [fromB64(made.body.link)]);
  assert.deepEqual(
    made.body.wraps?.map((wrap) => wrap.device),
    [b64(second.id)],
  );
  const seeds = await userKeys(chain, stored(made.body, 2, 1), { id: second.id, seed: second.dkkSeed });
  assert.deepEqual(seeds.get(1), seed);
});

test("a revocation renews everything; who stays walks back, who left reads nothing newer", async () => {
  const { uid, device, secretCode, body, link, seed, links } = await account();
  const { secrets, version } = await openedVault(uid, body, { code: secretCode });
  const stays = await browser();
  const change = { devices: [listed(stays, T)], seed, flags: REVOKES, ms: T + 1, vaultVersion: version };
  const made = await renewed(link, secrets, change);
  const { links: chain } = await extendChain(uid, links, [fromB64(made.body.link)]);
  const answer = stored(made.body, 2, 2, [{ g: 2, box: made.body.prev_box }]);
  const seeds = await userKeys(chain, answer, { id: stays.id, seed: stays.dkkSeed });
  assert.deepEqual(
    [...seeds],
    [
      [2, made.seed],
      [1, seed],
    ],
  );
  await assert.rejects(userKeys(chain, answer, { id: device.id, seed: device.dkkSeed }), code("no_wrap"));
  const fresh = newCode();
  const factors = [await codeFactor({ uid, rk: made.rk }, fresh)];
  const vault = /** @type {any} */ (made.body.vault);
  await checkVault(made.link, (await openedVault(uid, { vault, factors }, { code: fresh })).secrets);
  await assert.rejects(openedVault(uid, { vault, factors }, { code: secretCode }), code("cannot_open"));
  await assert.rejects(openedVault(uid, { vault, factors: body.factors }, { code: secretCode }), code("cannot_open"));
});
