// What a page may ask of the client, from whichever tab. Everything here may be asked twice.

import { PAGE_MAX } from "../protocol.js";
import { isDraft } from "../sending/outboxstore.js";
import { newDevices, toldDevices } from "../sync/newdevices.js";
import { onlyHere } from "../sync/onlyhere.js";
import { quoted } from "../sync/quoted.js";
import { quickEmoji, react } from "../sync/reacting.js";
import { readAll } from "../sync/readall.js";
import { readerOfReports, reportable, sendReport } from "../sync/reporting.js";

/** @typedef {import("../sync/client.js").Client} Client */

/** @param {Client} client */
export const requests = (client) => ({
  ...standing(client),
  ...history(client),
  ...sending(client),
  ...files(client),
  ...reading(client),
  ...looking(client),
  ...clearing(client),
  ...deleting(client),
  ...verifying(client),
  ...people(client),
  ...drafts(client),
  ...reporting(client),
});

/** How things stand. @param {Client} client */
const standing = (client) => ({
  status: () => client.status,
  full: () => client.parts.stores.full ?? false,
  chats: () => client.summaries(),
  contacts: () => client.verification.people(),
  me: () => client.me,
  newDevices: () => newDevices(client.parts),
  /** @param {number} k */
  toldDevices: (k) => toldDevices(client.parts.stores, k),
  wake: () => client.wake(),
  offline: () => client.live.drop(),
});

/** @param {Client} client */
const history = (client) => ({
  /**
   * The summary of one chat, for a page that opens it.
   * @param {string} conv
   */
  opening: (conv) => {
    const conversation = client.conversations.get(conv);
    return { chat: conversation && client.summary(conversation), current: client.current };
  },
  /**
   * Newest messages, or those below `before`.
   * @param {string} conv
   * @param {number} [before]
   */
  messages: async (conv, before) => {
    const conversation = client.conversations.get(conv);
    if (!conversation) return { messages: [], more: false, have: 0, only: [], notices: [], entries: [] };
    // What the server has is shown from there before it was caught up with.
    const have = Math.max(conversation.have, conversation.row.last_seq);
    const { upto = 0, at = 0 } = client.clearing.of(conv) ?? {};
    const cleared = Math.max(upto, conversation.row.cleared);
    const page = await conversation.page(Math.min(before ?? have + 1, have + 1), PAGE_MAX, cleared);
    const since = Math.max(at, conversation.clearedAt);
    const notices = client.notices.of(conv).filter(({ time }) => time > since);
    const alone = (await onlyHere(client.parts.stores, conv)).filter(({ time }) => time > since);
    const only = alone.map(client.hiding.shown);
    return { ...page, have, only, notices, entries: client.outbox.of(conv) };
  },
  /** Messages that others name, as far as they are here. @param {string} conv @param {string[]} mids */
  quoted: (conv, mids) => quoted(client, conv, mids),
});

/** @param {Client} client */
const sending = (client) => ({
  /** @param {import("../sending/queue.js").Message} message */
  send: async (message) => {
    await client.outbox.add(message);
    if (isDraft(message.content) && !message.again) client.parts.tell("draft", { conv: message.conv, text: "" });
  },
  /** @param {{id: string, conv: string, mid: string, body: string}} reaction */
  react: (reaction) => react(client, reaction),
  quickEmoji: () => quickEmoji(client.parts),
  unsent: () => client.outbox.all(),
  /** @param {string} id */
  retry: (id) => client.outbox.retry(id),
  /** @param {string} id */
  discard: (id) => client.outbox.discard(id),
});

/** What pages do with files is in media.js. @param {Client} client */
const files = ({ outbox, uploads, parts: { api, token } }) => ({
  /** @param {string} conv */
  uploads: (conv) => uploads.of(conv),
  /** @param {string} id of an entry */
  pauseUpload: (id) => outbox.pausing.pause(id),
  /** @param {string} id of an entry */
  resumeUpload: (id) => outbox.pausing.resume(id),
  /** Sealed by a page that had no room on the disk. @param {string} name hex @param {Blob} sealed */
  lend: (name, sealed) => uploads.lend(name, sealed),
  /** @param {string} name hex */
  takeBack: (name) => uploads.takeBack(name),
  /** @param {boolean} fresh the last one was refused */
  liveToken: (fresh) => token(fresh),
  /** Signed URLs to get parts past the site. @param {string} blob hex @param {number[]} parts */
  partUrls: async (blob, parts) => {
    const { urls } = await api.post(`/api/blobs/${blob}/urls`, { parts }, { proof: true, again: true });
    return urls;
  },
  storage: async () => {
    const { used, limit, file_max } = await api.get("/api/storage", { proof: true });
    return { used, limit, fileMax: file_max };
  },
});

/** @param {Client} client */
const reading = (client) => {
  /** @param {string} conv @param {number} seq @param {number} ord */
  const read = async (conv, seq, ord) => {
    const conversation = client.conversations.get(conv);
    // A row that the server lost must not count as read there: another one may stand in its place.
    if (!conversation || seq > (await conversation.agreed) || ord <= conversation.row.my_read_ord) return;
    client.receipts.read(conv, seq, ord);
    await conversation.receipt({ t: "receipt", conv, by: "", got: seq, read: seq, read_ord: ord }, true);
  };
  return {
    read,
    readAll: () => readAll(client, read),
    /** Until it is opened, here or elsewhere. @param {string} conv @param {boolean} on */
    markUnread: async (conv, on) => {
      const row = client.conversations.get(conv)?.row;
      const marked = row && Boolean(client.contacts.of(row.peer)?.unread);
      if (row && marked !== on) await client.contacts.markUnread(row.peer, on);
    },
  };
};

