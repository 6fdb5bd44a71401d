import assert from "node:assert/strict";
import { test } from "node:test";
import { sync } from "../../static/js/catchup.js";

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
