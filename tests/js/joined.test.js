import assert from "node:assert/strict";
import { test } from "node:test";
import { Contacts } from "../../static/js/people/contacts.js";
import { noteJoined } from "../../static/js/sync/joined.js";
import { Notices } from "../../static/js/sync/notices.js";
import { MovedClock, settle } from "./moved_clock.js";

const ASKED = 1;
const ASKS = 2;
const CONNECTED = 3;
const BLOCKED = 5;
const SINCE = 1_790_000_000_000;

/** @param {Record<string, {peer: string, state: number}>} rows by conversation */
function world(rows) {
  const notices = new Notices({ write: async () => {}, all: async () => [] }, new MovedClock(), () => {});
  const conversations = new Map(
    Object.entries(rows).map(([conv, row]) => [conv, { row: { conv, since: SINCE, ...row } }]),
  );
  return {
    notices,
    conversations,
    contacts: { joined: new Set(["bob", "carol"]), accepted: new Set(["bob", "erin"]) },
  };
}

test("somebody who came by a link is one line where their chat begins, however often it is heard", () => {
  const hub = world({ b: { peer: "bob", state: CONNECTED }, d: { peer: "dave", state: CONNECTED } });
  noteJoined(hub);
  noteJoined(hub);
  assert.deepEqual(hub.notices.of("b"), [{ seq: 0, time: SINCE, kind: "joined" }]);
  assert.deepEqual(hub.notices.of("d"), []);
});

test("a chat that is not there yet gets its line when it comes, a blocked one when it is unblocked", () => {
  const hub = world({ b: { peer: "bob", state: BLOCKED } });
  noteJoined(hub);
  assert.deepEqual(hub.notices.of("b"), []);
  hub.conversations.get("b").row.state = CONNECTED;
  hub.conversations.set("c", { row: { conv: "c", peer: "carol", state: CONNECTED, since: SINCE } });
  noteJoined(hub);
  assert.deepEqual(
    ["b", "c"].map((conv) => hub.notices.of(conv).length),
    [1, 1],
  );
});

test("somebody who accepted a request is a line; one who came by a link meanwhile is no second one", () => {
  const hub = world({ b: { peer: "bob", state: CONNECTED }, e: { peer: "erin", state: CONNECTED } });
  noteJoined(hub);
  noteJoined(hub);
  assert.deepEqual(hub.notices.of("e"), [{ seq: 0, time: SINCE, kind: "accepted" }]);
  assert.deepEqual(
    hub.notices.of("b").map(({ kind }) => kind),
    ["joined"],
  );
});

test("whose link I used, after I had asked them, has not accepted my request", async () => {
  const row = (state) => ({ conv: "c", peer: { uid: "bob" }, state });
  let state = ASKED;
  const api = {
    get: async (path) => (path === "/api/notes" ? { notes: [] } : { connections: [row(state)], joined: [] }),
    post: async () => {
      state = CONNECTED;
      const heard = contacts.refresh(); // by the frame, before the answer
      await settle();
      void heard;
      return row(CONNECTED);
    },
  };
  const stores = { write: async () => {}, get: async () => undefined };
  const contacts = new Contacts({ api, stores, me: { uid: new Uint8Array(16), seeds: new Map() }, changed() {} });
  await contacts.refresh();
  assert.equal(await contacts.acceptInvite("token"), "c");
  assert.deepEqual([contacts.of("bob").state, [...contacts.accepted]], [CONNECTED, []]);
});

test("who accepts is known by what was asked before; who declines, or asked me, is not", async () => {
  const rows = (...states) => states.map((state, at) => ({ conv: `c${at}`, peer: { uid: `p${at}` }, state }));
  let connections = rows(ASKED, ASKED, ASKS, CONNECTED);
  const api = { get: async (path) => (path === "/api/notes" ? { notes: [] } : { connections, joined: [] }) };
  const stores = { write: async () => {}, get: async () => undefined };
  const contacts = new Contacts({ api, stores, me: { uid: new Uint8Array(16), seeds: new Map() }, changed() {} });
  await contacts.refresh();
  connections = rows(CONNECTED, ASKED, CONNECTED, CONNECTED);
  await contacts.refresh();
  assert.deepEqual([...contacts.accepted], ["p0"]);
});
