// What a report says before it goes, and what is read for it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { b64, newId, utf8 } from "../../static/js/crypto/encoding.js";
import { sealBytes } from "../../static/js/crypto/envelope.js";
import { reportable } from "../../static/js/sync/reporting.js";
import { filled, Node } from "./page.js";
import { CONV, pair } from "./two_people.js";

Node.prototype.scrollIntoView = () => {};
const list = new Node("ol");
list.setAttribute("data-part", "messages");
document.body.append(list);

const { ChatReport } = await import("../../static/js/elements/chat-report.js");
const { bus } = await import("../../static/js/tabs/bus.js");

const TURNS = 20; // of the event loop, in which all that was begun has ended
const CHAT = { row: { conv: "conv", peer: "peer" }, contact: undefined };
const shownAt = (seq) => ({ seq, mine: false, time: 0, content: { t: "text", body: `words ${seq}` }, c: "c" });

async function settled() {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The dialog; the server refuses what is sent when it is told to. */
function reporter() {
  const report = filled(new ChatReport(), "_report.html");
  const at = (name) => report.querySelector(`[data-part="${name}"]`);
  Object.assign(at("dialog"), { showModal() {} });
  Object.assign(at("form"), { reset() {} });
  Object.assign(at("send"), { prepend() {} });
  for (const name of ["reason", "before", "note"]) at(name).value = "";
  const world = { report, at, there: (seq) => [shownAt(seq)], refuse: (_) => {}, ids: [] };
  bus.ask = async (what, ...args) => {
    if (what === "readerOfReports") return { identity: "reader", changed: false };
    if (what === "reportable") return world.there(args[1]);
    world.ids.push(args[0].id);
    return await new Promise((_, reject) => {
      world.refuse = reject;
    });
  };
  report.connectedCallback();
  world.submit = async () => {
    at("form").dispatchEvent(new Event("submit"));
    await settled();
  };
  world.refused = async (code) => {
    world.refuse(Object.assign(new Error(code), { code }));
    await settled();
  };
  return world;
}

test("another reader is told of before the first report, too", async () => {
  const { report, at, submit, refused } = reporter();
  await report.open(CHAT, 3);
  await submit();
  assert.equal(at("changed").hidden, true);
  await refused("reader_changed");
  assert.equal(at("changed").hidden, false);
  assert.equal(at("send").disabled, false);
});

test("a message that was deleted before it was reported cannot be sent", async () => {
  const world = reporter();
  const { report, at, submit, refused } = world;
  await report.open(CHAT, 3);
  await submit();
  world.there = () => [];
  await refused("words_changed");
  assert.equal(at("send").disabled, true);
  assert.match(at("problem").textContent, /cannot be proved any more/);
});

test("other words are the same report, of which staff may have read the first", async () => {
  const { report, at, ids, submit, refused } = reporter();
  await report.open(CHAT, 3);
  for (const note of ["", "", "he did it again"]) {
    at("note").value = note;
    await submit();
    await refused("offline"); // and the server may have it
  }
  assert.equal(new Set(ids).size, 1);
  await submit();
  await refused("report_read");
  assert.equal(at("sent").hidden, true);
  assert.match(at("problem").textContent, /what you changed since was not sent/);
});

test("the same words again have arrived where staff have read them", async () => {
  const { report, at, submit, refused } = reporter();
  await report.open(CHAT, 3);
  for (const code of ["offline", "report_read"]) {
    await submit();
    await refused(code);
  }
  assert.equal(at("sent").hidden, false);
});

/** Bob's browser, and a row of Alice's that it can open. */
async function reading(said = { t: "text", body: "go away" }, kind = 1) {
  const { alice, bob, a, b } = await pair();
  const open = await a.rotation.forSending(CONV, bob.id, 0);
  const views = [alice, bob].map(({ links: [link] }) => [link.k, b64(link.hash)]);
  const m = JSON.stringify({ ts: 1, heads: { me: views[0], peer: views[1] }, ...said });
  const [mid, device] = [newId(), alice.me.device];
  const header = { conn: open.epoch.conn, n: 0, epochHash: open.epoch.hash, sender: alice.me.uid, device };
  const fields = { ...header, ctr: 1, mid, kind, ttl: 0 };
  const { body, salt } = await sealBytes(open.secret, fields, utf8(m), alice.me.seeds.get(1));
  const place = { client_id: b64(mid), sender: alice.id, device: b64(device), ctr: 1, time: 1, kind, ttl: 0 };
  const row = { ...place, seq: 2, epoch: 0, body: b64(body), salt: b64(salt), kid: "k1", r: b64(new Uint8Array(32)) };
  const client = {
    me: bob.id,
    conversations: new Map([[CONV, { row: { peer: alice.id, cleared: 0 } }]]),
    parts: { account: { seeds: bob.me.seeds } },
    epochs: b.epochs,
  };
  return { client, row };
}

test("a row whose epoch is not there hides no other", async () => {
  const { client, row } = await reading();
  client.ask = async () => ({ rows: [row, { ...row, seq: 1, epoch: 7 }] });
  const shown = await reportable(client, CONV, 2, 1);
  assert.deepEqual(
    shown.map(({ seq, content }) => [seq, content.body]),
    [[2, "go away"]],
  );
});

test("a reaction, or one that was taken back, is no message of a report", async () => {
  for (const body of ["👍", ""]) {
    const { client, row } = await reading({ t: "react", body, ref: b64(newId()) }, 2);
    client.ask = async () => ({ rows: [row] });
    assert.deepEqual(await reportable(client, CONV, 2, 1), []);
  }
});

test("long messages, of which a page has one, leave out none", async () => {
  const { client, row } = await reading();
  client.ask = async ({ before }) => ({ rows: [{ ...row, seq: before - 1 }] });
  const shown = await reportable(client, CONV, 30, 20);
  assert.deepEqual([shown.length, shown[0].seq, shown[20].seq], [21, 10, 30]);
});
