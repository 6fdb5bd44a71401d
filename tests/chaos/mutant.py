"""The server with something broken in it, which a checker must find.

`python -m tests.chaos.mutant NAME COMMAND…` is `manage.py COMMAND…` after the change called NAME;
`none` changes nothing. What is broken is patched at run time and lives here alone.
"""

import os
import random
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.chaos import clock

UNCOMMITTED_SECONDS = 0.3
SOMETIMES = 0.1
UNIQUE_NAMES = 'CONSTRAINT "conversation_client_id" UNIQUE ("conversation_id", "client_id"), '


def none() -> None:
    """The server as it is."""


def no_dedupe() -> None:
    """A repeated client_id is another message."""
    from django.db import connections

    append = _module("append")

    with connections["messages"].cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'conversation'")
        declared = cursor.fetchone()[0]
        if UNIQUE_NAMES in declared:  # not yet, by the life before this one
            cursor.execute("ALTER TABLE conversation RENAME TO strict")
            cursor.execute(declared.replace(UNIQUE_NAMES, ""))
            cursor.execute("INSERT INTO conversation SELECT * FROM strict")
            cursor.execute("DROP TABLE strict")
    connections["messages"].close()
    forgiving = "ON CONFLICT (conversation_id, client_id) DO NOTHING"
    append.INSERT = append.INSERT.replace(forgiving, "")


def ack_before_commit() -> None:
    """A message is promised first; the commit comes a little later, if it comes."""
    from messaging.backends.sql.database import Session

    log, writer = _module("log"), _module("writer")
    commit, real = Session.commit, log.append
    appended: list[Any] = []  # by the group under way: sessions that are not committed

    def noted(session: Any, draft: Any, seal: Any, now: int) -> Any:
        appended.append(session)
        return real(session, draft, seal, now)

    def early(session: Any) -> None:
        if not appended:
            commit(session)

    def loop(self: Any) -> None:
        lines, more = writer.Lines(), True
        while more or lines:
            more = more and self._fill(lines)
            if group := lines.next_group():
                writer._answer(group, self._settle([item.work for item in group]))
            if appended:
                time.sleep(UNCOMMITTED_SECONDS)
                commit(appended[0])
                appended.clear()

    log.append = noted
    Session.commit = early  # type: ignore[method-assign,assignment]
    writer.Writer._loop = loop


def last_writer_wins() -> None:
    """Whatever mark comes last stands, however low."""
    marks = _module("marks")

    def careless(was: Any, move: Any) -> Any:
        read, count = move.read if move.read[0] else (was.read, was.ord)
        got = move.got or was.got
        return replace(was, read=read, ord=count, got=got, shown=read, shown_got=got)

    marks._moved = careless


def unread_by_counting() -> None:
    """The unread are counted as they come, repeats and all, instead of being derived."""
    append = _module("append")

    repeat = append._repeat

    def counting(session: Any, draft: Any, now: int) -> Any:
        row = repeat(session, draft, now)
        if row is not None:
            session.execute(
                "UPDATE unread SET last_ord = last_ord + 1, shown_ord = shown_ord + 1 "
                "WHERE from_user = %s AND to_user = %s",
                (draft.sender, draft.peer),
            )
        return row

    append._repeat = counting
    for name in ("last_ord", "shown_ord"):
        counted = f"{name} = unread.{name} + 1"
        append.SENT = append.SENT.replace(f"{name} = excluded.{name}", counted)


def push_without_store() -> None:
    """Now and then a message is announced and promised, and never written."""
    append, log = _module("append"), _module("log")

    real, placed = log.append, append.placed  # taken now: where they have moved, nothing starts

    def forgetful(session: Any, draft: Any, seal: Any, now: int) -> Any:
        if random.random() >= SOMETIMES:
            return real(session, draft, seal, now)
        last_seq, _, ord1, ord2, *_ = session.one(append.HEAD, (draft.conv,))
        count = ord1 if draft.sender < draft.peer else ord2
        return placed(draft, last_seq + 1, now, (count + 1, 0), seal(now))

    log.append = forgetful


def floor_ignored() -> None:
    """Whatever epoch a message names, it is taken."""
    append = _module("append")
    from messaging.sessions.knowledge import Knowledge

    async def never(self: Any, *_: Any) -> bool:
        return False

    Knowledge._names_revoked = never  # type: ignore[assignment]
    append.floor_after = lambda known, head, now: 0
    for name in ("MOVE_HEAD_1", "MOVE_HEAD_2"):
        text = getattr(append, name).replace("min_epoch = %s", "min_epoch = max(min_epoch, %s)")
        setattr(append, name, text)


def seq_not_dense() -> None:
    """Now and then a place in the log is left out."""
    log = _module("log")

    real = log.append
    skip = "UPDATE conversation_head SET last_seq = last_seq + 1 WHERE conversation_id = %s"

    def skipping(session: Any, draft: Any, seal: Any, now: int) -> Any:
        row = real(session, draft, seal, now)
        if random.random() < SOMETIMES:
            session.execute(skip, (draft.conv,))
        return row

    log.append = skipping


def presence_by_user() -> None:
    """When one device of a person leaves, the person is gone; who dies without a word stays."""
    from presence.backends.memory import MemoryPresence

    async def remove(self: Any, user: bytes, device: bytes, conn: bytes) -> None:
        self._entries.pop(user, None)

    MemoryPresence.remove = remove  # type: ignore[method-assign]


def plaintext_in_the_log() -> None:
    """The server writes down what it should not know: here, what a client lets slip."""
    messages: Any = import_module("messaging.messages")
    send = messages.send

    async def chatty(author: Any, frame: Any, *rest: Any) -> Any:
        path = Path(os.environ["CHAT_VAR"], "gossip.log")
        with path.open("a") as gossip:  # noqa: ASYNC230 -- a mutant may block
            gossip.write(os.environ.get("CHAOS_CANARY", "") + "\n")
        return await send(author, frame, *rest)

    messages.send = chatty


MUTANTS = {
    change.__name__: change
    for change in (
        none, no_dedupe, ack_before_commit, last_writer_wins, unread_by_counting,
        push_without_store, floor_ignored, seq_not_dense, presence_by_user, plaintext_in_the_log,
    )
}  # fmt: skip


def _module(name: str) -> Any:
    return import_module(f"messaging.backends.sql.{name}")


def main(name: str, command: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    clock.install(Path(os.environ["CHAT_VAR"], "clock"))
    import django
    from django.core.management import execute_from_command_line

    django.setup()
    MUTANTS[name]()
    execute_from_command_line(["manage.py", *command])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
