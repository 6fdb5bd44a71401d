// Small files with everything in them that must not be sent, made byte by byte.

import { crc32, deflateSync } from "node:zlib";

export const SECRET = "N 48 12.345 E 11 34.567";

export const ascii = (text) => Buffer.from(text, "latin1");
export const joined = (...parts) => new Uint8Array(Buffer.concat(parts));
export const u32 = (value) => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const u32le = (value) => Buffer.from(u32(value)).reverse();
const u16le = (value) => Buffer.from([value & 255, value >>> 8]);

/** A TIFF with one entry, the orientation, and the secret behind it. */
export function exif(orientation = 1) {
  const entry = [u16le(0x0112), u16le(3), u32le(1), u16le(orientation), u16le(0)];
  return Buffer.concat([ascii("II*\0"), u32le(8), u16le(1), ...entry, u32le(0), ascii(SECRET)]);
}

const chunk = (name, body) => {
  const named = Buffer.concat([ascii(name), body]);
  return Buffer.concat([u32(body.length), named, u32(crc32 ? crc32(named) : 0)]);
};

export function png({ w = 2, h = 1, orientation, moves = false, texts = true } = {}) {
  const head = Buffer.concat([u32(w), u32(h), Buffer.from([8, 2, 0, 0, 0])]);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(3 * w, 200)]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: h }, () => row)));
  const control = (n) => Buffer.concat([u32(n), u32(w), u32(h), u32(0), u32(0), Buffer.from([0, 1, 0, 1, 0, 0])]);
  return joined(
    ascii("\x89PNG\r\n\x1a\n"),
    chunk("IHDR", head),
    ...(moves ? [chunk("acTL", Buffer.concat([u32(2), u32(0)])), chunk("fcTL", control(0))] : []),
    ...(orientation ? [chunk("eXIf", exif(orientation))] : []),
    ...(texts
      ? [chunk("tEXt", ascii(`Comment\0${SECRET}`)), chunk("iTXt", ascii(`XML:com.adobe.xmp\0${SECRET}`))]
      : []),
    chunk("IDAT", pixels),
    ...(moves ? [chunk("fcTL", control(1)), chunk("fdAT", Buffer.concat([u32(2), pixels]))] : []),
    chunk("IEND", Buffer.alloc(0)),
    ...(texts ? [ascii(`behind the end: ${SECRET}`)] : []),
  );
}

const GIF_FRAME = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
const gifBlocks = (text) => [text.length, ...ascii(text), 0];

export function gif({ frames = 2 } = {}) {
  const shown = Array.from({ length: frames }, () => [0x21, 0xf9, 4, 0, 10, 0, 0, 0, ...GIF_FRAME]).flat();
  return joined(
    ascii("GIF89a"),
    Buffer.from([1, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255]),
    Buffer.from([0x21, 0xff, 11, ...ascii("NETSCAPE2.0"), 3, 1, 0, 0, 0]),
    Buffer.from([0x21, 0xfe, ...gifBlocks(SECRET)]),
    Buffer.from([0x21, 0xff, 11, ...ascii("XMP DataXMP"), ...gifBlocks(SECRET)]),
    Buffer.from(shown),
    Buffer.from([0x3b]),
    ascii(SECRET),
  );
}

const riff = (name, body) => Buffer.concat([ascii(name), u32le(body.length), body, Buffer.alloc(body.length % 2)]);
// One pixel, lossless.
const VP8L = Buffer.from("2f000000001007101111118888fe070000", "hex");

