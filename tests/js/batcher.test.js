import assert from "node:assert/strict";
import { test } from "node:test";
import { Batcher } from "../../static/js/network/batcher.js";

/** A server that answers when told to; it knows nobody whose name begins with x. */
function asked(most) {
  const requests = [];
  const batcher = new Batcher(
    most,
    ({ of }) => of,
    (questions) =>
      new Promise((done, failed) => {
        const known = questions.filter(({ of }) => !of.startsWith("x"));
        const answer = () => done(new Map(known.map((one) => [one.of, one])));
        requests.push({ questions, answer, fail: () => failed(new Error("down")) });
      }),
  );
  return { requests, ask: (of, more) => batcher.ask({ of, ...more }) };
}

const names = ({ questions }) => questions.map(({ of }) => of);
const turns = () => new Promise((done) => setImmediate(done));

test("what is asked in one breath is one request, and each has its own answer", async () => {
  const { requests, ask } = asked(3);
  const answers = ["a", "b", "xx"].map((of) => ask(of));
  await turns();
  assert.deepEqual(requests.map(names), [["a", "b", "xx"]]);
  requests[0].answer();
  assert.deepEqual(await Promise.all(answers), [{ of: "a" }, { of: "b" }, undefined]);
});

test("what comes while a request is under way waits for the next, and no request holds more than it may", async () => {
  const { requests, ask } = asked(2);
  const first = ask("a");
  await turns();
  const rest = ["b", "c", "d"].map((of) => ask(of));
  await turns();
  assert.deepEqual(requests.map(names), [["a"]]);
  for (let at = 0; at < 3; at++) {
    requests[at].answer();
    await turns();
  }
  assert.deepEqual(requests.map(names), [["a"], ["b", "c"], ["d"]]);
  assert.equal((await Promise.all([first, ...rest])).length, 4);
});

test("two questions about the same go one after the other", async () => {
  const { requests, ask } = asked(9);
  const [one, other] = [ask("a", { upto: 1 }), ask("a", { upto: 9 })];
  await turns();
  requests[0].answer();
  await turns();
  requests[1].answer();
  assert.deepEqual([(await one).upto, (await other).upto], [1, 9]);
});

test("a request that fails fails for those who asked, not for those who come after", async () => {
  const { requests, ask } = asked(9);
  const lost = ask("a");
  await turns();
  const next = ask("b");
  requests[0].fail();
  await assert.rejects(lost, /down/);
  await turns();
  requests[1].answer();
  assert.deepEqual(await next, { of: "b" });
});
