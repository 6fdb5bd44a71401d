import assert from "node:assert/strict";
import { test } from "node:test";
import { STATE } from "../../static/js/chat/contactstate.js";
import { RESET, signLink } from "../../static/js/crypto/devicelist.js";
import { ZERO32 } from "../../static/js/crypto/encoding.js";
import { newSeed, signingKeyFromSeed } from "../../static/js/crypto/keys.js";
import { Contacts } from "../../static/js/people/contacts.js";
import { Verification } from "../../static/js/people/verification.js";
import { compared } from "../../static/js/ui/comparison.js";
import { browser, person, Server } from "./two_people.js";

/** Links, and notes by compare-and-set; each knows everybody. */
class Site extends Server {
  notes = new Map();
  down = false;

  async get(path, owner) {
    if (path === "/api/notes") return { notes: [...(this.notes.get(owner)?.values() ?? [])] };
    const others = [...this.links.keys()].filter((uid) => uid !== owner);
    return { connections: others.map((uid) => ({ conv: uid, state: STATE.CONNECTED, peer: { uid, name: "n" } })) };
  }

  post(path, body, owner) {
    if (this.down) throw Object.assign(new Error("offline"), { status: 0 });
    return super.post(path, body, owner);
  }

  put(_path, note, owner) {
    const mine = this.notes.get(owner) ?? new Map();
    if (note.version !== (mine.get(note.peer)?.version ?? 0) + 1) {
      throw Object.assign(new Error("stale"), { status: 409 });
    }
    this.notes.set(owner, mine.set(note.peer, note));
  }
}

async function people() {
  const site = new Site();
  const [alice, bob, mallory] = [await person(site), await person(site), await person(site)];
  return { site, alice, bob, mallory };
}

/** One browser of somebody, with nothing kept yet. */
async function browserOf({ id, me, links, server }) {
  const { deviceLists } = browser({ id, me, links, server });
  const seen = { changes: 0 };
  const api = {
    get: (path) => server.get(path, id),
    put: async (path, body) => server.put(path, body, id),
  };
  const stores = { get: async () => undefined, write: async () => {} };
  const contacts = new Contacts({ api, stores, me, changed: () => {} });
  const verification = new Verification({ deviceLists, contacts, me: { ...me, links }, changed: () => seen.changes++ });
  await contacts.refresh();
  return { deviceLists, contacts, verification, seen };
}

async function verify({ verification, contacts }, uid) {
  await contacts.mark(uid, (await verification.number(uid)).mark);
}

/** The account starts over, under another identity key. */
async function startsOver(site, { id, links: [link] }) {
  const aik = await signingKeyFromSeed(newSeed());
  const restarted = { ...link, k: 1, prev: ZERO32, aik: aik.publicKey, flags: RESET, ms: 2 };
  site.links.set(id, [await signLink(restarted, aik.privateKey)]);
}

test("both see one number, and with mallory each sees another", async () => {
  const { alice, bob, mallory } = await people();
  const [a, b, m] = [await browserOf(alice), await browserOf(bob), await browserOf(mallory)];
  const number = await a.verification.number(bob.id);
  assert.match(number.digits, /^\d{5}( \d{5}){11}$/);
  const { digits, code } = await b.verification.number(alice.id);
  assert.deepEqual([digits, code], [number.digits, number.code]);
  for (const other of [await a.verification.number(mallory.id), await m.verification.number(bob.id)]) {
    assert.notEqual(other.digits, number.digits);
    assert.notEqual(other.code, number.code);
  }
});

test("a mark follows to another device of the same person, and to nobody else", async () => {
  const { alice, bob } = await people();
  const a = await browserOf(alice);
  assert.equal(a.verification.of(bob.id), "none");
  await verify(a, bob.id);
  assert.equal(a.verification.of(bob.id), "verified");
  const second = await browserOf(alice);
  second.verification.of(bob.id);
  await second.deviceLists.of(bob.id);
  assert.equal(second.verification.of(bob.id), "verified");
  assert.equal((await browserOf(bob)).verification.of(alice.id), "none");
});

test("a mark is told as soon as the list is there to tell it by", async () => {
  const { alice, bob } = await people();
  await verify(await browserOf(alice), bob.id);
  const second = await browserOf(alice);
  const told = new Promise((done) => Object.defineProperty(second.seen, "changes", { set: done, get: () => 0 }));
  assert.equal(second.verification.people().find(({ peer }) => peer.uid === bob.id)?.standing, "none");
  await told;
  assert.equal(second.verification.people().find(({ peer }) => peer.uid === bob.id)?.standing, "verified");
});

test("the server reads no mark and makes none", async () => {
  const { site, alice, bob, mallory } = await people();
  const a = await browserOf(alice);
  await verify(a, bob.id);
  const note = site.notes.get(alice.id).get(bob.id);
  assert.equal(Buffer.from(note.note, "base64").length, 284);
  site.notes.get(alice.id).set(mallory.id, { ...note, peer: mallory.id }); // a mark for somebody else
  const second = await browserOf(alice);
  await Promise.all([bob.id, mallory.id].map((uid) => second.deviceLists.of(uid)));
  assert.equal(second.verification.of(bob.id), "verified");
  assert.equal(second.verification.of(mallory.id), "none");
});

