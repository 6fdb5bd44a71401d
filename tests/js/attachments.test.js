import assert from "node:assert/strict";
import { test } from "node:test";
import { barsOf, boxRatio, kindOf, largeOnes } from "../../static/js/chat/attachmentkinds.js";
import { fileName, savedName } from "../../static/js/chat/filenames.js";
import { fits, HEAD_BYTES, isPhoto, PIXELS_MAX, sniff, THUMB_PIXELS_MAX } from "../../static/js/chat/filetypes.js";
import { dangerWords, durationWords, sizeWords, summaryWords } from "../../static/js/ui/attachmentwords.js";

const named = (name) => Object.values(fileName(name)).slice(0, 2).join("|");

test("a name that turns the text round is shown with its real ending", () => {
  assert.equal(named("invoice\u202efdp.exe"), "invoicefdp|.exe");
  assert.equal(savedName("invoice\u202efdp.exe", "File"), "invoicefdp.exe");
  assert.equal(fileName("invoice\u202efdp.exe").danger, "program");
  for (const turn of "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u0000\u001b\u007f\u2028\ufeff")
    assert.equal(named(`a${turn}b.t${turn}xt`), "ab|.txt", turn.charCodeAt(0).toString(16));
});

test("an ending cannot be hidden", () => {
  assert.equal(named("photo.jpg                                  .exe"), "photo.jpg |.exe");
  assert.equal(named(`photo.jpg${"\u3164".repeat(50)}.exe`), "photo.jpg |.exe");
  assert.equal(named("setup.exe. . ."), "setup|.exe");
  assert.equal(named("setup.e\u200dxe"), "setup|.exe");
  assert.equal(named("setup.ｅｘｅ"), "setup|.exe");
  for (const unseen of ["\ufe0f", "\u034f", "\u180b", "\u17b4", "\u200d", "\u200c"]) {
    assert.equal(named(`setup.ex${unseen}e${unseen}`), "setup|.exe");
    assert.equal(named(`setup.exe.${unseen}`), "setup|.exe");
  }
  assert.equal(named("SETUP.EXE"), "SETUP|.exe");
  for (const name of ["a.svg", "a.HTML", "a.xhtml"]) assert.equal(fileName(name).danger, "page");
  for (const name of ["a.pdf", "a.txt", "a.zip", "a", ""]) assert.equal(fileName(name).danger, undefined);
  assert.match(dangerWords({ name: "x.ps1" }), /^\.ps1 files can run programs/);
  assert.match(dangerWords({ name: "x.svg" }), /^\.svg files can run scripts/);
  assert.equal(dangerWords({ name: "x.png" }), "");
});

test("names of any length, of emoji alone, of nothing", () => {
  assert.equal(named("👩‍👩‍👧‍👦🎉"), "👩‍👩‍👧‍👦🎉|");
  assert.equal(savedName("👩‍👩‍👧‍👦🎉.png", "File"), "👩‍👩‍👧‍👦🎉.png");
  assert.equal(savedName("", "File"), "File");
  assert.equal(savedName("\u202e\u0007", "File"), "File");
  assert.equal(savedName("../../etc/passwd", "File"), "_.._etc_passwd");
  assert.equal(savedName("con.txt", "File"), "_con.txt");
  const long = `${"ä".repeat(4000)}.pdf`;
  assert.equal(fileName(long).ending, ".pdf");
  assert.ok(fileName(long).base.length < 1100);
  assert.ok(new TextEncoder().encode(savedName(long, "File")).length <= 200);
  assert.ok(new TextEncoder().encode(savedName("👩‍👩‍👧‍👦".repeat(1000), "File")).length <= 200);
});

const kind = (mime, more = {}) => kindOf({ mime, name: "x", ...more });

test("only listed kinds are shown, and no disguised name", () => {
  assert.equal(kind("image/png"), "picture");
  assert.equal(kind("video/mp4"), "video");
  assert.equal(kind("audio/mp4"), "audio");
  assert.equal(kind("audio/webm;codecs=opus", { wave: "AAAA" }), "voice");
  for (const mime of ["image/svg+xml", "text/html", "application/pdf", "image/heic", "", "image/x-icon", "nonsense"])
    assert.equal(kind(mime), "file", mime);
  assert.equal(kind("image/png", { name: "a.png.exe" }), "file");
  assert.equal(kind("image/png", { name: "a.svg" }), "file");
});

