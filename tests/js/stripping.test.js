import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { sniff } from "../../static/js/chat/filetypes.js";
import { withoutPlaces } from "../../static/js/chat/filmplaces.js";
import { heifSize } from "../../static/js/chat/heif.js";
import { isTurned, stripped } from "../../static/js/chat/stripping.js";
import { ascii, box, filmOfTheWay, gif, heic, joined, mp4, png, SECRET, u32, webp } from "./made_files.js";

const tells = (bytes) => Buffer.from(bytes).includes(SECRET);
const clean = (bytes, mime) => {
  const parts = stripped(bytes, mime);
  return parts && joined(...parts);
};

const PICTURES = [
  ["a PNG", "image/png", png({ orientation: 6 })],
  ["an animated PNG", "image/png", png({ moves: true })],
  ["a GIF", "image/gif", gif()],
  ["a WebP", "image/webp", webp()],
];

for (const [name, mime, bytes] of PICTURES) {
  test(`${name} keeps its pixels and its motion, and loses what was written into it`, () => {
    assert.ok(tells(bytes));
    const left = clean(bytes, mime);
    assert.ok(!tells(left));
    assert.deepEqual(sniff(left), sniff(bytes));
    assert.deepEqual(clean(left, mime), left); // what is clean stays as it is
  });

  test(`${name} that is cut off anywhere is stripped as far as it goes, or refused`, () => {
    for (let length = 0; length < bytes.length; length++) {
      const left = clean(bytes.slice(0, length), mime);
      if (left) assert.ok(!tells(left), `${length} bytes`);
    }
  });

  test(`${name} with any byte changed ends in no error`, () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 1, 127, 255]) clean(bytes.with(at, value), mime);
    }
  });
}

test("lengths that lie lead nowhere", () => {
  const long = png();
  long.set([0xff, 0xff, 0xff, 0xff], 33); // of the block behind the head
  assert.equal(stripped(long, "image/png"), null);
  assert.equal(stripped(ascii("no picture"), "image/webp"), null);
  assert.equal(stripped(png(), "image/jpeg"), null); // JPEG is drawn again, always
});

test("a picture that lies on its side is not stripped of the word that says so", () => {
  assert.equal(isTurned(png({ orientation: 6 }), "image/png"), true);
  assert.equal(isTurned(png({ orientation: 1 }), "image/png"), false);
  assert.equal(isTurned(png(), "image/png"), false);
  assert.equal(isTurned(webp({ orientation: 8 }), "image/webp"), true);
  assert.equal(isTurned(webp(), "image/webp"), false);
});

test("a film loses place and times, and no frame moves", async () => {
  const film = mp4();
  const cleaned = await withoutPlaces(new Blob([film]));
  assert.equal(cleaned.more, false);
  const left = new Uint8Array(await cleaned.film.arrayBuffer());
  assert.ok(tells(film));
  assert.ok(!tells(left));
  assert.equal(left.length, film.length);
  assert.equal(Buffer.from(left).indexOf("the frames"), Buffer.from(film).indexOf("the frames"));
  assert.ok(!left.includes(7)); // when it was made
});

test("a film says whether it has tracks besides pictures and sound: the way may be among them", async () => {
  const more = async (...tracks) => (await withoutPlaces(new Blob([mp4({ tracks })]))).more;
  assert.equal(await more("vide"), false);
  assert.equal(await more("soun", "vide", "tmcd"), false);
  for (const track of ["meta", "text", "sbtl", "gpmd", ""]) assert.equal(await more("vide", track), true, track);
  assert.equal(await more(), false);
});

/** What is left of a film. */
async function silent(film) {
  const { film: left, ...rest } = await withoutPlaces(new Blob([film]));
  return { left: new Uint8Array(await left.arrayBuffer()), ...rest };
}

for (const [name, how] of [
  ["of an action camera", {}],
  ["of a phone", { kind: "camm", entry: "camm" }],
  ["of a drone, in subtitles", { kind: "sbtl", entry: "tx3g" }],
  ["in a film of more than 4 GiB", { wide: true }],
  ["whose samples are all alike", { each: SECRET.length }],
]) {
  test(`the way in a track ${name} becomes zeros, and nothing else moves`, async () => {
    const film = filmOfTheWay(how);
    const { left, less, more } = await silent(film);
    assert.deepEqual({ less, more }, { less: true, more: false });
    assert.ok(!tells(left));
    assert.ok(!Buffer.from(left).includes(how.entry ?? "gpmd"));
    assert.equal(left.length, film.length);
    for (const frame of ["frame one ", "frame two ", "frame three", "vide"])
      assert.equal(Buffer.from(left).indexOf(frame), Buffer.from(film).indexOf(frame));
    assert.deepEqual(await silent(left), { left, less: false, more: false }); // no such track is left
  });
}