test("another identity is no longer marked, before and after it is accepted", async () => {
  const { site, alice, bob, mallory } = await people();
  const a = await browserOf(alice);
  await verify(a, bob.id);
  await a.deviceLists.of(mallory.id);
  assert.equal(a.verification.notice(mallory.id, "grown"), "list");
  assert.equal(a.verification.notice(bob.id, "grown"), "devices");
  assert.equal(a.verification.notice(mallory.id, "reset"), "identity");
  const before = await a.verification.number(bob.id);
  await startsOver(site, bob);
  const now = await a.verification.number(bob.id);
  assert.notEqual(now.digits, before.digits);
  assert.equal(a.verification.of(bob.id), "lost");
  assert.equal(a.verification.notice(bob.id, "reset"), "verified");
  await a.deviceLists.accept(bob.id);
  assert.equal(a.verification.of(bob.id), "lost");
  await a.contacts.mark(bob.id, now.mark);
  assert.equal(a.verification.of(bob.id), "verified");
});

test("a browser that meets the wrong identity first learns that another one was verified", async () => {
  const { site, alice, bob } = await people();
  await verify(await browserOf(alice), bob.id);
  await startsOver(site, bob);
  const second = await browserOf(alice);
  await second.deviceLists.of(bob.id);
  assert.equal(second.verification.of(bob.id), "lost");
});

test("what was compared is marked, though the identity changed in between", async () => {
  const { site, alice, bob } = await people();
  const a = await browserOf(alice);
  const { mark } = await a.verification.number(bob.id);
  await startsOver(site, bob);
  await a.deviceLists.refresh(bob.id);
  await a.contacts.mark(bob.id, mark);
  assert.equal(a.verification.of(bob.id), "lost");
});

test("a changed identity is told once, however often somebody looks", async () => {
  const { site, alice, bob } = await people();
  const told = [];
  const { deviceLists } = browser(alice, null, (uid, event) => told.push([uid, event]));
  await deviceLists.of(bob.id);
  await startsOver(site, bob);
  for (let i = 0; i < 3; i++) await deviceLists.refresh(bob.id);
  assert.deepEqual(told, [[bob.id, "reset"]]);
});

test("the number of a known identity is there without the server", async () => {
  const { site, alice, bob } = await people();
  const a = await browserOf(alice);
  const { digits } = await a.verification.number(bob.id);
  site.down = true;
  assert.equal((await a.verification.number(bob.id)).digits, digits);
});

test("name and mark do not undo each other, on two devices neither", async () => {
  const { alice, bob } = await people();
  const [a, second] = [await browserOf(alice), await browserOf(alice)];
  const longest = "名".repeat(60);
  await a.contacts.rename(bob.id, longest);
  await a.contacts.markUnread(bob.id, true);
  await verify(second, bob.id); // it knows nothing of the name yet
  await a.contacts.refresh();
  for (const { contacts, verification } of [a, second]) {
    await verification.number(bob.id);
    assert.deepEqual([contacts.of(bob.id)?.alias, verification.of(bob.id)], [longest, "verified"]);
  }
  await a.contacts.mark(bob.id, undefined);
  assert.deepEqual([a.contacts.of(bob.id)?.alias, a.verification.of(bob.id)], [longest, "none"]);
  await a.contacts.rename(bob.id, "");
  assert.equal(a.contacts.of(bob.id)?.alias, undefined);
});

test("a note that was replaced does not come back", async () => {
  const { site, alice, bob } = await people();
  const a = await browserOf(alice);
  await verify(a, bob.id);
  const old = site.notes.get(alice.id).get(bob.id);
  await a.contacts.mark(bob.id, undefined);
  site.notes.get(alice.id).set(bob.id, old);
  await a.contacts.refresh();
  assert.equal(a.verification.of(bob.id), "none");
});

test("a pasted number is told at once from another", () => {
  const groups = Array.from({ length: 12 }, (_, i) => String(10_000 + i * 7_001));
  const code = `${"Ab1+/".repeat(17)}xy=`;
  const mine = { digits: groups.join(" "), code };
  const outcome = (pasted) => compared(pasted, mine).outcome;
  for (const same of [
    mine.digits,
    groups.join(""),
    groups.join("\n"),
    `  ${groups.join(" - ")}  `,
    `On the 3rd of May 2031 my number was ${mine.digits}.`,
    mine.digits.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    (groups.join("").match(/.{4}/g) ?? []).join(" "),
    `${code}\n`,
  ]) {
    assert.equal(outcome(same), "same", same);
  }
  const [first, second, ...rest] = groups;
  for (const other of [
    [second, first, ...rest].join(" "),
    `${mine.digits.slice(0, -1)}0`,
    `${groups.join("")}1`,
    code.replace("A", "a"),
  ]) {
    assert.equal(outcome(other), "different", other);
  }
  assert.deepEqual(compared(mine.digits.slice(0, 20), mine), { outcome: "part", count: 17 });
  assert.deepEqual(compared("hello", mine), { outcome: "part", count: 0 });
  assert.deepEqual(compared(" \n", mine), { outcome: "empty", count: 0 });
});
