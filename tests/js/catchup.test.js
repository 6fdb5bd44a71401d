import assert from "node:assert/strict";
import { test } from "node:test";
import { catchUp, sync } from "../../static/js/sync/catchup.js";

const chat = (applies) => ({
  row: { conv: "c" },
  have: 3,
  async push({ seq }) {
    if (applies(seq)) this.have = seq;
  },
});
const log = async ({ after }) => ({ rows: after < 5 ? [{ seq: after + 1 }] : [], more: after < 4 });

test("a sync goes to the end of the log", async () => {
  const conversation = chat(() => true);
  await sync(conversation, log);
  assert.equal(conversation.have, 5);
});

test("a row that cannot be opened now is no end of the log", async () => {
  await assert.rejects(
    sync(
      chat((seq) => seq < 5),
      log,
    ),
    { code: "later" },
  );
});

/** Behind by so many rows, and what becomes of it. */
const behind = (conv, have, rows, did, fetched = []) => ({
  row: { conv, last_seq: have + rows, since: 0 },
  have,
  behind: rows,
  push: async ({ seq }) => void did.push(`${conv} applies ${seq}`),
  jump: async ({ seq }) => void did.push(`${conv} jumps to ${seq}`),
  catchUp: async () => void did.push(`${conv} walks`),
  ahead:
    async ({ seq }) =>
    async () =>
      void fetched.push(`${conv} ${seq}`),
});

test("a short way is walked, a long or a new one is jumped, and one question serves fifty", async () => {
  const did = [];
  const chats = [behind("near", 7, 3, did), behind("far", 7, 300, did), behind("new", 0, 3, did)];
  chats.push(behind("one", 7, 1, did), behind("unsent", 0, 3, did), behind("level", 7, 0, did));
  const seqs = { near: 10, far: 307, new: 3, one: 8, unsent: 3 };
  const asked = [];
  const ask = async ({ last }) => {
    asked.push(last);
    return { rows: last.map((conv) => ({ conv, seq: seqs[conv] })), more: false };
  };
  let settled = [];
  await catchUp(chats, [{ conv: "unsent", sealed: {} }], ask, () => (settled = [...did]));
  assert.deepEqual(settled, ["unsent walks"]);
  assert.deepEqual(asked, [["far", "new", "one"]]);
  assert.deepEqual(did.sort(), ["far jumps to 307", "near walks", "new jumps to 3", "one applies 8", "unsent walks"]);
});

test("what was answered before a break is not applied after it", async () => {
  const did = [];
  let holds = true;
  const far = { ...behind("far", 7, 300, did), ahead: async () => async () => void (holds = false) };
  const ask = async ({ last }) => ({ rows: last.map((conv) => ({ conv, seq: 307 })), more: false });
  const nothing = () => {};
  await catchUp(
    [far],
    [],
    ask,
    nothing,
    async () => {},
    () => holds,
  );
  assert.deepEqual(did, []);
});

test("a thousand: what is on the screen first, and for each step its keys in one breath", async () => {
  const [did, fetched] = [[], []];
  const chats = Array.from({ length: 130 }, (_, n) => behind(`c${n}`, 0, 3, did, fetched));
  for (const [n, { row }] of chats.entries()) row.times = { last: 1000 - n };
  const steps = [];
  const ask = async ({ last }) => {
    steps.push({ asked: last.length, fetched: fetched.length, opened: did.length });
    return { rows: last.map((conv) => ({ conv, seq: 3 })), more: false };
  };
  await catchUp(chats, [], ask, () => {});
  assert.deepEqual(steps, [
    { asked: 20, fetched: 0, opened: 0 },
    { asked: 50, fetched: 20, opened: 20 },
    { asked: 50, fetched: 70, opened: 70 },
    { asked: 10, fetched: 120, opened: 120 },
  ]);
  assert.equal(did[0], "c0 jumps to 3");
  assert.equal(did.length, 130);
});
