"""A report is proved by what each engine keeps of a row, also of one that was erased since."""

import secrets
from dataclasses import replace
from typing import Any

from e2ee import franking, judging
from e2ee.encoding import h
from e2ee.envelope import parse_header
from e2ee.judging import Failure, Ground
from e2ee.reports import Item, Report
from moderation.grounds import look_up
from testkit.client.m1 import envelope
from tests.contracts.adapters import NOW, Adapters, Chat, adapters, chat, database_access, new_id

__all__ = ["adapters", "chat", "database_access"]

KEYS = {"k1": b"\x1f" * 32}


async def said(chat: Chat, sender: bytes, words: bytes, **changes: Any) -> Item:
    """A message in the log and as its reader can show it."""
    draft, kf, digest = chat.draft(sender, **changes), secrets.token_bytes(32), h(words)
    raw = envelope.encode_header(
        conn=chat.conv, n=draft.epoch, epoch_hash=h(b"E0"), sender=sender, device=draft.device,
        ctr=draft.ctr, mid=draft.client_id, kind=draft.kind, ttl=draft.ttl,
        commitment=franking.commitment(
            kf, conn=chat.conv, sender=sender, mid=draft.client_id, body=words
        ),
    )  # fmt: skip

    def seal(server_ms: int) -> tuple[str, bytes]:
        return "k1", franking.tag(
            KEYS["k1"], "k1", parse_header(raw), recipient=draft.peer, ciphertext_hash=digest,
            server_ms=server_ms,
        )  # fmt: skip

    row = await chat.log.append(draft, seal, NOW)
    assert row.tag
    return Item(raw, words, kf, "k1", row.tag, row.time, digest, row.seq, sender == chat.bob)


async def failures(adapters: Adapters, report: Report) -> list[Failure | None]:
    found = await look_up(adapters.log, adapters.store, report, NOW)
    chosen = {parse_header(one.header).mid for one in report.items if one.chosen}
    ground = Ground(found.conv, found.rows, KEYS, chosen, (), NOW, found.withheld)
    return [one.failure for one in judging.judge(report, ground)]


async def test_what_was_said_is_proved_after_it_was_erased_too(
    adapters: Adapters, chat: Chat
) -> None:
    items = [
        await said(chat, chat.alice, b"before"),
        await said(chat, chat.bob, b"for a minute", ttl=60),
        await said(chat, chat.bob, b"silent", kind=2),
    ]
    for _ in range(40):  # what nobody reports lies between
        await chat.send(chat.alice)
    items.append(await said(chat, chat.bob, b"far below"))
    report = Report(chat.alice, chat.bob, "", tuple(items))
    assert await failures(adapters, report) == [None] * 4
    row = (await chat.log.page(chat.conv, 1, NOW, after=items[2].seq - 1))[0]
    await chat.erase(row)
    assert await failures(adapters, report) == [None] * 4
    forged = replace(items[0], seq=items[0].seq + 1), *items[1:]
    assert (await failures(adapters, replace(report, items=forged)))[0] is Failure.ROW


async def test_what_the_other_never_got_is_not_shown_as_said(
    adapters: Adapters, chat: Chat
) -> None:
    items = [
        await said(chat, chat.alice, b"stop it", withheld=True),  # she was blocked then
        await said(chat, chat.bob, b"hello again"),
    ]
    report = Report(chat.alice, chat.bob, "", tuple(items))
    assert await failures(adapters, report) == [Failure.WITHHELD, None]


async def test_nothing_is_proved_of_people_who_have_no_conversation(
    adapters: Adapters, chat: Chat
) -> None:
    item = await said(chat, chat.bob, b"to somebody else")
    report = Report(new_id(), chat.bob, "", (item,))
    assert await failures(adapters, report) == [Failure.CONVERSATION]


async def test_places_beyond_the_log_have_nothing(adapters: Adapters, chat: Chat) -> None:
    item = await said(chat, chat.bob, b"here")
    for seq in (0, 10**6, 2**53 - 1):
        report = Report(chat.alice, chat.bob, "", (replace(item, seq=seq),))
        assert await failures(adapters, report) == [Failure.ROW]