test("the box of a picture is known before its bytes", () => {
  assert.equal(boxRatio({ w: 300, h: 200 }), 1.5);
  assert.equal(boxRatio({}), 4 / 3);
  assert.equal(boxRatio({ w: 0, h: 10 }), 4 / 3);
  assert.equal(boxRatio({ w: 1e15, h: 1e15 }), 4 / 3);
  assert.equal(boxRatio({ w: 90_000, h: 1 }), 2.4);
  assert.equal(boxRatio({ w: 1, h: 90_000 }), 0.625);
});

test("an album fills its rows", () => {
  for (let count = 2; count <= 10; count++) {
    const large = largeOnes(count);
    assert.equal(large % 2, 0);
    assert.equal((count - large) % 3, 0, `${count}`);
  }
});

test("a wave is bars, whatever it says", () => {
  assert.deepEqual(barsOf(btoa("\x00\xff"), 4), [0, 0, 1, 1]);
  assert.deepEqual(barsOf("", 2), [0, 0]);
  assert.deepEqual(barsOf("***", 2), [0, 0]);
});

const att = (mime, name = "x", more = {}) => ({ mime, name, size: 1, ...more });

test("attachments in words", () => {
  assert.equal(summaryWords({ body: "hello" }), "hello");
  assert.equal(summaryWords({ body: "", att: [att("image/png")] }), "Photo");
  assert.equal(summaryWords({ body: "look", att: [att("image/png")] }), "Photo: look");
  assert.equal(summaryWords({ body: "", att: [att("image/png"), att("image/gif"), att("image/webp")] }), "3 photos");
  assert.equal(summaryWords({ body: "", att: [att("image/png"), att("video/mp4")] }), "2 photos and videos");
  assert.equal(summaryWords({ body: "", att: [att("audio/mp4", "x", { wave: "AA==" })] }), "Voice message");
  assert.equal(summaryWords({ body: "", att: [att("application/pdf", "a\u202e.pdf")] }), "a.pdf");
  assert.equal(summaryWords({ body: "", att: [att("application/pdf"), att("image/png")] }), "2 files");
  const long = summaryWords({ body: "", att: [att("application/pdf", `x${"🦊".repeat(90)}.exe`)] });
  assert.equal(long, `x${"🦊".repeat(59)}.exe`); // whole characters, and what the file is
});

test("sizes and durations", () => {
  assert.equal(sizeWords(0), "0 bytes");
  assert.equal(sizeWords(1), "1 byte");
  assert.equal(sizeWords(999), "999 bytes");
  assert.equal(sizeWords(1000), "1 kB");
  assert.equal(sizeWords(3_440_000), "3.4 MB");
  assert.equal(sizeWords(2 ** 31), "2.1 GB");
  assert.equal(durationWords(65_000), "1:05");
  assert.equal(durationWords(3_723_000), "1:02:03");
  assert.equal(durationWords(0), "0:00");
});

const bytes = (...parts) =>
  Uint8Array.from(parts.flatMap((one) => (typeof one === "string" ? [...one].map((c) => c.charCodeAt(0)) : one)));
const PNG = bytes("\x89PNG\r\n\x1a\n", [0, 0, 0, 13], "IHDR", [0, 0, 3, 0, 0, 0, 2, 0, 8, 2, 0, 0, 0], [0, 0, 0, 0]);
const JPEG = bytes("\xff\xd8\xff\xe1", [0, 6], "Exif", "\xff\xc0", [0, 11, 8, 1, 0, 2, 0, 1], [0, 0, 0]);
const GIF_HEAD = bytes("GIF89a", [16, 0, 8, 0, 0, 0, 0]);
const FRAME = [0x2c, 0, 0, 0, 0, 16, 0, 8, 0, 0, 2, 1, 9, 0];

