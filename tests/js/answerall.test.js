import assert from "node:assert/strict";
import { test } from "node:test";
import { Contacts } from "../../static/js/people/contacts.js";

/** The server's side, as far as an answer to several needs it. */
class Requests {
  states = new Map([
    ["a", 2],
    ["b", 2],
    ["c", 3],
  ]);
  down = false;

  async get(path) {
    if (path === "/api/notes") return { notes: [] };
    const rows = [...this.states].map(([uid, state]) => ({ conv: uid, state, peer: { uid, name: "n" } }));
    return { connections: rows, joined: [] };
  }

  async post(path, { peers, action, seen }) {
    if (this.down) throw Object.assign(new Error("offline"), { code: "offline" });
    assert.equal(path, "/api/connections/all");
    const to = { decline: 4, reopen: 2 }[action];
    const done = peers.filter((peer) => [seen, to].includes(this.states.get(peer)));
    for (const peer of done) this.states.set(peer, to);
    return { peers: done };
  }
}

function asked() {
  const api = new Requests();
  const stores = { get: async () => undefined, write: async () => {} };
  const contacts = new Contacts({ api, stores, me: { uid: new Uint8Array(16), seeds: new Map() }, changed: () => {} });
  return { api, contacts };
}

test("all are declined but who has moved on, and all of it is taken back", async () => {
  const { contacts } = asked();
  assert.deepEqual(await contacts.answerAll(["a", "b", "c"], "decline", 2), ["a", "b"]);
  assert.deepEqual(
    ["a", "b", "c"].map((uid) => contacts.of(uid)?.state),
    [4, 4, 3],
  );
  assert.deepEqual(await contacts.answerAll(["a", "b"], "reopen", 4), ["a", "b"]);
  assert.equal(contacts.of("a")?.state, 2);
});

test("a failure is told, and nothing is shown as done", async () => {
  const { api, contacts } = asked();
  api.down = true;
  await assert.rejects(contacts.answerAll(["a"], "decline", 2), { code: "offline" });
  assert.equal(contacts.of("a")?.state, 2);
});
