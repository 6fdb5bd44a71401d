"""Files of a device of the Python client on their way to the server: begun, cut off, begun again.

The file that goes with a text follows from the text, so that its readers know what to expect.
"""

import asyncio
import http.client
import random
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from e2ee.encoding import h, to_base64
from e2ee.errors import M1Error
from media import protocol
from testkit.client import files
from testkit.client.api import Api, ApiError
from testkit.client.device import Device
from testkit.client.m1 import blob as blobs
from tests.chaos import deletions
from tests.chaos.history import History

SIZES = (0, 1, 70_000, 300_000, 600_000)  # bytes: up to three parts
GONE_SECONDS = 60.0  # what is deleted may be read for so long (media/reading.py)
LOOK_SECONDS = 0.5
MIME = "application/x-storm"


def contents(text: str) -> bytes:
    """The canary is in the text, so it is in the file."""
    chance = random.Random(text)
    return text.encode() + chance.randbytes(chance.choice(SIZES))


@dataclass
class Sealed:
    """One file from when it is picked: every try sends the same bytes under the same id."""

    text: str
    blob: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    bytes: bytes = b""
    size: int = 0  # of the file

    def __post_init__(self) -> None:
        plain = contents(self.text)
        self.size, self.bytes = len(plain), blobs.seal_blob(plain, self.key)

    @property
    def entry(self) -> dict[str, Any]:
        """Of `att`. Its name is a text, too."""
        return {
            "blob": to_base64(self.blob), "fk": to_base64(self.key), "size": self.size,
            "hash": to_base64(h(self.bytes)), "log2": blobs.LOG2_DEFAULT, "mime": MIME,
            "name": f"{self.text}.bin", "alt": self.text,
        }  # fmt: skip


class Attaching:
    """The files of one device, on a connection beside that of its other requests: a part that waits
    for the store holds up nothing else."""

    def __init__(self, api: Api) -> None:
        self._api = Api(api.origin, api.door)
        self._api.cookies, self._api.uid, self._api.keys = api.cookies, api.uid, api.keys
        self._sealed: dict[str, Sealed] = {}  # by text
        self._turn = asyncio.Lock()

    async def entry(self, conv: bytes, text: str) -> dict[str, Any]:
        """Of a blob that the server calls whole. Raises ApiError, OSError and http.client's errors;
        the next call goes on."""
        async with self._turn:
            sealed = self._sealed.setdefault(text, Sealed(text))
            await asyncio.to_thread(self._upload, conv, sealed)
            return sealed.entry

    async def abandon(self, conv: bytes, text: str, *, cancel: bool) -> None:
        """Begin an upload that no message will have; nobody goes on with it. Raises as `entry`."""
        async with self._turn:
            await asyncio.to_thread(self._abandon, conv, Sealed(text), cancel)

    async def read(self, entry: dict[str, Any]) -> bool:
        """Whether it is the file that goes with its text. Raises as `entry`."""
        async with self._turn:
            plain = await asyncio.to_thread(files.download, self._api, entry, past=True)
        return plain == contents(entry["alt"])

    async def read_all(self, device: Device, name: str, history: History) -> None:
        """Every file that the device was sent; the history learns which could not be had."""
        for conversation in device.conversations.values():
            for message in conversation.messages:
                for entry in message.members.get("att", ()):
                    why = await self._why_not(entry)
                    history.add(name, "file", "fail" if why else "ok", file=entry["alt"], why=why)

    async def miss_deleted(self, device: Device, name: str, history: History) -> None:
        """No file of a message that is deleted; the history learns which can still be had."""
        until = time.monotonic() + GONE_SECONDS
        for one in deletions.of(history.events):
            if one.how == "ok" and bytes.fromhex(one.conv) in device.conversations:
                for blob in one.blobs:
                    gone = await self._is_gone(blob, until)
                    history.add(name, "gone file", "ok" if gone else "fail", file=blob)

    async def _is_gone(self, blob: str, until: float) -> bool:
        """By then, at last."""
        while await asyncio.to_thread(self._is_there, blob):
            if time.monotonic() > until:
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True

    def _is_there(self, blob: str) -> bool:
        try:
            files.get(self._api, bytes.fromhex(blob), 0)
        except ApiError as refusal:
            return refusal.status != HTTPStatus.NOT_FOUND
        return True

    async def _why_not(self, entry: dict[str, Any]) -> str:
        """Why its reader does not have the file that was sent; empty where they do."""
        try:
            return "" if await self.read(entry) else "other bytes"
        except (OSError, http.client.HTTPException, ApiError, M1Error) as error:
            return repr(error)

    def close(self) -> None:
        self._api.close()

    def _upload(self, conv: bytes, sealed: Sealed) -> None:
        leave = files.grant(self._api, conv, sealed.blob, len(sealed.bytes))
        if leave.state == "granted" and not self._is_whole(sealed):
            files.put_all(self._api, leave, sealed.bytes)
            self._say_whole(sealed)

    def _is_whole(self, sealed: Sealed) -> bool:
        """Asked too early, as a client may that lost count: the server must know better."""
        with suppress(ApiError):
            self._say_whole(sealed)
            return True
        return False

    def _say_whole(self, sealed: Sealed) -> None:
        path = f"/api/blobs/{sealed.blob.hex()}/whole"
        self._api.post(path, None, protocol.Grant, proof=True)

    def _abandon(self, conv: bytes, sealed: Sealed, cancel: bool) -> None:
        leave = files.grant(self._api, conv, sealed.blob, len(sealed.bytes))
        files.put(self._api, leave, 0, sealed.bytes[: leave.part])
        if cancel:
            self._api.delete(f"/api/blobs/{sealed.blob.hex()}")