test("what bytes are, and how large", () => {
  assert.deepEqual(sniff(PNG), { family: "picture", mime: "image/png", w: 768, h: 512, moves: false });
  assert.deepEqual(sniff(JPEG), { family: "picture", mime: "image/jpeg", w: 512, h: 256 });
  const still = sniff(bytes([...GIF_HEAD], FRAME, [0x3b]));
  assert.deepEqual(still, { family: "picture", mime: "image/gif", w: 16, h: 8, moves: false });
  assert.equal(sniff(bytes([...GIF_HEAD], FRAME, FRAME, [0x3b]))?.moves, true);
  const webp = bytes("RIFF", [0, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0, 2, 0, 0, 0, 99, 0, 0, 49, 0, 0]);
  assert.deepEqual(sniff(webp), { family: "picture", mime: "image/webp", w: 100, h: 50, moves: true });
  assert.equal(sniff(bytes([0, 0, 0, 24], "ftypisom"))?.mime, "video/mp4");
  assert.equal(sniff(bytes([0, 0, 0, 24], "ftypM4A "))?.family, "audio");
  assert.equal(sniff(bytes("OggS"))?.family, "video");
});

test("what is not shown: markup, programs, documents, HEIC, nothing, and what was cut off", () => {
  for (const text of ["<svg xmlns=", "<!doctype html>", "%PDF-1.7", "MZ\x90", "#!/bin/sh", "PK\x03\x04", ""])
    assert.equal(sniff(bytes(text)), null, text);
  assert.equal(sniff(bytes([0, 0, 0, 24], "ftypheic")), null);
  for (const whole of [PNG, JPEG, GIF_HEAD]) {
    for (let length = 0; length < whole.length; length++) sniff(whole.slice(0, length)); // no traceback
  }
  assert.equal(sniff(JPEG.slice(0, 12)), null);
});

test("a picture bomb is known before it is decoded", () => {
  const bomb = PNG.slice();
  bomb.set([0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30], 16); // 30,000 by 30,000
  const type = sniff(bomb);
  assert.ok(type && !fits(type));
  assert.ok(fits({ family: "picture", mime: "image/png", w: 8000, h: 6000 }));
  assert.ok(!fits({ family: "picture", mime: "image/png", w: 0, h: 6000 }));
  assert.ok(!fits({ family: "picture", mime: "image/png", w: 20_000, h: 10 }));
  assert.ok(!fits({ family: "picture", mime: "image/webp", w: 4000, h: 4000 }, THUMB_PIXELS_MAX));
  assert.ok(PIXELS_MAX < 2 ** 26);
  const wide = sniff(bytes([...GIF_HEAD], [0x2c, 0, 0, 0, 0, 255, 255, 255, 255, 0, 2, 1, 9, 0], [0x3b]));
  assert.ok(wide && !fits(wide)); // decoders make the canvas as large as the first frame
  const late = sniff(new Uint8Array([...GIF_HEAD, 0x21, 0xfe, ...Array(HEAD_BYTES).fill(1)]));
  assert.ok(late && !fits(late));
  const frame = "\xff\xc0\0\x11\x08\0\x01\0\x01";
  for (const bare of ["\xff\x00", "\xff\x01", "\xff\xd0", "\xff\xd7"]) {
    const [small, skipped] = [bytes(frame), bytes("\xff\xd8", bare, "\0\x04", "\xff\xc0")];
    assert.equal(sniff(bytes([...skipped], [...small])), null, "two readings of one picture");
  }
});

test("what cameras and picture programs write is taken for a picture that may tell the place, also where nothing shows it", () => {
  const raw = ["II*\0", "MM\0*", "IIRO", "MMOR", "IIU\0", "FUJIFILMCCD-RAW ", "FOVb", "8BPS", "\0\0\0\x18ftypcrx "];
  for (const text of [...raw, "\0\0\0\x0cJXL \r\n", "\0\0\0\x0cjP  \r\n", "\xff\xd8\xff"]) {
    assert.equal(isPhoto(bytes(text)), true, text);
    assert.equal(sniff(bytes(text)), null, text);
  }
  for (const text of ["", "II", "%PDF-1.7", "\0\0\0\x18ftypisom", "<svg", "PK\x03\x04"])
    assert.equal(isPhoto(bytes(text)), false, text);
});
