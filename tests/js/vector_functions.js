// What each `fn` of tests/vectors/README.md does here: the browser's code, from `in` to `out`.
// Node and the browsers run this same table. It calls nothing that is not in static/js/crypto.

import { stretch } from "../../static/js/crypto/argon2.js";
import * as encoding from "../../static/js/crypto/encoding.js";
import * as factors from "../../static/js/crypto/factors.js";
import * as keys from "../../static/js/crypto/keys.js";
import * as proofs from "../../static/js/crypto/proofs.js";
import * as recoverycode from "../../static/js/crypto/recoverycode.js";
import * as safety from "../../static/js/crypto/safety.js";
import * as symmetric from "../../static/js/crypto/symmetric.js";
import * as vault from "../../static/js/crypto/vault.js";
import { solve } from "../../static/js/crypto/work.js";
import { read, reads } from "./octets.js";
import { BLOBS } from "./vector_functions_blobs.js";
import { EPOCHS } from "./vector_functions_epochs.js";
import { LISTS } from "./vector_functions_lists.js";
import { MESSAGES } from "./vector_functions_messages.js";
import { REPORTS } from "./vector_functions_reports.js";

const { hex, sha256, utf8 } = encoding;

/** @param {{engine?: any}} [tools] engine: Argon2 without a worker, for Node */
export function functions({ engine } = {}) {
  return { ...PRIMITIVES, ...factorsWith(engine), ...LISTS, ...EPOCHS, ...MESSAGES, ...REPORTS, ...BLOBS, ...REST };
}

/** @type {Record<string, (given: any) => any>} */
const PRIMITIVES = {
  cat: ({ label, fields }) => ({ bytes: hex(encoding.cat(label, ...fields.map(read))) }),
  parse: ({ bytes, label, widths }) => ({ fields: encoding.parse(read(bytes), label, widths).map(hex) }),
  base64: ({ text, length }) => ({ bytes: hex(encoding.fromB64(text, length ?? undefined)) }),
  id_hex: ({ text }) => ({ bytes: hex(encoding.idFromHex(text)) }),
  hkdf: async ({ length, ...given }) => {
    const [salt, ikm, info] = reads(given, "salt", "ikm", "info");
    return { bytes: hex(await symmetric.hkdf(salt, ikm, info, length)) };
  },
  box_seal: async (given) => {
    const [key, nonce, plaintext, aad] = reads(given, "key", "nonce", "plaintext", "aad");
    return { box: hex(await symmetric.box(key, plaintext, aad, nonce)) };
  },
  box_open: async (given) => {
    const [key, box, aad] = reads(given, "key", "box", "aad");
    return { plaintext: hex(await symmetric.openBox(key, box, aad)) };
  },
  gcm_open: async (given) => {
    const [key, nonce, ciphertext, aad] = reads(given, "key", "nonce", "ciphertext", "aad");
    return { plaintext: hex(await symmetric.aeadOpen(key, nonce, ciphertext, aad)) };
  },
  ed25519_public: async ({ seed }) => {
    const { publicKey } = await keys.signingKeyFromSeed(read(seed));
    return { public: hex(publicKey) };
  },
  ed25519_check: (given) => {
    keys.checkSigningKey(read(given.public));
    return {};
  },
  ed25519_verify: async (given) => {
    const [key, signature, message] = reads(given, "public", "signature", "message");
    encoding.require(await keys.verify(key, signature, message), "bad_signature");
    return {};
  },
  kem_public: async ({ seed }) => {
    const key = await keys.kemPublicKey(read(seed));
    keys.checkKemKey(key);
    return { public: hex(key), hash: hex(await sha256(key)) };
  },
  hpke_open: async (given) => {
    const [seed, sealed, info] = reads(given, "seed", "sealed", "info");
    return { plaintext: hex(await keys.hpkeOpen(seed, sealed, info)) };
  },
};