/** @param {Client} client */
const looking = (client) => ({
  /** @param {import("../sync/presence.js").Look} look */
  look: (look) => client.presence.look(look),
  /** @param {string} conv */
  typing: (conv) => client.presence.iType(conv),
});

/** @param {Client} client */
const clearing = (client) => ({
  /** @param {string} conv @returns {Promise<number>} for so many ms it can be taken back */
  clear: async (conv) => {
    const row = client.conversations.get(conv)?.row;
    return row ? client.clearing.begin(conv, row.last_seq) : 0;
  },
  /** @param {string} conv @returns {Promise<boolean>} false: too late */
  undoClear: (conv) => client.clearing.undo(conv),
  /** The keys of this browser are about to go. */
  settle: () => client.clearing.settle(),
});

/** @param {Client} client */
const deleting = ({ outbox, hiding, parts: { tell } }) => ({
  /** A message of mine that is in the log. @param {string} id of the deletion @param {string} conv @param {number} seq @param {string} mid */
  deleteForAll: async (id, conv, seq, mid) => {
    if (outbox.of(conv).some(({ content, failed }) => !failed && content.t === "del" && content.ref === mid)) return;
    await outbox.add({ id, conv, content: { t: "del", ref: mid }, erases: seq });
    tell("deleted", { conv, mid, mine: true });
  },
  /** @param {string} conv @param {string} mid @param {boolean} mine @returns {Promise<number>} for so many ms it can be taken back */
  deleteHere: async (conv, mid, mine) => {
    const ms = await hiding.begin(conv, mid);
    tell("deleted", { conv, mid, mine });
    return ms;
  },
  /** @param {string} conv @param {string} mid @returns {Promise<boolean>} false: too late */
  undoDeleteHere: (conv, mid) => hiding.undo(conv, mid),
});

/** @param {Client} client */
const verifying = (client) => {
  /** The person has seen that the contact's identity is another one. @param {string} conv */
  const acceptIdentity = async (conv) => {
    const conversation = client.conversations.get(conv);
    if (!conversation) return;
    await client.deviceLists.accept(conversation.row.peer);
    client.tellChat(conv);
    void conversation.retry();
    void client.outbox.pump(conv);
  };
  return {
    acceptIdentity,
    /** A new key on demand. @param {string} conv */
    rotate: async (conv) => {
      const conversation = client.conversations.get(conv);
      if (!conversation) return;
      await client.rotation.rotate(conv, conversation.row.peer);
      await client.notices.add(conv, conversation.have, "epoch");
    },
    /** @param {string} uid */
    safetyNumber: (uid) => client.verification.number(uid),
    /**
     * They compared. Of a new identity that waits to be accepted, that is the best answer.
     * @param {string} conv
     * @param {string} mark of the number that they compared
     */
    verify: async (conv, mark) => {
      const peer = client.conversations.get(conv)?.row.peer;
      if (!peer) return;
      await client.contacts.mark(peer, mark);
      if (client.verification.of(peer) === "verified") await acceptIdentity(conv);
    },
    /** @param {string} uid */
    unverify: (uid) => client.contacts.mark(uid, undefined),
  };
};

/** @param {Client} client */
const people = ({ contacts }) => ({
  /** @param {string} name */
  find: (name) => contacts.find(name),
  /** @param {string} peer @param {string} action @param {number} [seen] @param {string} [invite] token, with a request */
  act: (peer, action, seen, invite) => contacts.act(peer, action, seen, invite ? { invite } : {}),
  /** @param {string[]} peers @param {string} action @param {number} seen */
  answerAll: (peers, action, seen) => contacts.answerAll(peers, action, seen),
  /** @param {boolean} connects */
  invite: (connects) => contacts.invite(connects),
  invites: () => contacts.invites(),
  /** @param {string} id */
  withdrawInvite: (id) => contacts.withdrawInvite(id),
  /** @param {string} token */
  invited: (token) => contacts.invited(token),
  /** @param {string} token */
  acceptInvite: (token) => contacts.acceptInvite(token),
  /** @param {string} uid @param {string} alias */
  rename: (uid, alias) => contacts.rename(uid, alias),
});

/** @param {Client} client */
const drafts = ({ parts: { stores, tell } }) => ({
  /** @param {string} conv @returns {Promise<import("../chat/content.js").Draft>} */
  draft: async (conv) => (await stores.get("drafts", conv)) ?? { text: "" },
  /** @param {string} conv @param {import("../chat/content.js").Draft} draft */
  keepDraft: async (conv, draft) => {
    const key = { store: /** @type {const} */ ("drafts"), key: conv };
    await stores.write([draft.text || draft.ref ? { ...key, value: draft } : { ...key, remove: true }]);
    tell("draft", { conv, text: draft.text });
  },
  /** @returns {Promise<Record<string, string>>} their texts, by conversation */
  drafts: async () => Object.fromEntries((await stores.all("drafts")).map(([conv, { text }]) => [conv, text])),
});

/** @param {Client} client */
const reporting = (client) => ({
  readerOfReports: () => readerOfReports(client.parts),
  /** @param {string} conv @param {number} seq @param {number} before so many messages before it */
  reportable: (conv, seq, before) => reportable(client, conv, seq, before),
  /** @param {import("../sync/reporting.js").Wanted} wanted */
  report: (wanted) => sendReport(client, wanted),
});

/** @typedef {ReturnType<typeof requests>} Requests */
