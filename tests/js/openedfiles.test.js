import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenedFiles } from "../../static/js/ui/openedfiles.js";

const GIF = Uint8Array.from([..."GIF89a"].map((c) => c.charCodeAt(0)).concat([9, 0, 9, 0, 0, 0, 0, 0x3b]));
const picture = (blob) => ({ blob, mime: "image/gif", name: "a.gif", size: 14 });

function world(bytes = GIF) {
  const [fetched, revoked, closed] = [[], [], []];
  let urls = 0;
  let fetch = async () => new Blob([bytes]);
  const parts = {
    fetch: (attachment, role, how) => {
      fetched.push([attachment.blob, role, how]);
      return fetch(how);
    },
    close: (file) => closed.push(file),
    makeUrl: () => `blob:${++urls}`,
    revokeUrl: (url) => revoked.push(url),
  };
  return { parts, fetched, revoked, closed, fetchAs: (other) => (fetch = other) };
}

test("an attachment is opened once for all that show it, and stays while there is room", async () => {
  const { parts, fetched, revoked } = world();
  const files = new OpenedFiles(parts);
  const [one, two] = [files.hold(picture("a"), "file"), files.hold(picture("a"), "file")];
  assert.equal((await one.open).url, (await two.open).url);
  one.release();
  two.release();
  assert.equal(files.hold(picture("a"), "file").now?.url, "blob:1");
  assert.equal(fetched.length, 1);
  assert.deepEqual(revoked, []);
});

test("what nobody shows goes when there is no room, the oldest first", async () => {
  const { parts, fetchAs, revoked, closed } = world();
  const files = new OpenedFiles(parts, GIF.length * 2);
  const made = [];
  fetchAs(async () => made[made.push(new Blob([GIF])) - 1]);
  for (const blob of ["a", "b", "c", "d"]) {
    const held = files.hold(picture(blob), "file");
    await held.open;
    held.release();
    held.release();
  }
  assert.deepEqual(revoked, ["blob:1", "blob:2"]);
  assert.ok(closed.length === 2 && closed.every((file, i) => file === made[i]));
});

test("what everybody left before it came is given up", async () => {
  const { parts, fetched, fetchAs } = world();
  fetchAs(({ signal }) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason))));
  const files = new OpenedFiles(parts);
  const held = files.hold(picture("a"), "file");
  held.release();
  await assert.rejects(held.open);
  files.hold(picture("a"), "file").open.catch(() => {});
  assert.equal(fetched.length, 2);
});

test("a failure is told to all, and the next one tries again", async () => {
  const { parts, fetched, fetchAs } = world();
  fetchAs(async () => Promise.reject(Object.assign(new Error(), { code: "gone" })));
  const files = new OpenedFiles(parts);
  await assert.rejects(files.hold(picture("a"), "file").open, { code: "gone" });
  await assert.rejects(files.hold(picture("a"), "file").open, { code: "gone" });
  assert.equal(fetched.length, 2);
});

test("progress goes to all that wait", async () => {
  const { parts, fetched } = world();
  const files = new OpenedFiles(parts);
  const heard = [];
  files.hold(picture("a"), "file", (done, total) => heard.push(["one", done, total]));
  const two = files.hold(picture("a"), "file", (done) => heard.push(["two", done]));
  fetched[0][2].onProgress(1, 2);
  two.release();
  fetched[0][2].onProgress(2, 2);
  assert.deepEqual(heard, [
    ["one", 1, 2],
    ["two", 1],
    ["one", 2, 2],
  ]);
});

test("bytes that are not what their sender says are shown by nobody", async () => {
  for (const [text, attachment, role, code] of [
    ["<svg xmlns='http://www.w3.org/2000/svg'/>", picture("a"), "file", "disguised"],
    ["", picture("a"), "file", "disguised"],
    ["GIF89a", picture("a"), "thumb", "disguised"], // cut off before its size
    ["GIF89a\xff\xff\xff\xff\0\0\0;", picture("a"), "file", "too_large_to_show"],
    ["GIF89a\x00\x05\x00\x05\0\0\0;", picture("a"), "thumb", "too_large_to_show"],
    ["OggS", picture("a"), "file", "disguised"],
    ["GIF89a\x09\x00\x09\x00\0\0\0;", { ...picture("a"), mime: "video/mp4", name: "a.mp4" }, "file", "disguised"],
    ["OggS", { ...picture("a"), mime: "application/pdf", name: "a.pdf" }, "file", "disguised"],
  ]) {
    const { parts, closed } = world(Uint8Array.from([...text].map((c) => c.charCodeAt(0))));
    await assert.rejects(new OpenedFiles(parts).hold(attachment, role).open, { code }, `${text} ${role}`);
    assert.equal(closed.length, 1);
  }
});

test("what is shown has the type of its bytes", async () => {
  const { parts } = world();
  const { blob, type } = await new OpenedFiles(parts).hold({ ...picture("a"), mime: "image/png" }, "file").open;
  assert.equal(blob.type, "image/gif");
  assert.equal(type.mime, "image/gif");
});

test("what was deleted is kept no longer than it is shown", async () => {
  const { parts, fetched, revoked } = world();
  const files = new OpenedFiles(parts);
  const [shown, left] = [files.hold(picture("a"), "file"), files.hold(picture("b"), "file")];
  await Promise.all([shown.open, left.open]);
  left.release();
  files.forget("a");
  files.forget("b");
  files.forget("c");
  assert.deepEqual(revoked, ["blob:2"]);
  shown.release();
  assert.deepEqual(revoked, ["blob:2", "blob:1"]);
  files.hold(picture("a"), "file").open.catch(() => {});
  assert.equal(fetched.length, 3);
});
