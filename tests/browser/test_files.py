"""Files in the browser: sealed into files of its own, opened from there, gone with the account."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from testkit.browser.people import press
from testkit.running import Site
from tests.browser.chatting import Pair, composer, newcomer
from tests.browser.conftest import OpenWindow

MB = 1_000_000
IN_MEMORY_MB = 33  # static/js/workers/media.js
SEAL = """async ([size, role]) => {
  const { sealFile, openAttachment } = await import("/static/js/tabs/media.js");
  const megabyte = new Uint8Array(1e6).map((_, i) => i % 251);
  const file = new Blob(Array(Math.ceil(size / 1e6)).fill(megabyte)).slice(0, size);
  const told = [];
  const onProgress = (done, total) => told.push([done, total]);
  const entry = await sealFile(file, role, { onProgress });
  const opened = await openAttachment(entry, role);
  let same = opened.size === size;
  for (let at = 0; at < size; at += 1e6) {
    const bytes = new Uint8Array(await opened.slice(at, at + 1e6).arrayBuffer());
    same &&= bytes.every((byte, i) => byte === i % 251);
  }
  return { entry, told, same };
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
NONE_OPENED = f"async () => !(await ({FILES})()).some(([path]) => path.includes('/open/'))"
FORGET = """async (blob) => {
  const { forget } = await import("/static/js/tabs/media.js");
  await forget([blob]);
}"""
SPOIL = """async (entry) => {
  const { openAttachment } = await import("/static/js/tabs/media.js");
  const code = (changed, role = "file") =>
    openAttachment({ ...entry, ...changed }, role).then(() => "opened", ({ code }) => code);
  const other = btoa("x".repeat(32));
  return {
    key: await code({ fk: other }),
    hash: await code({ hash: other }),
    size: await code({ size: entry.size - 1 }),
  };
}"""
PICKER = """() => {
  const picker = document.createElement("input");
  document.body.append(Object.assign(picker, { type: "file", id: "picked" }));
}"""
SEAL_PICKED = """async () => {
  const { sealFile, openAttachment } = await import("/static/js/tabs/media.js");
  const entry = await sealFile(document.querySelector("#picked").files[0], "file");
  return [entry.size, (await openAttachment(entry, "file")).size];
}"""
TYPE_MEANWHILE = """async () => {
  const { sealFile } = await import("/static/js/tabs/media.js");
  window.sealing = sealFile(new Blob([new Uint8Array(64e6)]), "file");
  window.sealing.then(() => { window.sealed = true; });
}"""


@pytest.mark.parametrize("size", [0, 1, 70_000, 5 * MB])
def test_what_was_sealed_opens_again(pair: Pair, size: int) -> None:
    a = pair.alice
    outcome = a.evaluate(SEAL, [size, "file"])
    assert outcome["same"]
    assert outcome["entry"]["size"] == size
    assert not outcome["entry"]["inMemory"]
    done, total = outcome["told"][-1]
    assert done == total
    [(path, length)] = a.evaluate(FILES)
    assert re.fullmatch(r"m1-[0-9a-f]{32}/out/[0-9a-f]{32}", path)
    assert length == total


def test_a_file_that_was_taken_out_again_leaves_nothing(pair: Pair) -> None:
    a = pair.alice
    entry = a.evaluate(SEAL, [10, "thumb"])["entry"]
    a.evaluate(FORGET, entry["blob"])
    assert a.evaluate(FILES) == []


def test_what_another_key_hash_or_size_names_does_not_open(pair: Pair) -> None:
    a = pair.alice
    entry = a.evaluate(SEAL, [300_000, "file"])["entry"]
    assert a.evaluate(SPOIL, entry) == {
        "key": "bad_blob",
        "hash": "bad_blob",
        "size": "bad_padding",
    }


def test_a_disk_that_is_full_leaves_it_in_memory(open_window: OpenWindow, site: Site) -> None:
    a = open_window("alice").page
    quota = {"origin": site.url, "quotaSize": 16 * MB}
    a.context.new_cdp_session(a).send("Storage.overrideQuotaForOrigin", quota)
    newcomer(a, "Alice")
    outcome = a.evaluate(SEAL, [24 * MB, "file"])
    assert outcome["same"]
    assert outcome["entry"]["inMemory"]
    assert a.evaluate(FILES) == []


def test_a_browser_without_files_of_its_own_keeps_them_in_memory(open_window: OpenWindow) -> None:
    a = open_window("alice").page
    a.context.route("**/workers/media.js", lambda route: without_files(route))
    newcomer(a, "Alice")
    outcome = a.evaluate(SEAL, [5 * MB, "file"])
    assert outcome["same"]
    assert outcome["entry"]["inMemory"]


def without_files(route: Route) -> None:
    answer = route.fetch()
    script = "delete StorageManager.prototype.getDirectory;" + answer.text()
    route.fulfill(response=answer, body=script)


def test_signing_out_takes_the_files(open_window: OpenWindow) -> None:
    a = open_window("alice").page
    newcomer(a, "Alice")
    a.evaluate(SEAL, [10, "file"])
    a.goto("/settings")
    press(a, "Sign out")
    a.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(a).to_have_url(re.compile("/$"))
    assert a.evaluate(FILES) == []


def test_a_page_answers_keys_while_a_large_file_is_sealed(talking: Pair) -> None:
    a = talking.alice
    a.evaluate(TYPE_MEANWHILE)
    composer(a).fill("")
    composer(a).press_sequentially("while it works")
    expect(composer(a)).to_have_value("while it works")
    assert not a.evaluate("window.sealed")
    assert a.evaluate("async () => (await window.sealing).size") == 64 * MB


def test_memory_does_not_grow_with_the_file(
    browser: Browser, open_window: OpenWindow, tmp_path: Path
) -> None:
    peaks = {}
    for size in (16, 64):
        a = open_window(f"alice with {size} MB").page
        newcomer(a, "Alice")
        file = tmp_path / f"{size} MB"
        with file.open("wb") as empty:
            empty.truncate(size * MB)
        a.evaluate(PICKER)
        a.set_input_files("#picked", file)
        assert a.evaluate(SEAL_PICKED) == [size * MB, size * MB]
        peaks[size] = peak(browser)
        opened = [length for path, length in a.evaluate(FILES) if "/open/" in path]
        assert opened == ([size * MB] if size > IN_MEMORY_MB else [])
        a.reload()
        a.wait_for_function(NONE_OPENED)
        a.context.close()
    assert peaks[64] < peaks[16] + 24 * MB


def peak(browser: Browser) -> int:
    """Bytes that the busiest page of the browser had in memory at most."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return max(high_water(one["id"]) for one in processes if one["type"] == "renderer")


def high_water(pid: int) -> int:
    with Path(f"/proc/{pid}/status").open() as status:
        [line] = [line for line in status if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
