"""A browser without a page: tests/chaos/browser/device.js in a process of its own.

`crash` is kill -9; what it had written to its disk is there when it starts again.
"""

import asyncio
import contextlib
import json
import secrets
from pathlib import Path
from typing import Any, NamedTuple

from testkit.client.account import Secrets
from testkit.running import ROOT
from tests.chaos.deletions import one_of
from tests.chaos.history import History
from tests.chaos.nodewords import b64, file_of, holding_of, unb64
from tests.chaos.outcome import Holding
from tests.chaos.proxy import Door

SCRIPT = ROOT / "tests/chaos/browser/device.js"
LINE_BYTES = 64 * 1024 * 1024  # a report of everything is one line
ANSWER_SECONDS = 60


class Gone(Exception):
    """The process ended before it answered."""


class Open(NamedTuple):
    """An entry of the outbox whose fate is not known."""

    op: str  # send or delete
    conv: str
    text: str  # of the message that is sent, or deleted


class NodeDevice:
    def __init__(
        self, name: str, user: str, site: str, door: Door, history: History,
        disk: Path, skew: int = 0, mutant: str = "",
    ) -> None:  # fmt: skip
        self.name, self.user, self.door, self.history = name, user, door, history
        self.seen: dict[str, str] = {}  # presence by uid
        self.link, self.why = "", ""  # why it stopped
        self.crashes = 0
        self.alarms: set[str] = set()
        self._place = {"site": site, "door": door.address, "disk": str(disk), "skewMs": skew}
        self._mutant = mutant
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._count = 0
        self._open: dict[str, Open] = {}  # by id
        self._deleted: set[str] = set()  # texts that it deletes
        self._started = asyncio.Event()  # its page is there to write on
        self._handed: set[str] = set()  # ids that the device was asked to keep
        self._kept: set[str] = set()  # ids that the device promised to keep
        self._filed: set[str] = set()  # texts that go with a file
        self._marks: dict[tuple[str, str], int] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    # ------------------------------------------------------------ for the controller

    async def start(self, sign_in: tuple[str, str] | None = None) -> None:
        await self._launch()
        if sign_in is not None:
            await self._ask("signIn", name=sign_in[0], password=sign_in[1])
        await self._ask("start")
        self._started.set()

    def send(self, conv: str, text: str) -> None:
        ident = secrets.token_hex(8)
        self._open[ident] = Open("send", conv, text)
        file = text in self._filed
        self.history.add(self.name, "send", "invoke", conv=conv, text=text, file=file)
        self._spawn(self._keep(ident, conv, text))

    def send_file(self, conv: str, text: str) -> None:
        """The same, with the file that belongs to the text."""
        self._filed.add(text)
        self.send(conv, text)

    async def delete(self, conv: str) -> None:
        """One of the newest texts of its owner, for everyone."""
        mine = await self._ask("mine", conv=b64(conv))
        left = [one for one in mine if one["text"] not in self._deleted]
        if not left:
            return
        one = one_of(left, lambda one: bool(one["blobs"]))
        ident, text = secrets.token_hex(8), one["text"]
        self._deleted.add(text)
        self._open[ident] = Open("delete", conv, text)
        mid, blobs = unb64(one["mid"]), [unb64(blob) for blob in one["blobs"]]
        self.history.add(
            self.name, "delete", "invoke", conv=conv, text=text, target=mid, blobs=blobs
        )
        self._handed.add(ident)
        await self._ask("delete", id=ident, conv=b64(conv), seq=one["seq"], mid=one["mid"])
        self._kept.add(ident)

    async def meddle(self, conv: str) -> None:
        """No page has a way to."""

    async def abandon(self, conv: str, text: str) -> None:
        """Sealed, and never sent: no server hears of it."""
        await self._ask("seal", name=text, file=file_of(text))

    async def read(self, conv: str) -> None:
        await self._ask("read", conv=b64(conv))

    async def look(self) -> None:
        """A page of history, as somebody scrolls; the Python devices look for I5."""
        chats = (await self._ask("status"))["chats"]
        for chat in chats[:1]:
            await self._ask("page", conv=chat["conv"], before=max(2, chat["have"] // 2))

    async def rotate(self, conv: str) -> None:
        with contextlib.suppress(RuntimeError):  # no network, or too many: the page would say so
            await self._ask("rotate", conv=b64(conv))

    async def typing(self, conv: str) -> None:
        await self._ask("typing", conv=b64(conv))

    async def reconnect(self) -> None:
        self.door.cut()

    async def wake(self) -> None:
        await self._ask("wake")

    async def watch(self, users: list[str]) -> None:
        """It watches all it is connected with, by itself."""

    async def crash(self, sign_in: tuple[str, str] | None = None) -> None:
        self.crashes += 1
        self._started.clear()
        await self._end()
        for ident in self._handed - self._kept:
            if ident in self._open:
                self._settle(ident, "info", None)
        self.history.add(self.name, "restart", "ok")
        await self.start(sign_in)

    async def sign_in_again(self, known: Secrets, password: str) -> None:
        """The session is over: the page goes to the sign-in, and comes back with the same keys."""
        await self.crash((known.name, password))

    async def caught_up(self, heads: dict[str, int]) -> bool:
        """Whether it is there, and has what was there by then."""
        status = await self._ask("status")
        behind = any(chat["have"] < heads.get(unb64(chat["conv"]), 0) for chat in status["chats"])
        return status["state"] == "live" and not behind

    async def settled(self, heads: dict[str, int]) -> bool:
        if not await self.caught_up(heads):
            return False
        if self._open:
            await self._resolve()
        return not self._open

    @property
    def undecided(self) -> int:
        """How much of what it said nobody knows the fate of."""
        return len(self._open)

    async def read_ords(self) -> dict[str, int]:
        chats = (await self._ask("status"))["chats"]
        return {unb64(chat["conv"]): chat["my_read_ord"] for chat in chats}

    async def holding(self, *, fresh: bool = False) -> Holding:
        return holding_of(self.name, self.user, await self._ask("report"), fresh=fresh)

    async def lose(self) -> None:
        await self.close()

    async def close(self) -> None:
        await self._end()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.door.close()

    # ------------------------------------------------------------ the process

    async def _launch(self) -> None:
        flags = ["--experimental-websocket", "--no-warnings"]
        if self._mutant:
            flags += ["--import", str(SCRIPT.with_name("mutants.js"))]
        self._process = await asyncio.create_subprocess_exec(
            "node", *flags, str(SCRIPT), json.dumps({**self._place, "mutant": self._mutant}),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._listen(self._process))

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if self._reader is not None:
            await self._reader
        self._process = None

    async def _ask(self, ask: str, **args: Any) -> Any:
        process = self._process
        if process is None or process.stdin is None:
            raise Gone
        self._count += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[self._count] = answer
        line = json.dumps({"id": self._count, "ask": ask, **args}) + "\n"
        try:
            process.stdin.write(line.encode())
            await process.stdin.drain()
        except ConnectionError:
            raise Gone from None
        return await asyncio.wait_for(answer, ANSWER_SECONDS)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            word = json.loads(line)
            if "event" in word:
                self._hear(word["event"], word["detail"])
            elif (answer := self._answers.pop(word["id"], None)) and not answer.done():
                if "error" in word:
                    answer.set_exception(RuntimeError(word["error"]))
                else:
                    answer.set_result(word["value"])
        answers, self._answers = self._answers, {}
        for answer in answers.values():
            if not answer.done():
                answer.set_exception(Gone())

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------ what it says

    async def _keep(self, ident: str, conv: str, text: str) -> None:
        await self._started.wait()
        self._handed.add(ident)
        content = {"t": "text", "body": text}
        message = {"id": ident, "conv": b64(conv), "content": content}
        file = {"file": file_of(text)} if text in self._filed else {}
        with contextlib.suppress(Gone, TimeoutError):  # then the news of it tells
            await self._ask("send", message=message, **file)
            self._kept.add(ident)

    async def _resolve(self) -> None:
        """What was kept and waits no longer is in the log, although a crash swallowed the news."""
        waiting = {entry["id"] for chat in await self._ask("report") for entry in chat["entries"]}
        for ident in [ident for ident in self._open if ident not in waiting]:
            if ident in self._kept:
                self._settle(ident, "ok", None)

    def _hear(self, event: str, detail: dict[str, Any]) -> None:
        if event == "message":
            if detail["fresh"]:
                conv = unb64(detail["conv"])
                self.history.add(self.name, "applied", "ok", conv=conv, seq=detail["seq"])
        elif event == "entry":
            self._hear_entry(detail)
        elif event == "chat":
            self._hear_marks(detail)
        elif event == "presence":
            self.seen[unb64(detail["user"])] = detail["state"]
        elif event == "status":
            self.link, self.why = detail["state"], detail.get("reason", "")
            if self.link == "stopped":
                self.history.add(self.name, "stopped", "info", why=self.why)

    def _hear_entry(self, entry: dict[str, Any]) -> None:
        if entry["gone"]:
            self._settle(entry["id"], "ok", entry["mid"] and unb64(entry["mid"]))
        elif entry["failed"]:
            self._settle(entry["id"], "fail", None, entry["failed"])

    def _settle(self, ident: str, how: str, mid: str | None, why: str = "") -> None:
        if ident in self._open:
            op, conv, text = self._open.pop(ident)
            self.history.add(self.name, op, how, conv=conv, text=text, mid=mid, why=why)

    def _hear_marks(self, chat: dict[str, Any]) -> None:
        conv = unb64(chat["conv"])
        marks = {name: chat[name] for name in ("peer_read", "peer_got", "my_read")}
        fresh = {k: v for k, v in marks.items() if self._marks.get((conv, k)) != v}
        if fresh:
            self._marks.update({(conv, k): v for k, v in fresh.items()})
            self.history.add(self.name, "marks", "ok", conv=conv, marks=fresh)
