import assert from "node:assert/strict";
import { test } from "node:test";
import { linkify } from "../../static/js/ui/linkify.js";

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

test("a link whose text says one host and whose address is another is shown as written", () => {
  assert.deepEqual(links("https://bank.example@evil.example/"), [
    ["https://bank.example@evil.example/", "https://bank.example@evil.example/"],
  ]);
});
