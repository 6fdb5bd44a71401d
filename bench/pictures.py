"""What somebody waits for who sends a picture: from Send until it is on the other's screen, two
people in headless Chromium over loopback. And how fast files are sealed and opened: by Node, which
runs the modules that browsers run.
"""

import base64
import json
import statistics
import subprocess
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from testkit.browser import people
from testkit.browser.chromium import DESKTOP, QUIET, chromium_path
from testkit.browser.pages import live, ready
from testkit.running import ROOT, Site

ROUNDS = 5  # each figure is the median
PIXELS = (2500, 1875)  # some 3 MB
PATIENCE_MS = 60_000
# Of noise, which no format makes small.
PHOTO = """async ([w, h]) => {
  const canvas = new OffscreenCanvas(w, h), pen = canvas.getContext("2d");
  const picture = pen.createImageData(w, h);
  for (let at = 0; at < picture.data.length; at++)
    picture.data[at] = at % 4 === 3 ? 255 : 128 + 64 * (Math.random() - 0.5);
  pen.putImageData(picture, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
  let text = "";
  for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
  return btoa(text);
}"""
NOTE_PRESS = """() => {
  const send = document.querySelector("dialog.attach-sheet [data-act='send']");
  const note = () => { window.pressed = performance.timeOrigin + performance.now(); };
  send.addEventListener("click", note, { capture: true, once: true });
}"""
WATCH = """(count) => {
  window.seen = new Promise((done) => {
    const look = () => {
      const shown = [...document.querySelectorAll(".tile img[src^='blob:']")];
      if (shown.filter((one) => one.complete && one.naturalWidth).length < count)
        return requestAnimationFrame(look);
      done(performance.timeOrigin + performance.now());
    };
    look();
  });
}"""
SEALING = """
import { openBlob, sealBlob } from "./static/js/crypto/blob.js";
const [size, rounds] = [64 * 2 ** 20, 5];
const plain = new Blob([new Uint8Array(size).map((_, at) => at * 31)]);
const rates = { seal: [], open: [] };
for (let round = 0; round < rounds; round++) {
  const sealed = [];
  const begun = performance.now();
  const key = await sealBlob(plain, "file", (bytes) => void sealed.push(bytes));
  const done = performance.now();
  for await (const _ of openBlob((async function* () { yield* sealed; })(), key, "file"));
  rates.seal.push(size / 1000 / (done - begun));
  rates.open.push(size / 1000 / (performance.now() - done));
}
console.log(JSON.stringify(rates));
"""


def sealing() -> dict[str, float]:
    """MB/s of `seal` and `open`."""
    words = ["node", "--input-type=module", "--eval", SEALING]
    done = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return {name: statistics.median(rates) for name, rates in json.loads(done.stdout).items()}


def shown(site: Site) -> dict[str, Any]:
    """`ms` from Send to the screen of the other, of each round; `size` of the picture, bytes."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=QUIET)
        alice, bob = _pair(site, browser)
        photo = base64.b64decode(alice.evaluate(PHOTO, list(PIXELS)))
        times = [_round(alice, bob, photo, number) for number in range(1, ROUNDS + 1)]
        browser.close()
    return {"ms": times, "size": len(photo)}


def _pair(site: Site, browser: Browser) -> tuple[Page, Page]:
    """Each in front of their conversation."""
    alice, bob = (
        browser.new_context(base_url=site.url, viewport=DESKTOP).new_page() for _ in range(2)
    )
    acquaint(alice, bob)
    return alice, bob


def acquaint(alice: Page, bob: Page) -> None:
    """Two empty browsers become two people, each in front of their conversation."""
    for page in (alice, bob):
        page.set_default_timeout(PATIENCE_MS)
    people.sign_up(alice, people.somebody("Alice"))
    name = people.sign_up(bob, people.somebody("Bob")).name
    _go(alice, "/people")
    alice.get_by_label("Exact username").fill(name)
    people.press(alice, "Find")
    alice.get_by_role("button", name="Ask to chat").click()
    expect(alice.get_by_role("button", name="Withdraw").first).to_be_visible()
    _go(bob, "/people")
    bob.get_by_role("button", name="Accept").click()
    expect(bob.get_by_label("Message", exact=True)).to_be_enabled()
    _go(alice, "/chats")
    alice.locator("chat-list").get_by_role("link", name="Bob").click()
    expect(alice.get_by_label("Message", exact=True)).to_be_enabled()


def _go(page: Page, address: str) -> None:
    page.goto(address)
    ready(page)
    live(page)


def _round(alice: Page, bob: Page, photo: bytes, number: int) -> float:
    chosen: Any = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo}
    alice.locator("chat-attach input[data-part='files']").set_input_files(chosen)
    sheet = alice.locator("dialog.attach-sheet")
    expect(sheet.locator("[data-part='progress']")).to_have_text("Everything is ready.")
    alice.evaluate(NOTE_PRESS)
    bob.evaluate(WATCH, number)
    sheet.locator("[data-act='send']").click()
    seen: float = bob.evaluate("window.seen")
    return seen - float(alice.evaluate("window.pressed"))
