import assert from "node:assert/strict";
import { test } from "node:test";
import { learn } from "../../static/js/sync/applystate.js";

/** Conversations that only note what becomes of them, and a store that notes what it is given. */
function world(known = []) {
  const did = [];
  const conversation = (conv) => ({
    row: { conv, state: 3 },
    learned: ({ state, news = state !== 3 }) => (news ? [{ store: "chats", key: conv, value: conv }] : []),
    tell: () => void did.push(`tells ${conv}`),
    close: () => void did.push(`closes ${conv}`),
  });
  const conversations = new Map(known.map((conv) => [conv, conversation(conv)]));
  const stores = {
    write: async (changes) => void did.push(changes.map(({ key, remove }) => (remove ? `no ${key}` : key)).join(" ")),
  };
  const open = ({ conv }) => {
    conversations.set(conv, conversation(conv));
    return conversations.get(conv);
  };
  return { did, conversations, learned: (rows) => learn(rows, conversations, open, stores) };
}

const row = (n) => ({ conv: `c${n}`, since: n });

test("of a hundred the twenty that are seen first are told and kept, and all are known", async () => {
  const { did, conversations, learned } = world();
  const rest = await learned(Array.from({ length: 100 }, (_, n) => row(n)));
  assert.equal(conversations.size, 100);
  assert.equal(did.length, 21);
  assert.equal(did[0], "tells c99");
  assert.match(did[20], /^c99 c98 .* c80$/);
  await rest();
  assert.deepEqual(
    did.filter((one) => !one.startsWith("tells")).map((one) => one.split(" ").length),
    [20, 50, 30],
  );
});

test("what is known already is neither told nor kept, and what the server has no more stays to be read", async () => {
  const { did, conversations, learned } = world(["c1", "gone"]);
  await (await learned([{ ...row(1), news: false }]))();
  assert.deepEqual(did, ["closes gone", "tells gone", "gone", ""]);
  assert.deepEqual([...conversations.keys()], ["c1", "gone"]);
});