// Made by FFmpeg: one second of pictures, the place as its title, and two subtitles that say where it was.
test("a real film loses the place, and a track that tells the way", async () => {
  const film = new Uint8Array(readFileSync(new URL("film_with_places.mp4", import.meta.url)));
  const { left, less, more } = await silent(film);
  assert.deepEqual({ less, more }, { less: true, more: false });
  for (const word of [SECRET, "N 48 12.345 E 11 34.999", "sbtl", "tx3g"]) {
    assert.ok(Buffer.from(film).includes(word), word);
    assert.ok(!Buffer.from(left).includes(word), word);
  }
  const start = Buffer.from(film).indexOf("mdat") + 4;
  assert.deepEqual(left.slice(start, start + 500), film.slice(start, start + 500)); // frames come first
});

const AT = 38; // where the way begins

test("a film with a piece of the way that is empty, behind the last frame, has its index once", async () => {
  const frames = filmOfTheWay().length - filmOfTheWay().slice(Buffer.from(filmOfTheWay()).indexOf("moov") - 4).length;
  const film = filmOfTheWay({
    sizes: [SECRET.length, 0, 0],
    chunks: [AT, frames],
    moreBoxes: [box("udta", ascii(SECRET))],
  });
  const { left, less } = await silent(film);
  assert.deepEqual([left.length, less], [film.length, true]);
  assert.equal(Buffer.from(left).indexOf(SECRET, frames), -1);
});

test("free space is emptied: some cameras write the way there", async () => {
  const free = ["free", "skip"].map((name) => box(name, ascii(SECRET)));
  const { left, less, more } = await silent(
    joined(mp4(), ...free, box("moov", box("mvhd", Buffer.alloc(12)), ...free)),
  );
  assert.ok(!tells(left));
  assert.deepEqual({ less, more }, { less: false, more: false });
});

test("a film loses the names that its camera gave to the tracks", async () => {
  const name = ascii(SECRET);
  const handler = box("hdlr", Buffer.alloc(8), ascii("vide"), Buffer.alloc(12), name);
  const [head, marks] = [Buffer.alloc(42), Buffer.alloc(32)];
  ascii("GoPr").forEach((byte, n) => void (head[12 + n] = byte));
  name.subarray(0, 32).forEach((byte, n) => void (marks[n] = byte));
  const picture = box("avc1", head, marks, Buffer.alloc(4), box("avcC", ascii("stays")));
  const described = box("stsd", u32(0), u32(1), picture);
  const media = box("mdia", handler, box("minf", box("stbl", described)));
  const film = joined(mp4(), box("moov", box("trak", media)));
  const { left, more } = await silent(film);
  assert.deepEqual([tells(left), Buffer.from(left).includes("GoPr"), more], [false, false, false]);
  assert.ok(Buffer.from(left).includes("avcC" + "stays"));
  assert.equal(left.length, film.length);
});

const VIDE = box("mdia", box("hdlr", Buffer.alloc(8), ascii("vide"), Buffer.alloc(13)));
for (const [name, ...boxes] of [
  ["beside the index", box("sefd", ascii(SECRET))],
  ["in the index", box("moov", box("gps ", ascii(SECRET)))],
  ["in a track", box("moov", box("trak", VIDE, box("what", ascii(SECRET))))],
  [
    "in an index in indexes",
    box("moov", box("moov", box("moov", box("moov", box("moov", box("udta", ascii(SECRET))))))),
  ],
  ["behind a box that is longer than the index", box("moov", u32(99), ascii("udta"), ascii(SECRET))],
]) {
  test(`a film says that something stays in it that nobody knows ${name}`, async () => {
    const { left, more } = await silent(joined(mp4(), ...boxes));
    assert.deepEqual([tells(left), more], [true, true]);
  });
}

test("a film of more than memory should hold outside of its frames is not touched, nor read", async () => {
  const [size, head] = [40 * 1024 * 1024, box("uuid", Buffer.alloc(8))];
  const read = [];
  const slice = (from, to) => {
    read.push(to - from);
    return new Blob([joined(u32(size), head.slice(4))]);
  };
  assert.equal(await withoutPlaces({ size: 3 * size, slice }), null);
  assert.deepEqual(read, [16, size, 16]);
});

