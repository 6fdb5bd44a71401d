// What a keystore promises, checked in a real browser's IndexedDB.

import { equal, hex, newId } from "../../static/js/crypto/encoding.js";
import { Keystore, KeystoreError } from "../../static/js/storage/keystore.js";

/** @type {Record<string, () => Promise<void>>} */
export const KEYSTORE_CHECKS = {
  "device keys survive closing, and cannot be read": async () => {
    await withStore(async (store, uid) => {
      const made = await store.newDevice();
      store.close();
      const again = await Keystore.open(uid);
      const kept = await again.device();
      claim(kept && equal(kept.id, made.id) && equal(kept.dkkSeed, made.dkkSeed), "the same device");
      claim(!kept.dsk.extractable, "extractable");
      await refused(() => crypto.subtle.exportKey("pkcs8", kept.dsk), "InvalidAccessError");
      again.close();
    });
  },
  "values come back as they were, in key order, between bounds": async () => {
    await withStore(async (store) => {
      await store.newDevice();
      const bytes = new Uint8Array([0, 255]);
      await store.write([2, 10, 1].map((seq) => ({ store: "messages", key: ["c", seq], value: { seq, bytes } })));
      await store.write([{ store: "messages", key: ["d", 1], value: "other" }]);
      const found = await store.all("messages", ["c", 2], ["c", 99]);
      claim(JSON.stringify(found.map(([key]) => key)) === '[["c",2],["c",10]]', "keys and order");
      claim(
        found.every(([, value]) => equal(value.bytes, bytes)),
        "bytes",
      );
      claim((await store.get("messages", ["c", 3])) === undefined, "absent");
    });
  },
  "writes stand in the order of the calls, and a remove removes": async () => {
    await withStore(async (store) => {
      await store.newDevice();
      const big = "x".repeat(1_000_000); // takes longer to seal than what follows
      store.write([{ store: "meta", key: "a", value: big }]);
      store.write([{ store: "meta", key: "a", value: "last" }]);
      claim((await store.get("meta", "a")) === "last", "the last write stands");
      await store.write([{ store: "meta", key: "a", remove: true }]);
      claim((await store.get("meta", "a")) === undefined, "removed");
    });
  },
  "no text lies in the database": async () => {
    await withStore(async (store, uid) => {
      await store.newDevice();
      await store.write([{ store: "drafts", key: "c", value: { text: "grüß dich" } }]);
      const raw = await rawRow(uid, "drafts", "c");
      claim(raw instanceof Uint8Array && raw.length > 20, "sealed bytes");
      claim(!new TextDecoder().decode(raw).includes("dich"), "readable");
    });
  },
  "a row that was moved to another key does not open": async () => {
    await withStore(async (store, uid) => {
      await store.newDevice();
      await store.write([{ store: "drafts", key: "c", value: { text: "for c" } }]);
      await putRaw(uid, "drafts", "d", await rawRow(uid, "drafts", "c"));
      claim((await store.get("drafts", "c")).text === "for c", "in its place it opens");
      await refused(() => store.get("drafts", "d"), "OperationError");
    });
  },
  "rows are found by their name, in key order, as long as they are there": async () => {
    await withStore(async (store) => {
      await store.newDevice();
      const row = (/** @type {number} */ seq, /** @type {string} */ name) => ({
        store: /** @type {const} */ ("relations"),
        key: ["c", seq],
        value: seq,
        name: ["c", name],
      });
      await store.write([row(10, "a"), row(2, "a"), row(3, "b"), row(4, "a")]);
      const found = async (/** @type {string[]} */ ...names) =>
        JSON.stringify(
          await store.named(
            "relations",
            names.map((name) => ["c", name]),
          ),
        );
      claim((await found("b", "none", "a")) === "[[3],[],[2,4,10]]", "by name");
      await store.write([row(4, "b"), { store: "relations", key: ["c", 5], upto: ["c", 99], remove: true }]);
      claim((await found("a", "b")) === "[[2],[3,4]]", "after a change and a remove");
      claim((await store.get("relations", ["c", 2])) === 2, "by key");
    });
  },
  "a row that was given another name does not open": async () => {
    await withStore(async (store, uid) => {
      await store.newDevice();
      await store.write([{ store: "messages", key: "k", value: 1, name: "mine" }]);
      const { bytes } = await rawRow(uid, "messages", "k");
      for (const row of [{ name: "another", bytes }, bytes]) {
        await putRaw(uid, "messages", "k", row);
        await refused(() => store.get("messages", "k"), "OperationError");
      }
    });
  },
  "a new device starts empty": async () => {
    await withStore(async (store) => {
      const first = await store.newDevice();
      await store.write([{ store: "outbox", key: "m", value: 1 }]);
      const second = await store.newDevice();
      claim(!equal(first.id, second.id), "another id");
      claim((await store.all("outbox")).length === 0, "nothing is kept");
    });
  },
  "swapped keys are noticed": async () => {
    await withStore(async (store, uid) => {
      await store.newDevice();
      const other = await Keystore.open(newId());
      const { dskPublic, dkkPublic } = await other.newDevice();
      const row = await rawRow(uid, "device", "this");
      for (const foreign of [{ dskPublic }, { dkkPublic }]) {
        await putRaw(uid, "device", "this", { ...row, ...foreign });
        await refused(() => store.device(), "inconsistent");
      }
      await putRaw(uid, "device", "this", row);
      claim(await store.device(), "its own keys are taken");
      other.close();
    });
  },
  "who lost the lead writes nothing more": async () => {
    await withStore(async (late, uid) => {
      await late.newDevice();
      const change = (/** @type {number} */ value) => [{ store: "meta", key: "turn c", value }];
      const old = await late.raiseTerm(false);
      await late.write(change(1), old);
      const next = await Keystore.open(uid);
      const term = await next.raiseTerm(true);
      claim(term === old + 1 && (await late.term()) === term, "the term rises");
      await refused(() => late.write(change(2), old), "deposed");
      claim((await next.get("meta", "turn c")) === 1, "nothing of it is kept");
      await next.write(change(3), term);
      await late.write([{ store: "meta", key: "other", value: 1 }]); // writes of a page need no lead
      claim((await late.get("meta", "turn c")) === 3, "the leader's stands");
      await late.raiseTerm(true);
      await next.raiseTerm(true);
      await refused(() => late.write(change(4), old), "deposed"); // for ever
      await refused(() => next.write(change(4), term), "deposed");
      next.close();
    });
  },
  "a new device does not lower the term": async () => {
    await withStore(async (store) => {
      const term = await store.raiseTerm(false);
      await store.newDevice();
      claim((await store.term()) === term, "it stands");
    });
  },
  "wiping takes it from under another tab": async () => {
    const uid = newId();
    const here = await Keystore.open(uid);
    await here.newDevice();
    let told = false;
    here.onClosed = () => {
      told = true;
    };
    await Keystore.wipe(uid);
    claim(told, "told");
    await refused(() => here.get("meta", "a"), "closed");
    const again = await Keystore.open(uid);
    claim((await again.device()) === undefined, "gone");
    again.close();
    await Keystore.wipe(uid);
  },
};

