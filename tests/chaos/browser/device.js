// One browser without a page: the real modules of static/js, moved by lines of JSON on stdin, and
// telling on stdout what they tell a page. It may be killed at any time; what it kept is on its disk.

import { createInterface } from "node:readline";
import { furnish } from "./environment.js";

const JS = "../../../static/js";
const events = await furnish(JSON.parse(process.argv[2] ?? "{}"));
const { signIn } = await import(`${JS}/account/account.js`);
const { currentUid } = await import(`${JS}/account/current.js`);
const { sealBlob } = await import(`${JS}/crypto/blob.js`);
const { b64, hex, newId } = await import(`${JS}/crypto/encoding.js`);
const { BlobFiles } = await import(`${JS}/storage/blobfiles.js`);
const { bus } = await import(`${JS}/tabs/bus.js`);
const TAB = "tab";

/** @type {Map<string, string>} what was told of a chat last */
const told = new Map();

const known = {
  signIn: ({ name, password }) => signIn({ name, password }),
  start: async () => {
    bus.on("message", ({ message, fresh }) => tell("message", { ...message, fresh }));
    bus.on("entry", ({ entry, gone }) => tell("entry", { ...entryOf(entry), gone }));
    bus.on("chat", (chat) => tellChat(chat));
    bus.on("status", (status) => tell("status", status));
    bus.on("presence", (seen) => tell("presence", seen));
    await bus.start();
    await bus.ask("look", { tab: TAB, focus: true, conv: null });
  },
  send: async ({ message, file }) => {
    const { content } = message;
    const att = file && [await sealed(content.body, file)];
    await bus.ask("send", att ? { ...message, content: { ...content, att } } : message);
  },
  mine: async ({ conv }) => (await bus.ask("messages", conv)).messages.filter(isText).map(textOf),
  delete: ({ id, conv, seq, mid }) => bus.ask("deleteForAll", id, conv, seq, mid),
  seal: ({ name, file }) => sealed(name, file),
  read: async ({ conv }) => {
    const { messages } = await bus.ask("messages", conv);
    const newest = messages.findLast(({ mine, kind }) => !mine && kind === 1);
    if (newest) await bus.ask("read", conv, newest.seq, newest.ord);
    return newest?.seq ?? 0;
  },
  page: ({ conv, before }) => bus.ask("messages", conv, before),
  rotate: ({ conv }) => bus.ask("rotate", conv),
  typing: ({ conv }) => bus.ask("typing", conv),
  wake: () => void events.dispatchEvent(new Event("online")),
  status: async () => ({ ...(await bus.ask("status")), chats: (await bus.ask("chats")).map(summaryOf) }),
  report: async () => Promise.all((await bus.ask("chats")).map(reportOf)),
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

/** The entry of a file that waits on this device's disk: what workers/media.js does. */
async function sealed(name, base64) {
  const [file, id] = [new Blob([Buffer.from(base64, "base64")]), newId()];
  const files = await BlobFiles.open(hex(currentUid()));
  const sink = await files.create("out", hex(id));
  const { fk, hash, size, log2 } = await sealBlob(file, "file", (bytes) => sink.write(bytes));
  await sink.close();
  const words = { mime: "application/x-storm", name: `${name}.bin`, alt: name };
  return { blob: b64(id), fk: b64(fk), hash: b64(hash), size, log2, ...words };
}

const isText = ({ mine, mid, content }) => mine && mid && content?.t === "text";

function textOf({ seq, mid, content: { body, att = [] } }) {
  return { seq, mid, text: body, blobs: att.map(({ blob }) => blob) };
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
  const messages = [];
  let entries = [];
  let only = [];
  for (let before, more = true; more; before = messages[0]?.seq) {
    const page = await bus.ask("messages", conv, before);
    messages.unshift(...page.messages);
    entries = page.entries;
    only = page.only;
    more = page.more && page.messages.length > 0;
  }
  return { ...summaryOf(chat), messages, only, entries: entries.map(entryOf) };
}
