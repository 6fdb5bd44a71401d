// One browser without a page: the real modules of static/js, moved by lines of JSON on stdin, and
// telling on stdout what they tell a page. It may be killed at any time; what it kept is on its disk.

import { createInterface } from "node:readline";
import { furnish } from "./environment.js";

const JS = "../../../static/js";
const bus = await furnish(JSON.parse(process.argv[2] ?? "{}"));
const { signIn } = await import(`${JS}/account.js`);
const { session } = await import(`${JS}/session.js`);
const TAB = "tab";

/** @type {Map<string, string>} what was told of a chat last */
const told = new Map();

const known = {
  signIn: ({ name, password }) => signIn({ name, password }),
  start: async () => {
    session.on("letter", ({ letter, fresh }) => tell("letter", { ...letter, fresh }));
    session.on("entry", ({ entry, gone }) => tell("entry", { ...entryOf(entry), gone }));
    session.on("chat", (chat) => tellChat(chat));
    session.on("link", (status) => tell("link", status));
    session.on("presence", (seen) => tell("presence", seen));
    await session.start();
    await session.ask("look", { tab: TAB, focus: true, conv: null });
  },
  send: ({ message }) => session.ask("send", message),
  read: async ({ conv }) => {
    const { letters } = await session.ask("letters", conv);
    const newest = letters.findLast(({ mine, kind }) => !mine && kind === 1);
    if (newest) await session.ask("read", conv, newest.seq, newest.ord);
    return newest?.seq ?? 0;
  },
  page: ({ conv, before }) => session.ask("letters", conv, before),
  rotate: ({ conv }) => session.ask("rotate", conv),
  typing: ({ conv }) => session.ask("typing", conv),
  wake: () => void bus.dispatchEvent(new Event("online")),
  status: async () => ({ ...(await session.ask("status")), chats: (await session.ask("chats")).map(summaryOf) }),
  report: async () => Promise.all((await session.ask("chats")).map(reportOf)),
};

for await (const line of createInterface({ input: process.stdin })) void answer(JSON.parse(line));
process.exit(0);

async function answer({ id, ask, ...args }) {
  try {
    write({ id, value: (await known[ask](args)) ?? null });
  } catch (error) {
    write({ id, error: `${error?.name}: ${error?.code ?? ""} ${error?.message} ${error?.cause?.stack ?? ""} ${error?.cause?.cause?.stack ?? ""}` });
  }
}

function tell(event, detail) {
  write({ event, detail });
}

function write(word) {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}

function tellChat(chat) {
  const summary = summaryOf(chat);
  const text = JSON.stringify(summary);
  if (told.get(summary.conv) === text) return;
  told.set(summary.conv, text);
  tell("chat", summary);
}

function summaryOf({ row, unread, have }) {
  const { conv, peer, last_seq, my_read, my_read_ord, my_got, peer_read, peer_got, peer_ord } = row;
  return { conv, peer, last_seq, my_read, my_read_ord, my_got, peer_read, peer_got, peer_ord, unread, have };
}

function entryOf({ id, conv, failed, sealed }) {
  return { id, conv, failed: failed ?? null, mid: sealed?.frame.client_id ?? null };
}

/** Everything of one chat, paged back to its beginning. */
async function reportOf(chat) {
  const { conv } = chat.row;
  const letters = [];
  let entries = [];
  for (let before, more = true; more; before = letters[0]?.seq) {
    const page = await session.ask("letters", conv, before);
    letters.unshift(...page.letters);
    entries = page.entries;
    more = page.more && page.letters.length > 0;
  }
  return { ...summaryOf(chat), letters, entries: entries.map(entryOf) };
}
