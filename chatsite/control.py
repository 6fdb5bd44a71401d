"""var/run/chat.sock: what the running server tells its operator and nobody else (mode 0600).

A request is one line, the answer one line of JSON. `presence` and `address` are questions; `tell`
brings an event of the fan-out from a command, whose own process has no live sessions.
"""

import asyncio
import base64
import json
import os
import socket
import stat
from pathlib import Path
from typing import Any

from django.conf import settings

from chatsite.env import BadSetting
from messaging import events, fanout
from presence.backends import registry
from presence.registry import wall_clock

PATH_MAX = 107  # bytes of a socket's path on Linux
ANSWER_SECONDS = 5.0
LINE_MAX = 1024 * 1024  # bytes of a request: an event with its frame

_server: asyncio.Server | None = None


class NotRunning(Exception):
    """No server answers; the text says what to do."""


def path() -> Path:
    """Raises BadSetting where the name is too long for the kernel."""
    socket_path = Path(settings.VAR, "run", "chat.sock")
    if len(os.fsencode(socket_path)) > PATH_MAX:
        raise BadSetting(
            f"CHAT_VAR is too long: {socket_path} may have {PATH_MAX} bytes; "
            "name a folder with a shorter path"
        )
    return socket_path


async def start() -> None:
    """Listen. Replaces the socket of an earlier server, but not that of a living one."""
    global _server
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _is_alive():
        return
    path().unlink(missing_ok=True)
    before = os.umask(0o177)  # the socket must never be open to others, not even at first
    try:
        _server = await asyncio.start_unix_server(_answer, path(), limit=LINE_MAX)
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


def is_running() -> bool:
    """Whether a process listens, even if it hangs and does not answer. Nobody can under a name that
    the kernel does not take."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(ANSWER_SECONDS)
            link.connect(str(path()))
    except (FileNotFoundError, ConnectionRefusedError, BadSetting):
        return False
    except OSError:
        return path().exists()
    return True


async def relay(event: bytes) -> None:
    """Hand an event to the running server; where none runs, nobody needs it."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(path()))
    except (FileNotFoundError, ConnectionRefusedError):
        return
    try:
        writer.write(b"tell " + base64.b64encode(event) + b"\n")
        await reader.read()
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        question, _, rest = (await reader.readline()).decode().strip().partition(" ")
        if question:  # `is_running` asks nothing
            writer.write(json.dumps(await _answered(question, rest)).encode())
            await writer.drain()
    except ConnectionError:
        pass  # the command has gone meanwhile
    finally:
        writer.close()


async def _answered(question: str, rest: str) -> Any:
    if question == "presence":
        return await presence()
    if question == "address":
        return f"{settings.HOST}:{settings.PORT}"
    if question == "tell":
        await fanout.hub().tell(events.decode(base64.b64decode(rest)))
        return {}
    return {"error": "unknown question"}


async def presence() -> list[dict[str, Any]]:
    """Everybody who is connected, as an operator reads it."""
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
