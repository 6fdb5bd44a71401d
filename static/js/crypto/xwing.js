// Which X-Wing runs here: the browser's own ML-KEM with its SHA-3, or the JavaScript one. That comes
// with the page: an import that fails later, while there is no server, fails for good in that page.
// X-Wing (0x647A): ML-KEM-768 ‖ X25519; the 32-byte seed is expanded with SHAKE256 to a
// 64-byte ML-KEM seed ‖ a 32-byte X25519 key (docs/encryption.md, section 1).

import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_MLKEM768_X25519 } from "../../vendor/hpke.js";
import * as noble from "../../vendor/xwing.js";
import { concat, fromHex, require } from "./encoding.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{suite: InstanceType<typeof CipherSuite>, publicKey: (seed: Bytes) => Promise<Bytes>}} Provider */

const PKCS8_X25519 = fromHex("302e020100300506032b656e04220420"); // RFC 8410, before the scalar
const EXPANDED_BITS = 96 * 8;

/** @type {Promise<Provider> | undefined} */
let provider;

/** @returns {Promise<InstanceType<typeof CipherSuite>>} */
export async function hpkeSuite() {
  return (await chosen()).suite;
}

/** @param {Bytes} seed @returns {Promise<Bytes>} ML-KEM key (1184 B) ‖ X25519 key (32 B) */
export async function kemPublicKey(seed) {
  require(seed.length === 32, "bad_key", "a seed has 32 bytes");
  return (await chosen()).publicKey(seed);
}

/** @returns {Promise<Provider>} */
function chosen() {
  provider ??= native().catch(javascript);
  return provider;
}

/** @returns {Provider} */
function javascript() {
  const suite = new CipherSuite(noble.KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
  const publicKey = async (/** @type {Bytes} */ seed) => new Uint8Array(noble.MLKEM768X25519.getPublicKey(seed));
  return { suite, publicKey };
}

/* c8 ignore start -- Node 20 lacks ML-KEM in WebCrypto; under Node 24 the vectors of tests/js run this way */

/** Throws where WebCrypto lacks ML-KEM or cSHAKE256 (Chromium 156 has but the first), found out by making one key. */
async function native() {
  await nativePublicKey(new Uint8Array(32));
  const suite = new CipherSuite(KEM_MLKEM768_X25519, KDF_HKDF_SHA256, AEAD_AES_256_GCM);
  return { suite, publicKey: nativePublicKey };
}

/** @param {Bytes} seed @returns {Promise<Bytes>} */
async function nativePublicKey(seed) {
  // The DOM types know neither ML-KEM nor cSHAKE yet.
  const subtle = /** @type {any} */ (crypto.subtle);
  const algorithm = { name: "cSHAKE256", length: EXPANDED_BITS, outputLength: EXPANDED_BITS };
  const expanded = new Uint8Array(await subtle.digest(algorithm, seed));
  const mlkem = await rawPublic(subtle, "raw-seed", expanded.slice(0, 64), "ML-KEM-768");
  const scalar = concat(PKCS8_X25519, expanded.slice(64));
  return concat(mlkem, await x25519Public(scalar));
}

/**
 * @param {any} subtle
 * @param {string} format
 * @param {Bytes} secret
 * @param {string} name
 * @returns {Promise<Bytes>}
 */
async function rawPublic(subtle, format, secret, name) {
  const key = await subtle.importKey(format, secret, { name }, true, ["decapsulateBits"]);
  const publicKey = await subtle.getPublicKey(key, ["encapsulateBits"]);
  return new Uint8Array(await subtle.exportKey("raw-public", publicKey));
}

/** @param {Bytes} pkcs8 @returns {Promise<Bytes>} */
async function x25519Public(pkcs8) {
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, { name: "X25519" }, true, ["deriveBits"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", key);
  const text = atob(x.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