/** @param {any} engine @returns {Record<string, (given: any) => any>} */
function factorsWith(engine) {
  return {
    password_stretch: async ({ password, salt, m, t, p }) => {
      return { pw: hex(await stretch(password, read(salt), { m, t, p }, engine)) };
    },
    password_normalise: ({ password }) => ({ utf8: hex(utf8(password.normalize("NFKC"))) }),
    password_auth: async ({ pw, kdf_salt }) => {
      return { auth: hex(await factors.passwordAuth(read(pw), read(kdf_salt))) };
    },
    password_kek: async ({ pw, uid, pepper }) => {
      return { kek: hex(await factors.passwordKek(read(pw), read(pepper), read(uid))) };
    },
    code_show: async ({ code }) => ({ shown: await recoverycode.formatCode(code) }),
    code_read: async ({ typed }) => ({ code: await recoverycode.parseCode(typed) }),
    code_auth: async ({ code, code_salt }) => {
      return { auth: hex(await factors.codeAuth(code, read(code_salt))) };
    },
    code_kek: async ({ code, uid }) => ({ kek: hex(await factors.codeKek(code, read(uid))) }),
    passkey_input: async ({ uid }) => ({ first: hex(await factors.prfInput(read(uid))) }),
    passkey_kek: async ({ output, credential }) => {
      return { kek: hex(await factors.passkeyKek(read(output), read(credential))) };
    },
    root_wrap: async ({ type, ...given }) => {
      const [kek, root, uid, factor, nonce] = reads(given, "kek", "root", "uid", "factor", "nonce");
      return { wrap: hex(await factors.wrapRoot(kek, root, uid, type, factor, nonce)) };
    },
    root_unwrap: async ({ type, ...given }) => {
      const [kek, wrap, uid, factor] = reads(given, "kek", "wrap", "uid", "factor");
      return { root: hex(await factors.openRoot(kek, wrap, uid, type, factor)) };
    },
    vault_seal: async ({ version, ...given }) => {
      const [root, uid, aikSeed, recoverySeed] = reads(given, "root", "uid", "aik_seed", "recovery_seed");
      const secrets = { aikSeed, recoverySeed };
      return { vault: hex(await vault.sealVault(root, uid, version, secrets, read(given.nonce))) };
    },
    vault_open: async ({ version, ...given }) => {
      const [root, uid, sealed] = reads(given, "root", "uid", "vault");
      const { aikSeed, recoverySeed } = await vault.openVault(root, uid, version, sealed);
      return { aik_seed: hex(aikSeed), recovery_seed: hex(recoverySeed) };
    },
  };
}

/** @type {Record<string, (given: any) => any>} */
const REST = {
  work_solve: ({ challenge, bits }) => ({ nonces: hex(solve(read(challenge), bits)) }),
  safety_number: async (given) => {
    const a = await safety.fingerprint(read(given.uid_a), read(given.aik_a));
    const b = await safety.fingerprint(read(given.uid_b), read(given.aik_b));
    const digits = safety.safetyNumber(a, b).replaceAll(" ", "");
    return { fingerprints: [a, b].map(hex), digits, qr: safety.safetyCode(a, b) };
  },
  socket_proof: async (given) => {
    const place = placeOf(given);
    const { privateKey } = await keys.signingKeyFromSeed(read(given.dsk_seed));
    const signature = await proofs.socketProof(privateKey, place);
    return { hash: hex(await sha256(proofs.socketProofBytes(place))), signature: hex(signature) };
  },
  http_proof: async (given) => {
    const { method, path } = given;
    const request = { ...placeOf(given), method, path, body: read(given.body) };
    const { privateKey } = await keys.signingKeyFromSeed(read(given.dsk_seed));
    const header = await proofs.httpProof(privateKey, request);
    const signature = encoding.fromB64(header.split(".")[2]);
    const hash = await sha256(await proofs.httpProofBytes(request));
    return { hash: hex(hash), signature: hex(signature), header };
  },
};

/** @param {any} given */
function placeOf({ host, nonce, uid, device }) {
  return { host, nonce: read(nonce), uid: read(uid), device: read(device) };
}