/** @param {(store: Keystore, uid: any) => Promise<void>} work */
async function withStore(work) {
  const uid = newId();
  const store = await Keystore.open(uid);
  try {
    await work(store, uid);
  } finally {
    store.close();
    await Keystore.wipe(uid);
  }
}

/** @param {any} condition @param {string} what */
function claim(condition, what) {
  if (!condition) throw new Error(what);
}

/** @param {() => Promise<unknown>} act @param {string} name of the error, or its code */
async function refused(act, name) {
  try {
    await act();
  } catch (error) {
    const found = error instanceof KeystoreError ? error.code : /** @type {Error} */ (error).name;
    claim(found === name, `refused as ${found}, not as ${name}`);
    return;
  }
  throw new Error(`not refused: ${name}`);
}

/** @param {any} uid @returns {Promise<IDBDatabase>} */
function raw(uid) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(`m1-${hex(uid)}`);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {any} uid @param {string} store @param {string} key @returns {Promise<any>} */
async function rawRow(uid, store, key) {
  const db = await raw(uid);
  const request = db.transaction(store).objectStore(store).get(key);
  return new Promise((resolve) => {
    request.onsuccess = () => {
      db.close();
      resolve(request.result);
    };
  });
}

/** @param {any} uid @param {string} store @param {string} key @param {any} value @returns {Promise<void>} */
async function putRaw(uid, store, key, value) {
  const db = await raw(uid);
  const transaction = db.transaction(store, "readwrite");
  transaction.objectStore(store).put(value, key);
  return new Promise((resolve) => {
    transaction.oncomplete = () => {
      db.close();
      resolve();
    };
  });
}
