// Key pairs of protocol m1 (docs/encryption.md 4.2, 4.3): Ed25519 signing keys, X-Wing KEM keys.

import { concat, fromHex, hex, M1Error, random, require } from "./encoding.js";
import { hpkeSuite, kemPublicKey } from "./xwing.js";

/** @typedef {import("./encoding.js").Bytes} Bytes */
/** @typedef {{publicKey: Bytes, privateKey: CryptoKey}} SigningKey private part non-extractable */

/** X-Wing 0x647A, HKDF-SHA256, AES-256-GCM; every other suite byte is refused. */
export const SUITE = 0x02;
export const SEED_BYTES = 32;
const TRIES = 4; // to make a key
export const KEM_PUBLIC_BYTES = 1216;
const ENC_BYTES = 1120;
/** An HPKE wrap of a 32-byte secret: enc ‖ ct. */
export const WRAP_BYTES = ENC_BYTES + 48;
const PKCS8_ED25519 = fromHex("302e020100300506032b657004220420"); // RFC 8410, before the seed

// Eight points of small order, fourteen encodings: seven values by the sign bit. Such a key
// verifies signatures that nobody made (docs/encryption.md 4.3).
const SMALL_ORDER = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
]);
const P_LITTLE_ENDIAN = `ed${"ff".repeat(30)}7f`;

export { kemPublicKey };

/** @returns {Promise<SigningKey>} a device signing key; its private part never leaves the browser */
export async function newSigningKey() {
  const pair = await newPair();
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { publicKey, privateKey: pair.privateKey };
}

/** WebKitGTK 2.50 fails where the private key or the public one begins with a zero byte. @param {number} [tries] @returns {Promise<CryptoKeyPair>} */
async function newPair(tries = TRIES) {
  try {
    return await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  } catch (error) {
    if (tries === 1) throw error;
    return newPair(tries - 1);
  }
}

/** @param {Bytes} seed @returns {Promise<SigningKey>} */
export async function signingKeyFromSeed(seed) {
  require(seed.length === SEED_BYTES, "bad_key", "a seed has 32 bytes");
  const pkcs8 = concat(PKCS8_ED25519, seed);
  const algorithm = { name: "Ed25519" };
  const readable = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", readable);
  const text = atob(x.replaceAll("-", "+").replaceAll("_", "/"));
  return { publicKey: Uint8Array.from(text, (char) => char.charCodeAt(0)), privateKey };
}

/** @param {Bytes} publicKey refuses small-order and non-canonical Ed25519 keys */
export function checkSigningKey(publicKey) {
  require(publicKey.length === 32, "bad_key", "an Ed25519 key has 32 bytes");
  const unsigned = publicKey.slice();
  unsigned[31] = /** @type {number} */ (unsigned[31]) & 0x7f;
  require(!SMALL_ORDER.has(hex(unsigned)), "bad_key", "small order");
  const bigEndian = hex(unsigned.reverse());
  const p = hex(fromHex(P_LITTLE_ENDIAN).reverse());
  require(bigEndian < p, "bad_key", "not reduced modulo p");
}

/** @param {CryptoKey} privateKey @param {Bytes} bytes @returns {Promise<Bytes>} */
export async function sign(privateKey, bytes) {
  return new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, privateKey, bytes));
}

/**
 * False for a bad signature and for a key that is no Ed25519 point; throws bad_key for the
 * keys that must not be used at all.
 * @param {Bytes} publicKey
 * @param {Bytes} signature
 * @param {Bytes} bytes
 * @returns {Promise<boolean>}
 */
export async function verify(publicKey, signature, bytes) {
  checkSigningKey(publicKey);
  const algorithm = { name: "Ed25519" };
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, algorithm, false, ["verify"]);
    return await crypto.subtle.verify(algorithm, key, signature, bytes);
    /* c8 ignore next 3 -- a point off the curve: some browsers throw, Node says false */
  } catch {
    return false;
  }
}

/**
 * Of an Ed25519 key, or of a KEM key, whose private key it *is*. WebKitGTK 2.50 imports no private key that begins
 * with a zero byte, so none does.
 * @returns {Bytes}
 */
export function newSeed() {
  const seed = random(SEED_BYTES);
  return seed[0] ? seed : newSeed();
}

/**
 * HPKE (RFC 9180) base mode, single shot: the sender is not authenticated, so callers sign.
 * @param {Bytes} publicKey
 * @param {Bytes} plain
 * @param {Bytes} info
 * @returns {Promise<Bytes>} enc ‖ ct
 */
export async function hpkeSeal(publicKey, plain, info) {
  require(publicKey.length === KEM_PUBLIC_BYTES, "bad_key", "width of an X-Wing key");
  const suite = await hpkeSuite();
  try {
    const key = await suite.DeserializePublicKey(publicKey);
    const { encapsulatedSecret, ciphertext } = await suite.Seal(key, plain, { info });
    return concat(new Uint8Array(encapsulatedSecret), new Uint8Array(ciphertext));
  } catch (cause) {
    throw new M1Error("bad_key", `cannot seal to this key: ${cause}`);
  }
}

/**
 * @param {Bytes} seed
 * @param {Bytes} wrap enc ‖ ct
 * @param {Bytes} info
 * @returns {Promise<Bytes>}
 */
export async function hpkeOpen(seed, wrap, info) {
  require(wrap.length >= ENC_BYTES + 16, "cannot_open", "too short for a wrap");
  const suite = await hpkeSuite();
  const key = await suite.DeserializePrivateKey(seed, true);
  try {
    const plain = await suite.Open(key, wrap.slice(0, ENC_BYTES), wrap.slice(ENC_BYTES), { info });
    return new Uint8Array(plain);
  } catch {
    throw new M1Error("cannot_open", "the wrap is not for this key and context");
  }
}

const ML_KEM_PUBLIC_BYTES = 1184;
const ML_KEM_COEFFICIENT_BYTES = 1152; // 768 coefficients of 12 bits, before the 32-byte rho
const ML_KEM_Q = 3329;

/** @param {Bytes} key the modulus check of FIPS 203, 7.2; a zero point is refused when sealing */
export function checkKemKey(key) {
  require(key.length === KEM_PUBLIC_BYTES, "bad_key", "width of an X-Wing key");
  require(key.subarray(ML_KEM_PUBLIC_BYTES).some(Boolean), "bad_key", "zero X25519 point");
  for (let i = 0; i < ML_KEM_COEFFICIENT_BYTES; i += 3) {
    const [a = 0, b = 0, c = 0] = key.subarray(i, i + 3);
    const reduced = a + ((b & 15) << 8) < ML_KEM_Q && (b >> 4) + (c << 4) < ML_KEM_Q;
    require(reduced, "bad_key", "an ML-KEM coefficient is not reduced");
  }
}