export function webp({ orientation = 1 } = {}) {
  const body = Buffer.concat([
    riff("VP8X", Buffer.from([0x0c, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
    riff("VP8L", VP8L),
    riff("EXIF", exif(orientation)),
    riff("XMP ", ascii(SECRET)),
  ]);
  return joined(ascii("RIFF"), u32le(4 + body.length), ascii("WEBP"), body, ascii(SECRET));
}

export const box = (name, ...bodies) => {
  const body = Buffer.concat(bodies);
  return Buffer.concat([u32(8 + body.length), ascii(name), body]);
};

/** A film without frames: what is read of one is its boxes. */
export function mp4({ tracks = ["vide"] } = {}) {
  const times = Buffer.alloc(8, 7);
  const media = (kind) => box("mdia", ...(kind ? [box("hdlr", Buffer.alloc(8), ascii(kind), Buffer.alloc(13))] : []));
  const track = (kind) => box("trak", box("tkhd", Buffer.alloc(4), times), box("udta", ascii(SECRET)), media(kind));
  return joined(
    box("ftyp", ascii("isom\0\0\0\0isom")),
    box("mdat", ascii("the frames")),
    box("uuid", ascii(SECRET)),
    box(
      "moov",
      box("mvhd", Buffer.alloc(4), times),
      ...tracks.map(track),
      box("udta", box("\xa9xyz", ascii(SECRET))),
      box("meta", ascii(SECRET)),
    ),
  );
}

const table = (name, ...words) => box(name, Buffer.alloc(4), ...words.map(u32));
const HERE = [0, 0, 0, 1]; // version and flags of a place of data: it is in this file

/**
 * A film with the way that was taken in a track of its own, in chunks among the frames: a sample, then two.
 * @param {object} how what may be otherwise
 */
export function filmOfTheWay(how = {}) {
  const { kind = "meta", entry = "gpmd", wide = false, each = 0, place = box("url ", Buffer.from(HERE)) } = how;
  const data = ["frame one ", SECRET, "frame two ", SECRET, SECRET, "frame three"];
  const offsets = data.map((_, n) => 28 + data.slice(0, n).join("").length); // behind ftyp and the head of mdat
  const {
    chunks = [offsets[1], offsets[3]],
    runs = [1, 1, 1, 2, 2, 1],
    sizes = each ? [] : Array(3).fill(SECRET.length),
  } = how;
  const { count = 3, tables = 1, moreBoxes = [] } = how;
  const samples = box(
    "stbl",
    box("stsd", Buffer.alloc(4), u32(1), box(entry, Buffer.alloc(8))),
    table("stsc", runs.length / 3, ...runs),
    table("stsz", each, count, ...sizes),
    table(wide ? "co64" : "stco", chunks.length, ...chunks.flatMap((at) => (wide ? [0, at] : [at]))),
  );
  const information = [box("dinf", box("dref", Buffer.alloc(4), u32(1), place)), ...Array(tables).fill(samples)];
  const handler = box("hdlr", Buffer.alloc(8), ascii(kind), Buffer.alloc(13));
  const track = (name, ...more) =>
    box(
      "trak",
      box("tkhd", Buffer.alloc(84)),
      box("mdia", box("hdlr", Buffer.alloc(8), ascii(name), Buffer.alloc(13)), ...more),
    );
  return joined(
    box("ftyp", ascii("isom\0\0\0\0isom")),
    box("mdat", ascii(data.join(""))),
    box("moov", track("vide"), box("trak", box("mdia", handler, box("minf", ...information))), ...moreBoxes),
  );
}

export function heic({ w = 4032, h = 3024 } = {}) {
  const spread = (x, y) => box("ispe", Buffer.alloc(4), u32(x), u32(y));
  return joined(
    box("ftyp", ascii("heic\0\0\0\0mif1heic")),
    box("meta", Buffer.alloc(4), box("iprp", box("ipco", spread(512, 512), spread(w, h)))),
  );
}

const u64 = (value) => Buffer.from([0, 0, 0, 0, ...u32(value)]);
const NUMBERED = (number) => box("tkhd", Buffer.alloc(12), u32(number), Buffer.alloc(68));
const runBox = (flags, count, ...words) => box("trun", u32(flags), u32(count), ...words.map(u32));
const partBox = (flags, number, words, ...boxes) =>
  box("traf", box("tfhd", u32(flags), u32(number), ...words), box("tfdt", Buffer.alloc(8)), ...boxes);
const BASE_IS_PIECE = 0x20000;

/**
 * A film in two pieces, as browsers and streams write it: an index without samples, then in each piece a frame and the
 * way. The ways of saying where that lies differ from piece to piece.
 * @param {object} how what may be otherwise
 */
export function filmInPieces(how = {}) {
  const { number = 2, moreTracks = [], moreBoxes = [], inPart = [], sizes = { each: SECRET.length } } = how;
  const here = box("dinf", box("dref", Buffer.alloc(4), u32(1), box("url ", Buffer.from(HERE))));
  const none = box("stbl", table("stsc", 0), table("stsz", 0, 0), table("stco", 0));
  const track = (kind, numbered) =>
    box(
      "trak",
      NUMBERED(numbered),
      box("mdia", box("hdlr", Buffer.alloc(8), ascii(kind), Buffer.alloc(13)), box("minf", here, none)),
    );
  const said = (numbered, each) => box("trex", u32(0), u32(numbered), u32(1), u32(0), u32(each), u32(0));
  const head = joined(
    box("ftyp", ascii("isom\0\0\0\0isom")),
    box("moov", track("vide", 1), track("meta", number), ...moreTracks, box("mvex", said(1, 10), said(2, sizes.each))),
  );
  const { first = [], second = [] } = how;
  // Of the piece, behind the frame; the size is that of the index.
  const one = (length) =>
    box(
      "moof",
      box("mfhd", Buffer.alloc(8)),
      partBox(BASE_IS_PIECE, 1, [], runBox(1, 1, length + 8)),
      ...(first.length ? first : [partBox(BASE_IS_PIECE, 2, [], runBox(1, 1, length + 18), ...inPart)]),
    );
  const frame = box("mdat", ascii("frame one "), ascii(SECRET));
  const start = head.length + one(0).length + frame.length;
  // Of the film, in two runs, of which the second follows the first; each says its sizes among other things.
  const two = (length) =>
    box(
      "moof",
      box("mfhd", Buffer.alloc(8)),
      ...(second.length
        ? second
        : [
            partBox(
              0x1b, 2, [u64(start + length + 8), u32(1), u32(1), u32(99)],
              runBox(0x705, 1, 0, 0, 7, SECRET.length, 7), runBox(0x200, 1, SECRET.length),
            ),
          ]),
      partBox(BASE_IS_PIECE | 0x10, 1, [u32(10)], runBox(1, 1, length + 8 + 2 * SECRET.length)),
    ); // biome-ignore format: words in a row
  return joined(
    head,
    ...[one(one(0).length), frame, two(two(0).length), box("mdat", ascii(SECRET), ascii(SECRET), ascii("frame two "))],
    ...moreBoxes,
    box("mfra", box("tfra", Buffer.alloc(16))),
  );
}
