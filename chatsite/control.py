"""var/run/chat.sock: what the running server tells its operator, and nobody else (mode 0600).

A request is one line, the answer one line of JSON.
"""

import asyncio
import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

from django.conf import settings

from presence.backends import registry
from presence.registry import wall_clock

ANSWER_SECONDS = 5.0

_server: asyncio.Server | None = None


class NotRunning(Exception):
    """Nobody answers; the text says what to do about it."""


def path() -> Path:
    return Path(settings.VAR, "run", "chat.sock")


async def start() -> None:
    """Listen. What an earlier server left there is replaced; a living one keeps it."""
    global _server
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_alive():
        return
    path().unlink(missing_ok=True)
    before = os.umask(0o177)  # the socket must never be open to others, not even at first
    try:
        _server = await asyncio.start_unix_server(_answer, path())
    finally:
        os.umask(before)


async def stop() -> None:
    global _server
    if _server is not None:
        _server.close()
        await _server.wait_closed()
        path().unlink(missing_ok=True)
        _server = None


def ask(question: str) -> Any:
    """For commands. Raises NotRunning."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(ANSWER_SECONDS)
            link.connect(str(path()))
            link.sendall(question.encode() + b"\n")
            return json.loads(link.makefile().read())
    except PermissionError:
        raise NotRunning("The site belongs to another user: run this as that one.") from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise NotRunning(f"The site does not run here: nobody listens at {path()}.") from None
    except (OSError, ValueError) as error:
        raise NotRunning("The site does not answer. Is it just starting or ending?") from error


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        question = (await reader.readline()).decode().strip()
        answer = await _presence() if question == "presence" else {"error": "unknown question"}
        writer.write(json.dumps(answer).encode())
        await writer.drain()
    finally:
        writer.close()


async def _presence() -> list[dict[str, Any]]:
    return [
        {
            "user": entry.user.hex(),
            "device": entry.device.hex(),
            "server": entry.node,
            "incarnation": entry.incarnation,
            "heartbeat": entry.heartbeat,
        }
        for entry in await registry().everyone(wall_clock())
    ]


def _is_alive() -> bool:
    if not path().exists() or not stat.S_ISSOCK(path().stat().st_mode):
        return False
    try:
        ask("hello")
    except NotRunning:
        return False
    return True
