"""What can be broken where messages lie in SQLite and presence in the process."""

import random
import time
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

UNCOMMITTED_SECONDS = 0.3
SOMETIMES = 0.1
UNIQUE_NAMES = 'CONSTRAINT "conversation_client_id" UNIQUE ("conversation_id", "client_id"), '


def no_dedupe(patch: pytest.MonkeyPatch) -> None:
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
    patch.setattr(append, "INSERT", append.INSERT.replace(forgiving, ""))


def ack_before_commit(patch: pytest.MonkeyPatch) -> None:
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

    patch.setattr(log, "append", noted)
    patch.setattr(Session, "commit", early)
    patch.setattr(writer.Writer, "_loop", loop)


def last_writer_wins(patch: pytest.MonkeyPatch) -> None:
    """Whatever mark comes last stands, however low."""

    def careless(was: Any, move: Any) -> Any:
        read, count = move.read if move.read[0] else (was.read, was.ord)
        got = move.got or was.got
        return replace(was, read=read, ord=count, got=got, shown=read, shown_got=got)

    patch.setattr(_module("marks"), "_moved", careless)


def unread_by_counting(patch: pytest.MonkeyPatch) -> None:
    """The unread are counted as they come, repeats and all, instead of being derived."""
    append = _module("append")
    repeat, sent = append._repeat, append.SENT

    def counting(session: Any, draft: Any, now: int) -> Any:
        row = repeat(session, draft, now)
        if row is not None:
            session.execute(
                "UPDATE unread SET last_ord = last_ord + 1, shown_ord = shown_ord + 1 "
                "WHERE from_user = %s AND to_user = %s",
                (draft.sender, draft.peer),
            )
        return row

    patch.setattr(append, "_repeat", counting)
    for name in ("last_ord", "shown_ord"):
        sent = sent.replace(f"{name} = excluded.{name}", f"{name} = unread.{name} + 1")
    patch.setattr(append, "SENT", sent)


def push_without_store(patch: pytest.MonkeyPatch) -> None:
    """Now and then a message is announced and promised, and never written."""
    append, log = _module("append"), _module("log")
    real, placed = log.append, append.placed  # taken now: where they have moved, nothing starts

    def forgetful(session: Any, draft: Any, seal: Any, now: int) -> Any:
        if random.random() >= SOMETIMES:
            return real(session, draft, seal, now)
        last_seq, _, ord1, ord2, *_ = session.one(append.HEAD, (draft.conv,))
        count = ord1 if draft.sender < draft.peer else ord2
        return placed(draft, last_seq + 1, now, (count + 1, 0), seal(now))

    patch.setattr(log, "append", forgetful)


def floor_ignored(patch: pytest.MonkeyPatch) -> None:
    """Whatever epoch a message names, it is taken."""
    append = _module("append")
    from messaging.sessions.knowledge import Knowledge

    async def never(self: Any, *_: Any) -> bool:
        return False

    patch.setattr(Knowledge, "_names_revoked", never)
    patch.setattr(append, "floor_after", lambda known, head, now: 0)
    for name in ("MOVE_HEAD_1", "MOVE_HEAD_2"):
        text = getattr(append, name).replace("min_epoch = %s", "min_epoch = max(min_epoch, %s)")
        patch.setattr(append, name, text)


def seq_not_dense(patch: pytest.MonkeyPatch) -> None:
    """Now and then a place in the log is left out."""
    log = _module("log")
    real = log.append
    skip = "UPDATE conversation_head SET last_seq = last_seq + 1 WHERE conversation_id = %s"

    def skipping(session: Any, draft: Any, seal: Any, now: int) -> Any:
        row = real(session, draft, seal, now)
        if random.random() < SOMETIMES:
            session.execute(skip, (draft.conv,))
        return row

    patch.setattr(log, "append", skipping)


def presence_by_user(patch: pytest.MonkeyPatch) -> None:
    """When one device of a person leaves, the person is gone; who dies without a word stays."""
    from presence.backends.memory import MemoryPresence

    async def remove(self: Any, user: bytes, device: bytes, conn: bytes) -> None:
        self._entries.pop(user, None)

    patch.setattr(MemoryPresence, "remove", remove)


def whole_unseen(patch: pytest.MonkeyPatch) -> None:
    """A file is whole because its sender says so."""
    blobs = import_module("media.blobs")

    async def every_part(upload: Any, state: Any) -> list[tuple[int, int]]:
        return [(0, upload.parts - 1)]

    patch.setattr(blobs, "_present", every_part)


ALL = (
    no_dedupe, ack_before_commit, last_writer_wins, unread_by_counting, push_without_store,
    floor_ignored, seq_not_dense, presence_by_user, whole_unseen,
)  # fmt: skip


def _module(name: str) -> Any:
    return import_module(f"messaging.backends.sql.{name}")