test("two indexes have no more pieces between them than a page bears", async () => {
  const film = filmOfTheWay({ each: 1, count: 3000, chunks: Array.from({ length: 3000 }, () => AT), runs: [1, 1, 1] });
  const index = film.slice(Buffer.from(film).indexOf("moov") - 4);
  const { less, more } = await silent(joined(film, index));
  assert.deepEqual({ less, more }, { less: true, more: true });
});

test("a track in many pieces becomes zeros piece by piece", async () => {
  const [count, chunks] = [40, Array.from({ length: 40 }, (_, n) => AT + 2 * n)];
  const film = filmOfTheWay({ each: 1, count, chunks, runs: [1, 1, 1] });
  const { left, less } = await silent(film);
  assert.equal(less, true);
  for (let at = AT - 1; at <= AT + 80; at++) assert.equal(left[at], chunks.includes(at) ? 0 : film[at], `${at}`);
});
for (const [name, how] of [
  ["that lies beside the film", { place: box("url ", Buffer.alloc(4)) }],
  ["of which it is not said where it lies", { place: Buffer.alloc(0) }],
  ["with two tables", { tables: 2 }],
  ["without a table", { tables: 0 }],
  ["outside of what holds frames", { chunks: [AT, 4000] }],
  ["in the index", { chunks: [AT, 150] }],
  ["before the frames", { chunks: [4, AT] }],
  ["of more samples than it has sizes of", { runs: [1, 4, 1] }],
  ["of fewer chunks than samples", { chunks: [AT] }],
  ["of chunks that begin with the second", { runs: [2, 1, 1] }],
  ["without runs", { runs: [] }],
  ["of fewer sizes than it says", { count: 500_000 }],
  ["of samples of 4 GiB each", { each: 2 ** 32 - 1, count: 2 ** 32 - 1, runs: [1, 2 ** 32 - 1, 1], chunks: [AT] }],
  [
    "in more pieces than a page bears",
    { count: 30_000, sizes: Array(30_000).fill(1), runs: [1, 1, 1], chunks: Array(30_000).fill(AT) },
  ],
]) {
  test(`a track ${name} stays, and the film says so`, async () => {
    const film = filmOfTheWay(how);
    const { left, less, more } = await silent(film);
    assert.deepEqual({ less, more }, { less: false, more: true });
    assert.deepEqual(left, film);
  });
}

test("a track of the way with any byte changed ends in no error, and the film is as long", async () => {
  const film = filmOfTheWay();
  for (let at = 0; at < film.length; at++) {
    for (const value of [0, 255]) {
      const found = await withoutPlaces(new Blob([film.with(at, value)]));
      if (found) assert.equal(found.film.size, film.length);
    }
  }
});

test("samples that lie over each other, and more of them than memory should hold, are zeros once", async () => {
  const size = 3 * 1024 * 1024;
  const head = filmOfTheWay({ each: size - 100, chunks: [28, 100], runs: [1, 1, 1], count: 2 });
  const index = head.slice(Buffer.from(head).indexOf("moov") - 4);
  const frames = box("mdat", Buffer.alloc(size, 1));
  const { left, less } = await silent(joined(head.slice(0, 20), frames, index));
  assert.equal(less, true);
  assert.equal(left.length, 20 + frames.length + index.length);
  assert.equal(
    left.subarray(28, 28 + size - 28).findIndex((byte) => byte !== 0),
    -1,
  );
  assert.equal(left[28 + size - 1], 1);
});

test("a film of more boxes than any camera writes is not touched: to look at them would take minutes", async () => {
  const tracks = (count) => new Blob([mp4({ tracks: Array(count).fill("vide") })]);
  assert.equal((await withoutPlaces(tracks(100))).more, false);
  assert.equal(await withoutPlaces(tracks(5_000)), null);
});

test("a film that cannot be followed from box to box is not touched", async () => {
  const film = mp4();
  for (const broken of [film.slice(0, -3), film.with(3, 3), ascii("RIFF"), joined(film, ascii("rest"))]) {
    assert.equal(await withoutPlaces(new Blob([broken])), null);
  }
  for (let at = 0; at < film.length; at++) {
    for (const value of [0, 1, 8, 255]) await withoutPlaces(new Blob([film.with(at, value)]));
  }
});

test("a picture of a phone is known, with the size of the largest of its parts", () => {
  assert.deepEqual(heifSize(heic()), { w: 4032, h: 3024 });
  assert.deepEqual(heifSize(heic().slice(0, 24)), { w: 0, h: 0 });
  assert.equal(heifSize(mp4()), null);
  assert.equal(heifSize(ascii("ftyp")), null);
});
