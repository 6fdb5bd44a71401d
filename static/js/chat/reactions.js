// Reactions: one emoji of each person on a message. The last one of a person counts, by its place in the log; an empty
// one takes it back (docs/encryption.md 4.8).

const ONE_EMOJI = /^\p{RGI_Emoji}$/v;
export const EMOJI_MAX = 16; // UTF-16 units: the longest emoji has 15; more is not looked through
export const QUICK = ["👍", "❤️", "😂", "😮", "😢", "🙏"]; // offered first, until somebody has chosen others

/**
 * What of a row counts here: a relation, or the row itself.
 * @typedef {{seq: number, mine: boolean, t: string, body?: string | undefined}} Said
 * @typedef {{emoji: string, mine: boolean, theirs: boolean, waits: boolean}} Reaction `waits`: mine is not in the log
 */

/** @param {string | undefined} text @returns {text is string} it is one emoji and nothing else */
export function isEmoji(text) {
  return text !== undefined && text.length <= EMOJI_MAX && ONE_EMOJI.test(text);
}

/**
 * What each person says of one message by now. What is no emoji counts for nothing.
 * @param {readonly Said[]} said of that message, in any order
 * @param {string} [waiting] what I said last and is not in the log
 * @returns {Reaction[]} every emoji once
 */
export function reactionsOf(said, waiting) {
  const [theirs, logged] = [lastOf(said, false), lastOf(said, true)];
  const mine = waiting ?? logged;
  const waits = waiting !== undefined && waiting !== logged;
  if (theirs && theirs === mine) return [{ emoji: theirs, mine: true, theirs: true, waits }];
  return [
    ...(theirs ? [{ emoji: theirs, mine: false, theirs: true, waits: false }] : []),
    ...(mine ? [{ emoji: mine, mine: true, theirs: false, waits }] : []),
  ];
}

/** @param {readonly Said[]} said @param {boolean} mine @returns {string} empty: none */
function lastOf(said, mine) {
  const counts = said.filter((one) => one.t === "react" && one.mine === mine && (one.body === "" || isEmoji(one.body)));
  return [...counts].sort((a, b) => a.seq - b.seq).at(-1)?.body ?? "";
}

/**
 * The emoji that are offered first, once this one was chosen: those that are there keep their places.
 * @param {readonly string[]} quick
 * @param {string} emoji
 * @returns {string[]}
 */
export function quickAfter(quick, emoji) {
  return quick.includes(emoji) ? [...quick] : [emoji, ...quick.slice(0, -1)];
}

/** What a choice says: the same once more takes it back. @param {readonly Reaction[]} reactions @param {string} emoji */
export function chosen(reactions, emoji) {
  return reactions.some((one) => one.mine && one.emoji === emoji) ? "" : emoji;
}
