import assert from "node:assert/strict";
import { test } from "node:test";

import { withoutPlaces } from "../../static/js/chat/filmplaces.js";
import { ascii, box, filmInPieces, SECRET, u32 } from "./made_files.js";

const tells = (bytes) => Buffer.from(bytes).includes(SECRET);

async function silent(film) {
  const { film: left, ...rest } = await withoutPlaces(new Blob([film]));
  return { left: new Uint8Array(await left.arrayBuffer()), ...rest };
}

test("the way in a film in pieces becomes zeros, and nothing else moves", async () => {
  const film = filmInPieces();
  const { left, less, more } = await silent(film);
  assert.deepEqual({ less, more }, { less: true, more: false });
  assert.equal(tells(film), true);
  assert.equal(tells(left), false);
  assert.equal(left.length, film.length);
  for (const word of ["frame one ", "frame two ", "vide", "mvex"])
    assert.equal(Buffer.from(left).indexOf(word), Buffer.from(film).indexOf(word));
  assert.equal(Buffer.from(left).toString("latin1").split("traf").length - 1, 2); // of the pictures
  assert.equal(Buffer.from(left).includes("mfra"), false); // it counts the parts of a piece
  assert.deepEqual(await silent(left), { left, less: false, more: false });
});

test("a piece loses what cameras write into it, and a piece that has nothing stays the file's own", async () => {
  const boxes = ["udta", "uuid", "meta", "free"].map((name) => box(name, ascii(SECRET)));
  const moof = box("moof", box("mfhd", Buffer.alloc(8)), ...boxes);
  const { left, more } = await silent(filmInPieces({ moreBoxes: [moof] }));
  assert.deepEqual([tells(left), more], [false, false]);
});

test("a piece that holds what nobody here knows says so", async () => {
  for (const inside of [box("gps ", ascii(SECRET)), box("traf", box("gps ", ascii(SECRET)))]) {
    const { left, more } = await silent(filmInPieces({ moreBoxes: [box("moof", inside)] }));
    assert.deepEqual([tells(left), more], [true, true]);
  }
});

const of = (flags, number, words, ...boxes) => box("traf", box("tfhd", u32(flags), u32(number), ...words), ...boxes);
const run = (flags, count, ...words) => box("trun", u32(flags), u32(count), ...words.map(u32));
const tkhd = (number) => box("tkhd", Buffer.alloc(12), u32(number), Buffer.alloc(68));
const sub = box("mdia", box("hdlr", Buffer.alloc(8), ascii("sbtl"), Buffer.alloc(13)));
for (const [name, how] of [
  ["that begins where another one ends", { first: [of(0, 1, []), of(0, 2, [], run(1, 1, 0))] }],
  ["behind which another one begins where it ends", { first: [of(0x20000, 2, [], run(0, 0)), of(0, 1, [])] }],
  ["outside of what holds frames", { first: [of(0x20000, 2, [], run(1, 1, 8))] }],
  ["before the film", { first: [of(0x20000, 2, [], run(1, 1, 2 ** 32 - 4000))] }],
  ["whose run is cut off", { first: [of(0x20000, 2, [], box("trun", u32(1)))] }],
  ["of more samples than its run has sizes of", { first: [of(0x20000, 2, [], run(0x201, 9, 0, 1))] }],
  ["whose head is cut off", { first: [of(0x20011, 2, [], run(1, 1, 0))] }],
  ["of 2^32 samples of 4 GiB", { first: [of(0x20010, 2, [u32(2 ** 32 - 1)], run(1, 2 ** 32 - 1, 0))] }],
  ["of a size that nobody says", { moreTracks: [box("mvex", box("trex", u32(0), u32(2), Buffer.alloc(16)))] }],
  ["of a number that another one has", { moreTracks: [box("trak", tkhd(2), sub)] }],
  ["in more pieces than a page bears", { first: [of(0x20000, 2, [], ...Array(6000).fill(run(1, 1, 0)))] }],
]) {
  test(`a track in pieces ${name} stays, and the film says so`, async () => {
    const { left, more } = await silent(filmInPieces(how));
    assert.deepEqual([more, tells(left)], [true, true]);
  });
}

test("a film in pieces of more boxes than a page bears stays as it is", async () => {
  const piece = box("moof", ...Array(9000).fill(box("traf")));
  assert.equal(await withoutPlaces(new Blob([filmInPieces({ moreBoxes: Array(23).fill(piece) })])), null);
});

test("a track in pieces without a number, or with two, stays, and the film says so", async () => {
  for (const heads of [[], [tkhd(3), tkhd(3)], [box("tkhd", Buffer.alloc(8))]]) {
    const { left, less, more } = await silent(filmInPieces({ moreTracks: [box("trak", ...heads, sub)] }));
    assert.deepEqual({ less, more }, { less: true, more: true });
    assert.equal(Buffer.from(left).includes("sbtl"), true);
  }
});

test("samples of a track that is none make the film say that more stays in it", async () => {
  for (const traf of [of(0x20000, 9, [], run(1, 1, 0)), box("traf"), box("traf", box("tfhd", u32(0)))]) {
    const { less, more } = await silent(filmInPieces({ moreBoxes: [box("moof", traf)] }));
    assert.deepEqual({ less, more }, { less: true, more: true });
  }
});

test("an empty piece of the way is none, and numbers of long films stand elsewhere", async () => {
  const long = box("tkhd", Buffer.from([1, 0, 0, 0]), Buffer.alloc(16), u32(3), Buffer.alloc(72));
  const here = box("dinf", box("dref", Buffer.alloc(4), u32(1), box("url ", Buffer.from([0, 0, 0, 1]))));
  const none = box("stbl", ...["stsc", "stco"].map((name) => box(name, u32(0), u32(0))), box("stsz", Buffer.alloc(12)));
  const media = box("mdia", box("hdlr", Buffer.alloc(8), ascii("text"), Buffer.alloc(13)), box("minf", here, none));
  const moof = box("moof", of(0x20000, 3, [], run(0, 0)));
  const { left, less, more } = await silent(
    filmInPieces({ moreTracks: [box("trak", long, media)], moreBoxes: [moof] }),
  );
  assert.deepEqual([tells(left), less, more], [false, true, false]);
});

test("a film in pieces with any byte changed ends in no error, and is as long", async () => {
  const film = filmInPieces();
  for (let at = 0; at < film.length; at++) {
    for (const value of [0, 1, 255]) {
      const found = await withoutPlaces(new Blob([film.with(at, value)]));
      if (found) assert.equal(found.film.size, film.length);
    }
  }
});
