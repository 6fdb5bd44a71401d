// Runs in every page of `bin/bench page` before the page's own code, and notes in `stopwatch` when
// somebody saw what they came for: milliseconds since the navigation began, in the frame that shows it.
// `awaited` says what that is: how many conversations, and the seq of the newest message.

(() => {
  const SCREEN = 10; // rows of the list that fit on a screen
  // Not encrypt: what is kept is sealed with it.
  const OPENING = ["decrypt", "deriveBits", "deriveKey", "importKey", "sign", "verify", "digest"];
  const PATIENCE_MS = 240_000;
  const seen = { pages: [] };
  const waiting = new Set();
  window.stopwatch = seen;
  seen.when = (is) =>
    new Promise((done, failed) => {
      waiting.add({ is, done });
      setTimeout(() => failed(new Error(`not seen: ${is}`)), PATIENCE_MS);
    });

  const all = (selector) => [...document.querySelectorAll(selector)];
  const filled = (row) => /message/.test(row.querySelector("[data-part='preview']")?.textContent ?? "");
  const inView = (node) => {
    const box = node?.closest(".thread-scroll")?.getBoundingClientRect();
    const place = node?.getBoundingClientRect();
    return place && place.bottom > box.top && place.bottom <= box.bottom + 1;
  };
  const looks = {
    list: () => {
      const rows = document.querySelector(".chats")?.children ?? [];
      const awaited = Math.min(SCREEN, window.awaited.rows);
      for (let at = 0; at < awaited; at++) if (!rows[at] || !filled(rows[at])) return false;
      return true;
    },
    wholeList: () => {
      const rows = document.querySelector(".chats")?.children ?? [];
      return rows.length === window.awaited.rows && [...rows].every(filled);
    },
    newest: () => inView(document.querySelector(`.message[data-seq="${window.awaited.newest}"]`)),
  };

  // A page of messages further up: from the frame that brings the first of them (the server splits a
  // page by its size) until all are painted; how much of that time messages were being opened.
  let page;
  const spans = [];
  const shown = ({ seqs }) => seqs.length && seqs.every((seq) => document.querySelector(`.message[data-seq="${seq}"]`));
  const open = () => document.querySelector("chat-thread").getAttribute("conv");
  seen.pageBack = () => {
    page = { seqs: [], from: 0 };
    spans.length = 0;
    document.querySelector(".thread-scroll").scrollTop = 0;
  };

  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => {
        if (!page || !data.startsWith('{"t":"page"')) return;
        const rows = JSON.parse(data).rows.filter(({ conv, kind }) => conv === open() && kind === 1);
        page.from ||= performance.now();
        page.seqs.push(...rows.map(({ seq }) => seq));
      });
    }
  };
  for (const name of window.timed ? OPENING : []) {
    const real = SubtleCrypto.prototype[name];
    SubtleCrypto.prototype[name] = function (...args) {
      const from = performance.now();
      const answer = real.apply(this, args);
      const note = () => spans.push([from, performance.now()]);
      answer.then(note, note);
      return answer;
    };
  }

  /** How long at least one of them was under way. */
  function union(list, from) {
    let [sum, until] = [0, from];
    for (const [start, end] of [...list].sort((a, b) => a[0] - b[0])) {
      sum += Math.max(0, end - Math.max(until, start));
      until = Math.max(until, end);
    }
    return sum;
  }

  /** After the frame whose callbacks run now. */
  function painted(note) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = note;
    port2.postMessage(null);
  }

  function look() {
    const now = performance.now();
    if (window.awaited && document.body) {
      for (const [name, is] of Object.entries(looks)) if (!(name in seen) && is()) seen[name] = now;
    }
    if (page && shown(page)) {
      const { seqs, from } = page;
      page = undefined;
      const messages = new Set(seqs).size;
      const opening = union(spans, from);
      painted(() => seen.pages.push({ messages, ms: performance.now() - from, opening }));
    }
    for (const one of waiting) {
      if (!one.is()) continue;
      waiting.delete(one);
      one.done();
    }
    requestAnimationFrame(look);
  }
  requestAnimationFrame(look);
})();
