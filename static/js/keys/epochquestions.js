// What the server is asked of epochs, for many conversations in one request.

import { Batcher } from "../network/batcher.js";
import { EPOCHS_MAX } from "../protocol.js";

/** @typedef {import("../protocol.js").ConversationEpochs} Answer */

/** @param {Pick<import("../network/api.js").Api, "post">} api */
export function gatheredRecords(api) {
  return new Batcher(
    EPOCHS_MAX,
    (/** @type {import("../protocol.js").EpochsWanted & {limit: number}} */ { conv }) => conv,
    async (wanted) => {
      const limit = Math.max(...wanted.map((one) => one.limit));
      const conversations = wanted.map(({ conv, upto }) => ({ conv, ...(upto != null && { upto }) }));
      const answer = await api.post("/api/epochs/read", { conversations, limit }, { proof: true, again: true });
      return new Map(answer.conversations.map((/** @type {Answer} */ one) => [one.conv, one]));
    },
  );
}

/** @param {Pick<import("../network/api.js").Api, "put">} api */
export function gatheredBoxes(api) {
  return new Batcher(
    EPOCHS_MAX,
    (/** @type {import("../protocol.js").EpochBox} */ { conv }) => conv,
    async (boxes) => {
      await api.put("/api/boxes", { boxes }, { proof: true });
      return new Map();
    },
  );
}
