// What a page may ask of the hub, from whichever tab. Everything here may be asked twice.

import { readAll } from "./hub/readall.js";
import { PAGE } from "./stretch.js";

/** @typedef {import("./hub/hub.js").Hub} Hub */

/** @param {Hub} hub */
export function requests(hub) {
  const { outbox, contacts, sightings, receipts } = hub;
  const { shelf } = hub.parts;

  /** The person has seen that the contact's identity is another one. @param {string} conv */
  const acceptIdentity = async (conv) => {
    const conversation = hub.conversations.get(conv);
    if (!conversation) return;
    await hub.directory.accept(conversation.row.peer);
    hub.tellChat(conv);
    void conversation.retry();
    void outbox.pump(conv);
  };

  /** @param {string} conv @param {number} seq @param {number} ord */
  const read = async (conv, seq, ord) => {
    const conversation = hub.conversations.get(conv);
    if (!conversation || ord <= conversation.row.my_read_ord) return;
    receipts.read(conv, seq, ord);
    await conversation.receipt({ t: "receipt", conv, by: "", got: seq, read: seq, read_ord: ord }, true);
  };

  return {
    status: () => hub.status,
    full: () => shelf.full ?? false,
    chats: () => hub.summaries(),
    contacts: () => hub.trust.people(),

    /**
     * The line of one chat, for a page that opens it.
     * @param {string} conv
     */
    opening: (conv) => {
      const conversation = hub.conversations.get(conv);
      return { chat: conversation && hub.summary(conversation), current: hub.current };
    },

    /**
     * Newest letters, or those below `before`.
     * @param {string} conv
     * @param {number} [before]
     */
    letters: async (conv, before) => {
      const conversation = hub.conversations.get(conv);
      if (!conversation) return { letters: [], more: false, have: 0, notices: [], entries: [] };
      // What the server has is shown from there before it was caught up with.
      const have = Math.max(conversation.have, conversation.row.last_seq);
      const page = await conversation.page(Math.min(before ?? have + 1, have + 1), PAGE);
      return { ...page, have, notices: hub.notices.of(conv), entries: outbox.of(conv) };
    },
    /** @param {{id: string, conv: string, text: string}} message */
    send: async (message) => {
      await outbox.add(message);
      hub.parts.tell("draft", { conv: message.conv, text: "" });
    },
    unsent: () => outbox.all(),
    /** @param {string} id */
    retry: (id) => outbox.retry(id),
    /** @param {string} id */
    discard: (id) => outbox.discard(id),
    read,
    readAll: () => readAll(hub, read),
    /** Until it is opened, here or elsewhere. @param {string} conv @param {boolean} on */
    markUnread: async (conv, on) => {
      const row = hub.conversations.get(conv)?.row;
      if (row && Boolean(contacts.of(row.peer)?.unread) !== on) await contacts.markUnread(row.peer, on);
    },
    /** @param {import("./hub/sightings.js").Look} look */
    look: (look) => sightings.look(look),
    /** @param {string} conv */
    typing: (conv) => sightings.iType(conv),
    wake: () => hub.link.wake(),

    /** A new key on demand. @param {string} conv */
    rotate: async (conv) => {
      const conversation = hub.conversations.get(conv);
      if (!conversation) return;
      await hub.keeper.rotate(conv, conversation.row.peer);
      await hub.notices.add(conv, conversation.have, "epoch");
    },
    acceptIdentity,

    /** @param {string} uid */
    safetyNumber: (uid) => hub.trust.number(uid),
    /**
     * They compared. Of a new identity that waits to be accepted, that is the best answer.
     * @param {string} conv
     * @param {string} mark of the number that they compared
     */
    verify: async (conv, mark) => {
      const peer = hub.conversations.get(conv)?.row.peer;
      if (!peer) return;
      await contacts.mark(peer, mark);
      if (hub.trust.of(peer) === "verified") await acceptIdentity(conv);
    },
    /** @param {string} uid */
    unverify: (uid) => contacts.mark(uid, undefined),

    /** @param {string} name */
    find: (name) => contacts.find(name),
    /** @param {string} peer @param {string} action @param {number} [seen] */
    act: (peer, action, seen) => contacts.act(peer, action, seen),
    /** @param {string} conv */
    clear: async (conv) => {
      const row = hub.conversations.get(conv)?.row;
      if (row) await contacts.act(row.peer, "clear", row.state, row.last_seq);
    },
    invite: () => contacts.invite(),
    /** @param {string} token */
    invited: (token) => contacts.invited(token),
    /** @param {string} uid @param {string} alias */
    rename: (uid, alias) => contacts.rename(uid, alias),
    refreshContacts: () => contacts.refresh(),

    /** @param {string} conv @returns {Promise<string>} */
    draft: async (conv) => (await shelf.get("drafts", conv)) ?? "",
    /** @param {string} conv @param {string} text */
    keepDraft: async (conv, text) => {
      const key = { store: /** @type {const} */ ("drafts"), key: conv };
      await shelf.write([text ? { ...key, value: text } : { ...key, remove: true }]);
      hub.parts.tell("draft", { conv, text });
    },
    drafts: async () => Object.fromEntries(await shelf.all("drafts")),
  };
}

/** @typedef {ReturnType<typeof requests>} Requests */
