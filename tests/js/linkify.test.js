import assert from "node:assert/strict";
import { test } from "node:test";
import { TEXT_MAX } from "../../static/js/ui/composing.js";
import { CANDIDATES_MAX, linkify } from "../../static/js/ui/linkify.js";

const links = (text) =>
  linkify(text)
    .filter(({ href }) => href)
    .map(({ text: shown, href }) => [shown, href]);

for (const [text, shown, href] of [
  ["see https://example.org/a?b=1#c.", "https://example.org/a?b=1#c", "https://example.org/a?b=1#c"],
  ["(http://example.org/x)", "http://example.org/x", "http://example.org/x"],
  ["https://en.example.org/wiki/A_(b), yes", "https://en.example.org/wiki/A_(b)", "https://en.example.org/wiki/A_(b)"],
  ["www.example.org!", "www.example.org", "https://www.example.org/"],
  ["mailto:bob@example.org", "mailto:bob@example.org", "mailto:bob@example.org"],
  ["HTTPS://EXAMPLE.ORG", "HTTPS://EXAMPLE.ORG", "https://example.org/"],
  ["write to bob.b+x@example.org.", "bob.b+x@example.org", "mailto:bob.b+x@example.org"],
  ["(bob@mail.example.org)", "bob@mail.example.org", "mailto:bob@mail.example.org"],
  ["联系bob@example.org", "bob@example.org", "mailto:bob@example.org"],
  ["https://example.org/((((a))))))", "https://example.org/((((a))))", "https://example.org/((((a))))"],
  ["见https://example.org/页。", "https://example.org/页", "https://example.org/%E9%A1%B5"],
]) {
  test(text, () => {
    assert.deepEqual(links(text), [[shown, href]]);
  });
}

for (const text of [
  "javascript:alert(1)",
  "data:text/html,<script>",
  "https://",
  "mailto:",
  "xhttp://example.org",
  "vbscript:x",
  "file:///etc/passwd",
  "http:/example",
  "plain words. And more",
  "bob@localhost",
  "bob@1.2",
  "@bob",
  "a@b@",
  "josé@example.org",
]) {
  test(`no link in ${text}`, () => assert.deepEqual(links(text), []));
}

test("nothing of the text is lost or changed", () => {
  const text = "a https://example.org/) b www.example.com, c\n\nmailto:x@example.org";
  assert.equal(
    linkify(text)
      .map((piece) => piece.text)
      .join(""),
    text,
  );
});

for (const [text, host] of [
  ["https://аррӏе.com/x", "xn--80ak6aa92e.com"], // all Cyrillic
  ["www.аррӏе.com", "www.xn--80ak6aa92e.com"],
  ["bob@аррӏе.com", "xn--80ak6aa92e.com"],
  ["https://bank.example@evil.example/", "evil.example"],
  ["https://evil.example\\.bank.example/", "evil.example"],
  ["https://0x7f.1/", "127.0.0.1"],
  ["https://exam\u00adple.org/", "example.org"],
]) {
  test(`${text} leads to ${host}, and says so`, () => {
    const [{ text: shown, host: said }] = linkify(text);
    assert.deepEqual([shown, said], [text, host]);
  });
}

for (const text of ["https://Example.org:8000/", "www.example.org/a:b", "https://[::1]:80/", "bob@Example.org"]) {
  test(`${text} leads where it says, and nothing is added`, () => assert.equal(linkify(text)[0].host, undefined));
}

const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

for (const text of [
  "https://example.org/\u202egpj.exe",
  "https://example.org/<\u202egpj.exe",
  "https://example.org/\u200b\u2067gpj.\u200fexe",
  "https://example.org/\u200a\u202egpj.exe",
  "\u202egpj.exe/https://example.org/",
  "\u2067gpj.\u200fexe/https://example.org/",
]) {
  test(`nothing turns round beside a link: ${JSON.stringify(text)}`, () => {
    assert.ok(TURNING.test(text));
    const shown = linkify(text);
    assert.ok(shown.some(({ href }) => href?.startsWith("https://example.org/")));
    for (const piece of shown) assert.doesNotMatch(piece.text, TURNING);
  });
}

test("what turned round is named, once for a run of it", () => {
  const pieces = linkify("https://example.org/\u202e\u202egpj.exe");
  assert.deepEqual(
    pieces.map(({ text }) => text),
    ["https://example.org/", "[U+202E]gpj.exe"],
  );
});

test("marks that Arabic and Hebrew need stay, apart from links", () => {
  const text = "\u2067שלום\u2069 https://example.org/ \u200fمرحبا";
  assert.equal(
    linkify(text)
      .map((piece) => piece.text)
      .join(""),
    text,
  );
});

const MAX_MS = 50; // for a text of full length

/** What a stranger repeats, up to a whole message. */
const HOSTILE = [
  ["https://a.b/", ")"],
  ["https://a.b/", "("],
  ["https://a.b/", "()"],
  ["https://a.b/", ".,;:)"],
  ["", "http://"],
  ["", "http:// "],
  ["", "xhttp://a "],
  ["", "http://, "],
  ["", "www."],
  ["", "www.a.b "],
  ["", "a@"],
  ["", "a@b.c "],
  ["", "a"],
  ["", "a."],
  ["", "a.b.c-d+e_"],
  ["a@", "a."],
  ["a@", "a-"],
  ["", "mailto:"],
  ["", "mailto:a@b.c,"],
  ["https://", "é"],
  ["https://", "\u202e"],
  ["https://", "a."],
  ["https://", "[:"],
  ["https://a.b/", "\u202e"],
  ["https://a.b", "\u200b"],
  ["https://a.b/ ", "\u202e"],
  ["\u202e", " https://a.b/\u202e"],
];
const filled = ([start, part]) => {
  const text = start + part.repeat(Math.ceil(TEXT_MAX / part.length));
  return [text.slice(0, TEXT_MAX), `${text.slice(0, TEXT_MAX - 9)} and more`];
};
const manyHan = `https://${Array.from({ length: 10_000 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join("")}.example`;

const timeOf = (work) => {
  const began = performance.now();
  work();
  return performance.now() - began;
};

test("a text of full length is looked through in no time, whatever it is", () => {
  for (const text of [...HOSTILE.flatMap(filled), manyHan]) {
    const took = Math.min(...[1, 2, 3].map(() => timeOf(() => linkify(text)))); // others share the machine
    assert.ok(took < MAX_MS, `${Math.round(took)} ms for ${JSON.stringify(text.slice(0, 30))}`);
  }
});

test("the URL parser reads each character of a text a few times at most", (t) => {
  const { canParse } = URL;
  let read = 0;
  t.mock.method(URL, "canParse", (text) => {
    read += text.length;
    return canParse(text);
  });
  for (const text of HOSTILE.flatMap(filled)) {
    read = 0;
    linkify(text);
    assert.ok(read <= 3 * text.length, `${read} of ${text.length} for ${JSON.stringify(text.slice(0, 30))}`);
  }
  linkify("https://a.b/");
  assert.ok(read > 0);
});

test("a message has so many links and no more, and none of its text is lost", () => {
  const text = "www.a.b ".repeat(CANDIDATES_MAX + 5);
  const pieces = linkify(text);
  assert.equal(pieces.filter(({ href }) => href).length, CANDIDATES_MAX);
  assert.equal(pieces.map((piece) => piece.text).join(""), text);
});
