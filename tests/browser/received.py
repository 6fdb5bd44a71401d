"""What came out at the other end: the files of a message as the receiver's browser opens them."""

import base64
from typing import Any

from playwright.sync_api import Page

WITH_FILES = """async (count) => {
  const {bus} = await import("/static/js/tabs/bus.js");
  const conv = document.querySelector("chat-thread").getAttribute("conv");
  const look = async () => {
    const {messages} = await bus.ask("messages", conv);
    return messages.map(({content}) => content).filter((content) => content?.att);
  };
  return new Promise((resolve, reject) => {
    const check = async () => {
      const found = await look();
      if (found.length >= count) resolve(found);
    };
    bus.on("message", check);
    setTimeout(reject, 60_000, new Error("not here after a minute"));
    void check();
  });
}"""
OPEN = """async ([entry, role]) => {
  const {openAttachment} = await import("/static/js/tabs/media.js");
  const bytes = new Uint8Array(await (await openAttachment(entry, role)).arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}"""


def with_files(page: Page, count: int = 1) -> list[dict[str, Any]]:
    """The messages with files in the open chat, oldest first; waits until there are so many."""
    return page.evaluate(WITH_FILES, count)


def opened(page: Page, entry: dict[str, Any], role: str = "file") -> bytes:
    return base64.b64decode(page.evaluate(OPEN, [entry, role]))
