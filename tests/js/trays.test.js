import assert from "node:assert/strict";
import { test } from "node:test";

import { PictureError } from "../../static/js/chat/drawing.js";
import { ATTACHMENTS_MAX, lookAgain, Trays, tooMuch } from "../../static/js/ui/trays.js";

const file = (name, bytes = 3) => new File([new Uint8Array(bytes)], name);
const names = (items) => items.map(({ name }) => name);

/** Files whose names say what comes of them. */
function world() {
  const asked = [];
  const prepare = async (given, how) => {
    asked.push([given.name, how]);
    if (given.name.endsWith(".heic") && how !== "file") throw new PictureError("unreadable");
    if (given.name === "gone") throw new Error("NotReadableError");
    const ending = given.name.endsWith(".bmp") && how === "clean" ? ".jpg" : "";
    return { family: "file", bytes: given, mime: "any/type", ending, told: how !== "clean" };
  };
  let wake = () => {};
  const trays = new Trays({ prepare, changed: () => wake(), unnamed: () => "File" });
  const settled = (conv) =>
    new Promise((resolve) => {
      wake = () => trays.of(conv).every(({ state }) => state !== "preparing") && resolve(trays.of(conv));
      wake();
    });
  return { trays, asked, settled };
}

test("what is picked in one chat is in no other, whatever is opened meanwhile", async () => {
  const { trays, settled } = world();
  trays.add("bob", [file("a"), file("b")]);
  trays.add("carol", [file("c")]);
  assert.deepEqual(names(await settled("bob")), ["a", "b"]);
  assert.deepEqual(names(await settled("carol")), ["c"]);
  assert.deepEqual(names(trays.take("bob")), ["a", "b"]);
  assert.deepEqual([trays.of("bob").length, trays.of("carol").length, trays.any], [0, 1, true]);
});

test("ten go in one message, and what finds no place is counted", async () => {
  const { trays, settled } = world();
  const many = Array.from({ length: 12 }, (_, at) => file(`file ${at}`));
  assert.equal(trays.add("bob", many), 2);
  assert.equal(trays.add("bob", many), 12);
  assert.equal((await settled("bob")).length, ATTACHMENTS_MAX);
});

test("they are moved, removed, and given back before what came since", async () => {
  const { trays, settled } = world();
  trays.add("bob", [file("a"), file("b"), file("c")]);
  const [a, b] = await settled("bob");
  trays.move("bob", a.id, 1);
  trays.move("bob", b.id, -1);
  assert.deepEqual(names(trays.of("bob")), ["b", "a", "c"]);
  trays.remove("bob", a.id);
  const taken = trays.take("bob");
  trays.add("bob", [file("d")]);
  trays.giveBack("bob", taken);
  assert.deepEqual(names(trays.of("bob")), ["b", "c", "d"]);
  trays.move("bob", "nobody", 1);
  assert.equal(trays.of("bob").length, 3);
});

test("what is given back goes on to be made ready, and no more than ten are sent", async () => {
  const { trays, settled } = world();
  trays.add("bob", [file("a")]);
  const taken = trays.take("bob");
  trays.add("carol", [file("c")]);
  await settled("carol"); // by now the turn of a is over
  trays.giveBack("bob", taken);
  assert.equal((await settled("bob"))[0].state, "ready");
  trays.add(
    "bob",
    Array.from({ length: 9 }, (_, at) => file(`file ${at}`)),
  );
  assert.equal(tooMuch(await settled("bob"), "", null), null);
  trays.giveBack("bob", [...trays.of("bob").slice(0, 1)]);
  assert.deepEqual(tooMuch(trays.of("bob"), "", null), { code: "too_many" });
});

test("a name changes and its ending stays, that of the bytes which go", async () => {
  const { trays, settled } = world();
  trays.add("bob", [file("scan.bmp"), file("README"), file("Dr. Who on stage"), file("Dr. Who on stage.bmp")]);
  const [scan, readme, who, stage] = trays.of("bob");
  trays.rename(scan, "while it is made ready");
  await settled("bob");
  assert.deepEqual(names([scan, who, stage]), [
    "while it is made ready.jpg",
    "Dr. Who on stage",
    "Dr. Who on stage.jpg",
  ]);
  for (const typed of ["R.", "R.t", "R.tx", "R.txt"]) trays.rename(readme, typed);
  assert.equal(readme.name, "R.txt");
  trays.rename(scan, "Ж".repeat(180));
  assert.ok(new TextEncoder().encode(scan.name).length <= 255); // more would be refused once it is sealed
  assert.match(scan.name, /^Ж+\.jpg$/);
  trays.redo("bob", stage.id, "original");
  await settled("bob");
  assert.equal(stage.name, "Dr. Who on stage.bmp");
});

test("what this browser cannot read asks, and goes as a file where that is wanted", async () => {
  const { trays, asked, settled } = world();
  trays.add("bob", [file("p.heic")]);
  const [item] = await settled("bob");
  assert.deepEqual([item.state, item.why], ["asks", "unreadable"]);
  trays.redo("bob", item.id, "file");
  assert.equal((await settled("bob"))[0].state, "ready");
  trays.redo("bob", item.id, "file"); // it is already
  assert.deepEqual(asked.slice(1), [["p.heic", "file"]]);
});

test("a file that the disk has no more says so; one that left is not made ready", async () => {
  const { trays, asked, settled } = world();
  trays.add("bob", [file("a"), file("gone"), file("b")]);
  trays.remove("bob", trays.of("bob")[2].id);
  assert.equal((await settled("bob"))[1].state, "gone");
  assert.deepEqual(asked, [
    ["a", "clean"],
    ["gone", "clean"],
  ]);
});

test("names are one line of whole characters, and tell the type that is sent", async () => {
  const { trays, settled } = world();
  trays.add("bob", [file("invoice\u202efdp.exe"), file("🦊".repeat(2000)), file("\u202e\u0007"), file("scan.bmp")]);
  const [turned, foxes, nothing, scan] = names(await settled("bob"));
  assert.equal(turned, "invoicefdp.exe");
  assert.ok(new TextEncoder().encode(foxes).length <= 255);
  assert.match(foxes, /^🦊+$/u);
  assert.equal(nothing, "File");
  assert.equal(scan, "scan.jpg");
});

test("a limit is told before anything is sealed", async () => {
  const { trays, settled } = world();
  trays.add("bob", [file("empty", 0), file("big", 100)]);
  const items = await settled("bob");
  assert.equal(tooMuch(items, "", { fileMax: 100, left: 100 }), null);
  assert.equal(tooMuch(items, "", null), null);
  assert.deepEqual(tooMuch(items, "", { fileMax: 99, left: 100 }), { code: "file_too_large", item: items[1] });
  assert.deepEqual(tooMuch(items, "", { fileMax: 100, left: 99 }), { code: "quota" });
  assert.deepEqual(tooMuch(items, "ä".repeat(16_000), null), { code: "too_long" });
});

test("of those that were not sent, the ones that changed on the disk say so", async () => {
  const { trays, settled } = world();
  trays.add("bob", [file("a"), file("b"), file("c.heic")]);
  const [a, b, c] = await settled("bob");
  assert.equal(await lookAgain([a, b, c]), false);
  a.prepared.bytes = { slice: () => ({ arrayBuffer: () => Promise.reject(new Error("NotReadableError")) }) };
  assert.equal(await lookAgain([a, b, c]), true);
  assert.deepEqual([a.state, a.prepared, b.state, c.state], ["gone", undefined, "ready", "asks"]);
});
