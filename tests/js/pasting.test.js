import assert from "node:assert/strict";
import { test } from "node:test";

import { meant } from "../../static/js/ui/pasting.js";

const picture = { name: "image.png", type: "image/png" };
const report = { name: "report.pdf", type: "application/pdf" };

test("words win over a picture of them, and a picture alone is attached", () => {
  assert.equal(meant({ files: [], text: "hello" }), "text");
  assert.equal(meant({ files: [picture], text: "1\t2\n3\t4" }), "text_or_picture");
  assert.equal(meant({ files: [picture], text: "" }), "files");
  assert.equal(meant({ files: [picture], text: "  \n" }), "files");
});

test("the names that a file manager puts beside its files are no words", () => {
  assert.equal(meant({ files: [report], text: "report.pdf" }), "files");
  assert.equal(meant({ files: [picture], text: "image.png" }), "files");
  assert.equal(meant({ files: [picture], text: "/home/alice/image.png" }), "files");
  assert.equal(meant({ files: [picture], text: "file:///tmp/image.png\r\n" }), "files");
  assert.equal(meant({ files: [report], text: "anything" }), "files");
});
