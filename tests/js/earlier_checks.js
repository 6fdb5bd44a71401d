// Databases that earlier versions of the site wrote, opened by this one. kept/version1.json comes from a browser of
// the time before `only`, version2.json from one of commit 5ed2283; their keys were made extractable for that.

import { equal, fromB64, fromHex } from "../../static/js/crypto/encoding.js";
import { signingKeyFromSeed } from "../../static/js/crypto/keys.js";
import { carryOver } from "../../static/js/storage/earlier.js";
import { asked, done } from "../../static/js/storage/indexed.js";
import { Keystore } from "../../static/js/storage/keystore.js";
import { Conversation } from "../../static/js/sync/conversation.js";

const WORDS = ["grüß dich 👋", "und selbst?", "https://example.org/ gut", "the last one"];
const UNSENT = ["sealed, not answered", "waits behind it"];
const ONLY = ["and lost again", "lost by the server"]; // by mid

/** @type {Record<string, () => Promise<void>>} */
export const EARLIER_CHECKS = Object.fromEntries(
  [1, 2].map((version) => [`of version ${version}`, () => opens(version)]),
);

/** @param {number} version */
async function opens(version) {
  const dump = await (await fetch(`./kept/version${version}.json`)).json();
  const uid = fromHex(dump.name.slice("m1-".length));
  same(dump.version, version);
  await restore(dump);
  try {
    for (const carried of [false, true, true]) {
      const store = await Keystore.open(uid);
      if (carried) await carryOver(store);
      await check(store, dump, carried);
      store.close();
    }
  } finally {
    await Keystore.wipe(uid);
  }
}

/** @param {Keystore} store @param {any} dump @param {boolean} carried */
async function check(store, { conv, device, version, stores }, carried) {
  const kept = await store.device();
  if (!kept || !equal(kept.id, fromB64(device.id))) throw new Error("another device");
  const entries = (await store.all("outbox")).map(([, entry]) => entry).sort((a, b) => a.order - b.order);
  same(
    entries.map(({ content }) => content),
    UNSENT.map(textOf),
  );
  if (entries.some((entry) => "text" in entry || entry.conv !== conv || !entry.written)) throw new Error("an entry");

  const { messages, more } = await open(store, await store.get("chats", conv)).page(WORDS.length + 1, 50);
  same([messages.map(({ content }) => content), more], [WORDS.map(textOf), false]);
  const { newest, have } = await store.get("chats", conv);
  same([newest.content, have], [textOf("the last one"), WORDS.length]);
  const only = (await store.all("only")).map(([, { content }]) => content);
  same(only, version === 1 ? [] : ONLY.map(textOf));
  same(await store.get("drafts", conv), { text: "a draft" });
  for (const [key] of stores.meta) if (!(await store.get("meta", key))) throw new Error(`${key} is gone`);

  const names = messages.map(({ mid }) => [conv, mid ?? ""]);
  const found = await store.named("messages", names);
  same(found, carried ? messages.map((message) => [message]) : messages.map(() => []));
}

/** @param {Keystore} stores @param {any} kept */
function open(stores, kept) {
  const away = async () => {
    throw new Error("the server was asked");
  };
  const clock = { now: Date.now, after: () => 0, cancel: () => {} };
  const nothing = { ask: away, ahead: away, applied: away, evict: away, retold: () => {}, changed: () => {} };
  return new Conversation(kept, { stores, clock, desk: /** @type {any} */ ({}), hides: (it) => it, ...nothing });
}

/** @param {any} dump as a browser of that version had it */
async function restore({ name, version, device, dsk, stores }) {
  const opening = indexedDB.open(name, version);
  opening.onupgradeneeded = () => {
    for (const store of ["device", ...Object.keys(stores)]) opening.result.createObjectStore(store);
  };
  const db = await asked(opening);
  const { local, ...bytes } = Object.fromEntries(Object.entries(device).map(([key, value]) => [key, fromB64(value)]));
  const key = await crypto.subtle.importKey("raw", local, "AES-GCM", false, ["encrypt", "decrypt"]);
  const { privateKey } = await signingKeyFromSeed(fromB64(dsk));
  const transaction = db.transaction(db.objectStoreNames, "readwrite");
  transaction.objectStore("device").put({ ...bytes, local: key, dsk: privateKey }, "this");
  for (const [store, rows] of Object.entries(stores))
    for (const [at, value] of rows) transaction.objectStore(store).put(fromB64(value), at);
  await done(transaction);
  db.close();
}

/** @param {string} body */
function textOf(body) {
  return { t: "text", body };
}

/** @param {unknown} found @param {unknown} wanted */
function same(found, wanted) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (one !== other) throw new Error(`${one} in place of ${other}`);
}
