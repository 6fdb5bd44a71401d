// What crypto/ states for itself, because it imports nothing above it, equals the wire's limits.

import assert from "node:assert/strict";
import { test } from "node:test";

import { checkKdf, KDF_DEFAULT } from "../../static/js/crypto/argon2.js";
import { CONTENT_MAX } from "../../static/js/crypto/content.js";
import { MAX_DEVICES } from "../../static/js/crypto/devicelist.js";
import { bucket } from "../../static/js/crypto/envelope.js";
import { WRAP_BYTES } from "../../static/js/crypto/keys.js";
import { VAULT_BYTES } from "../../static/js/crypto/vault.js";
import * as protocol from "../../static/js/protocol.js";
import { strength } from "../../static/js/ui/passwordstrength.js";
import { code } from "./people.js";

test("sizes are those of the wire", () => {
  const { DEVICES_MAX, VAULT_SIZE, WRAP_SIZE } = protocol;
  assert.deepEqual([MAX_DEVICES, VAULT_BYTES, WRAP_BYTES], [DEVICES_MAX, VAULT_SIZE, WRAP_SIZE]);
  assert.equal(bucket(CONTENT_MAX), 32_768);
});

test("the price of a guess is neither lowered nor raised without end", () => {
  const salt = new Uint8Array(16);
  const { KDF_M_MIN, KDF_M_MAX, KDF_T_MIN, KDF_T_MAX } = protocol;
  assert.deepEqual(KDF_DEFAULT, { m: KDF_M_MIN, t: KDF_T_MIN, p: 1 });
  checkKdf({ m: KDF_M_MAX, t: KDF_T_MAX, p: 1 }, salt);
  const weak = [{ m: KDF_M_MIN - 1 }, { t: KDF_T_MIN - 1 }, { p: 2 }, { m: Number.NaN }, { t: 3.5 }];
  for (const change of weak) assert.throws(() => checkKdf({ ...KDF_DEFAULT, ...change }, salt), code("weak_kdf"));
  assert.throws(() => checkKdf(KDF_DEFAULT, new Uint8Array(15)), code("weak_kdf"));
  for (const change of [{ m: KDF_M_MAX + 1 }, { t: KDF_T_MAX + 1 }]) {
    assert.throws(() => checkKdf({ ...KDF_DEFAULT, ...change }, salt), code("costly_kdf"));
  }
});

test("a password that is easily guessed is told so, with the reason", async () => {
  assert.equal((await strength("seven quiet otters juggle lamps")).ok, true);
  const common = await strength("password1");
  assert.deepEqual([common.ok, common.warning !== ""], [false, true]);
  assert.equal((await strength("bartholomew", ["bartholomew"])).ok, false);
});
