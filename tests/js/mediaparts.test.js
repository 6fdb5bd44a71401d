import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedIn } from "../../static/js/ui/sharedmedia.js";
import { goesUp, shareOf, uploadWords } from "../../static/js/ui/uploadline.js";
import { ZOOM_MAX, Zoom } from "../../static/js/ui/zoom.js";

const MB = 1_000_000;

test("an upload says how far it is", () => {
  assert.equal(shareOf({ done: 0, total: 10 }), 0);
  assert.equal(shareOf({ done: 5, total: 10 }), 0.5);
  assert.equal(shareOf({ done: 0, total: 0 }), 0);
});

test("an upload in words", () => {
  const upload = { done: 3 * MB, total: 10 * MB, state: "sending" };
  assert.equal(uploadWords(upload), "3 MB of 10 MB");
  assert.equal(uploadWords({ ...upload, bytesPerSecond: MB }), "3 MB of 10 MB · 7 seconds left");
  assert.equal(uploadWords({ ...upload, bytesPerSecond: MB / 100 }), "3 MB of 10 MB · 12 minutes left");
  assert.equal(uploadWords({ ...upload, state: "paused" }), "Paused · 3 MB of 10 MB");
  assert.equal(uploadWords({ ...upload, state: "finishing" }), "Finishing");
  assert.match(uploadWords({ ...upload, state: "waiting", why: "offline" }), /no connection/);
  assert.equal(uploadWords({ ...upload, state: "waiting" }), "Waiting to be sent · 3 MB of 10 MB");
});

test("what is under the finger stays there while it is zoomed", () => {
  const zoom = new Zoom();
  zoom.fit({ w: 1000, h: 800 }, { w: 4000, h: 3000 });
  zoom.by(2, 100, 50);
  assert.deepEqual([zoom.scale, zoom.x, zoom.y], [2, -100, -50]);
  zoom.by(1 / 2, 100, 50);
  assert.deepEqual(
    [zoom.scale, zoom.x, zoom.y].map((n) => n + 0),
    [1, 0, 0],
  );
});

test("a picture is neither smaller than it fits, nor moved past its edge", () => {
  const zoom = new Zoom();
  zoom.fit({ w: 1000, h: 800 }, { w: 4000, h: 1000 }); // 1000 by 250 on the stage
  zoom.by(0.1);
  assert.equal(zoom.scale, 1);
  zoom.pan(500, 500);
  assert.deepEqual([zoom.x + 0, zoom.y + 0], [0, 0]);
  zoom.by(2);
  zoom.pan(9999, 9999);
  assert.deepEqual([zoom.x, zoom.y + 0], [500, 0]);
  zoom.by(1000);
  assert.equal(zoom.scale, ZOOM_MAX);
  zoom.fit({ w: 100, h: 100 }, { w: 10, h: 10 }); // another window, another picture
  assert.deepEqual([zoom.x + 0, zoom.y + 0], [0, 0]);
  zoom.reset();
  assert.equal(zoom.scale, 1);
});

test("what was shared, newest first", () => {
  const said = (body, att, more) => ({ mine: true, time: 5, content: { t: "text", body, att }, ...more });
  const file = (blob, mime) => ({ blob, mime, name: `${blob}.x` });
  const shared = sharedIn([
    said("see https://example.org/a and https://example.org/b"),
    said("", [file("one", "image/png"), file("two", "application/pdf"), file("three", "video/mp4")]),
    said("", [file("gone", "image/png")], { gone: "erased" }),
    said("mail bob@example.org", [file("four", "image/png")]),
    { mine: false, time: 6, broken: "bad_mac" },
  ]);
  const blobs = (list) => list.map(({ attachment }) => attachment.blob);
  assert.deepEqual(blobs(shared.media), ["four", "three", "one"]);
  assert.deepEqual(blobs(shared.files), ["two"]);
  const hosts = ["bob@example.org", "example.org", "example.org"];
  assert.deepEqual(
    shared.links.map(({ host }) => host),
    hosts,
  );
});

test("a message whose files are all there says by itself what it waits for", () => {
  const content = { t: /** @type {const} */ ("text"), body: "", att: [] };
  assert.equal(goesUp({ content }), true);
  assert.equal(goesUp({ content, waits: "offline" }), false);
  assert.equal(goesUp({ content, failed: "quota" }), false);
  assert.equal(goesUp({ content: { t: "text", body: "words" } }), false);
});
