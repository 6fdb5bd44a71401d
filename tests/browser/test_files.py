"""Files in the browser: sealed into files of its own, opened from there, gone with the account."""

import re

import pytest

from tests.browser.chatting import Pair

SEAL = """async ([size, role]) => {
  const { sealFile, openAttachment } = await import("/static/js/tabs/media.js");
  const plain = new Uint8Array(size).map((_, i) => i % 251);
  const told = [];
  const entry = await sealFile(new Blob([plain]), role, { onProgress: (done, total) => told.push([done, total]) });
  const opened = new Uint8Array(await (await openAttachment(entry, role)).arrayBuffer());
  return { entry, told, same: opened.length === size && opened.every((byte, i) => byte === i % 251) };
}"""
FILES = """async () => {
  const found = [];
  const walk = async (folder, path) => {
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === "directory") await walk(handle, `${path}${name}/`);
      else found.push([path + name, (await handle.getFile()).size]);
    }
  };
  await walk(await navigator.storage.getDirectory(), "");
  return found;
}"""


@pytest.mark.parametrize("size", [0, 1, 70_000, 5_000_000])
def test_what_was_sealed_opens_again(pair: Pair, size: int) -> None:
    a = pair.alice
    outcome = a.evaluate(SEAL, [size, "file"])
    assert outcome["same"]
    assert outcome["entry"]["size"] == size
    done, total = outcome["told"][-1]
    assert done == total
    [(path, length)] = a.evaluate(FILES)
    assert re.fullmatch(r"m1-[0-9a-f]{32}/out/[0-9a-f]{32}", path)
    assert length == total
