"""Each checker is silent where its invariant holds, and speaks where it does not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.checkers import CHECKERS, check
from tests.chaos.good import CONV, LAPTOP, PHONE, event, good, message, sent
from tests.chaos.history import Event
from tests.chaos.outcome import Chat, EpochRow, Files, Message, Outcome, Row

Spoil = Callable[[Outcome], Outcome]


def test_where_all_hold_nothing_is_found() -> None:
    assert check(good()) == {}


def test_files_that_are_whole_and_of_a_message_are_good() -> None:
    assert check(with_files(named="ab", whole="ab", stored="ab")(good())) == {}


def test_a_text_may_overtake_a_file() -> None:
    outcome = good()
    for file in (True, False):
        late = event(0.5, "alice/p1", "send", "invoke", conv=CONV, text="text 3", file=file)
        found = check(replace(outcome, history=(late, *outcome.history)))
        assert bool(found) is not file, found


def test_an_empty_run_is_no_proof_but_no_error_either() -> None:
    assert check(Outcome()) == {}


def with_events(*more: Event) -> Spoil:
    return lambda outcome: replace(outcome, history=(*outcome.history, *more))


def with_rows(change: Callable[[list[Row]], list[Row]]) -> Spoil:
    def spoil(outcome: Outcome) -> Outcome:
        rows = change(list(outcome.store.rows))
        return replace(outcome, store=replace(outcome.store, rows=tuple(rows)))

    return spoil


def with_messages(change: Callable[[list[Message]], list[Message]]) -> Spoil:
    """Of the last device."""

    def spoil(outcome: Outcome) -> Outcome:
        *others, last = outcome.holdings
        messages = tuple(change(list(last.chats[CONV].messages)))
        chat = replace(last.chats[CONV], messages=messages)
        return replace(outcome, holdings=(*others, replace(last, chats={CONV: chat})))

    return spoil


def with_chat(**more: Any) -> Spoil:
    """Of the last device."""

    def spoil(outcome: Outcome) -> Outcome:
        *others, last = outcome.holdings
        chat: Chat = replace(last.chats[CONV], **more)
        return replace(outcome, holdings=(*others, replace(last, chats={CONV: chat})))

    return spoil


def with_epochs(*rows: EpochRow) -> Spoil:
    return lambda outcome: replace(outcome, store=replace(outcome.store, epochs=rows))


def with_files(*, named: str = "", whole: str = "", stored: str = "") -> Spoil:
    """A blob for each letter."""
    files = Files(frozenset(named), frozenset(whole), frozenset(stored))
    return lambda outcome: replace(outcome, files=files)


def with_deletion(how: str = "ok") -> Spoil:
    """Alice deletes her first message, which had a file."""
    named = {"conv": CONV, "text": "text 1"}
    events = (
        event(7, "alice/p1", "delete", "invoke", **named, target="m1", blobs=["b1"]),
        event(7.5, "alice/p1", "delete", how, **named),
    )

    def spoil(outcome: Outcome) -> Outcome:
        holdings = []
        for holding in outcome.holdings:
            first, *others = holding.chats[CONV].messages
            chat = replace(holding.chats[CONV], messages=(replace(first, text=None), *others))
            holdings.append(replace(holding, chats={CONV: chat}))
        outcome = replace(with_events(*events)(outcome), holdings=tuple(holdings))
        return with_rows(lambda rows: with_content(rows, gone="erased", content=False))(outcome)

    return spoil


def with_text(messages: list[Message]) -> list[Message]:
    return [replace(messages[0], text="text 1"), *messages[1:]]


def with_content(rows: list[Row], *, gone: str | None = None, content: bool = True) -> list[Row]:
    return [replace(rows[0], gone=gone, content=content), *rows[1:]]


@pytest.mark.parametrize("how", ["ok", "info"])
def test_what_is_deleted_everywhere_is_good(how: str) -> None:
    assert check(with_deletion(how)(good())) == {}


def test_a_deletion_that_an_older_backup_took_back_may_hold_here_and_there() -> None:
    back = with_events(
        event(6.5, "nemesis", "backup", "ok"),
        event(8, "nemesis", "restored", "ok", rows=[]),
        event(8.5, "nemesis", "back", "ok"),
    )
    here_and_there = with_rows(with_content)(with_messages(with_text)(with_deletion()(good())))
    assert check(back(here_and_there)) == {}


def swapped(rows: list[Row]) -> list[Row]:
    """Alice's two messages have each other's places."""
    first, second, third = rows
    return [replace(third, seq=1, ord=1, ctr=1), second, replace(first, seq=3, ord=2, ctr=2)]


def swapped_messages(messages: list[Message]) -> list[Message]:
    first, second, third = messages
    return [replace(third, seq=1), second, replace(first, seq=3)]


SPOILT: list[tuple[str, str, Spoil]] = [
    ("I1", "a promised message is missing", with_events(*sent(7, "bob/p1", "text 4", "m4"))),
    ("I1", "a message that was refused is there",
     with_events(event(7, "bob/p1", "send", "fail", conv=CONV, text="text 2"))),
    ("I1", "a text stands twice, under two names",
     with_messages(lambda all_: [*all_, replace(all_[2], seq=4, mid="m4", ord=3)])),
    ("I1", "a text that nobody sent",
     with_messages(lambda all_: [*all_, replace(message(4, 3, mine=False), text="who?")])),
    ("I2", "a client_id is two rows",
     with_rows(lambda rows: [*rows, replace(rows[2], seq=4, ord=3, ctr=3)])),
    ("I3", "the log has a hole", with_rows(lambda rows: [rows[0], rows[2]])),
    ("I3", "a device lacks a row", with_messages(lambda all_: all_[:2])),
    ("I3", "a device has another row there",
     with_messages(lambda all_: [*all_[:2], replace(all_[2], mid="m9")])),
    ("I3", "a browser shows a row before the one that comes before it",
     with_events(event(7, "bob/n1", "applied", "ok", conv=CONV, seq=1),
                 event(8, "bob/n1", "applied", "ok", conv=CONV, seq=3))),
    ("I3", "a browser shows a row again",
     with_events(event(7, "bob/n1", "applied", "ok", conv=CONV, seq=2),
                 event(8, "bob/n1", "applied", "ok", conv=CONV, seq=2))),
    ("I4", "a device's messages stand the other way round",
     lambda outcome: with_messages(swapped_messages)(with_rows(swapped)(outcome))),
    ("I4", "a counter is left out",
     with_rows(lambda rows: [*rows[:2], replace(rows[2], ctr=3)])),
    ("I5", "a promise is not seen by a later look",
     with_events(event(7, "bob/p1", "look", "invoke", number=2),
                 event(7.1, "bob/p1", "look", "ok", number=2, heads={CONV: 2}))),
    ("I6", "a mark falls",
     with_events(event(7, "alice/p1", "marks", "ok", conv=CONV, marks={"peer_got": 2}))),
    ("I7", "the badge says more than there is", with_chat(unread=2)),
    ("I7", "two devices of one person disagree", with_chat(unread=2, read_ord=0)),
    ("I7", "ord counts what does not count",
     with_rows(lambda rows: [*rows[:2], replace(rows[2], ord=3)])),
    ("I8", "somebody who left is shown",
     with_events(event(9, "alice/p1", "presence", "ok", user="bb", shown="online",
                       truth="offline"))),
    ("I9", "a file of a message is gone", with_files(named="ab", whole="a", stored="a")),
    ("I9", "a file of a message lacks a part", with_files(named="a", stored="a")),
    ("I9", "a file that nobody sent is left", with_files(named="a", whole="ab", stored="ab")),
    ("I9", "a file cannot be read",
     with_events(event(7, "bob/fresh", "file", "fail", file="text 3", why="404"))),
    ("I10", "two epochs with one number",
     with_epochs(EpochRow(CONV, 0, "e0", "00" * 32), EpochRow(CONV, 0, "e1", "e0"))),
    ("I10", "an epoch that forgets the one before",
     with_epochs(EpochRow(CONV, 0, "e0", "00" * 32), EpochRow(CONV, 1, "e1", "ff"))),
    ("I10", "a message below the floor",
     with_rows(lambda rows: [*rows[:2], replace(rows[2], epoch=0)])),
    ("I10", "the floor falls",
     with_events(event(7, "store", "floor", "ok", conv=CONV, last_seq=3, floor=0, asked=3.1))),
    ("I10", "a floor that was promised is not there",
     with_events(event(7, "bob/p1", "floor raised", "ok", conv=CONV, epoch=2),
                 event(8, "store", "floor", "ok", conv=CONV, last_seq=3, floor=1, asked=7.1))),
    ("I11", "a text lies in a file",
     lambda outcome: replace(outcome, leaks=("server.log holds a text",))),
    ("I13", "a text that was shown is shown no more",
     with_events(event(7, "bob/p1", "shown", "ok", conv=CONV, texts=["text 9"]))),
    ("I14", "a counter was given to another message before",
     with_events(event(7, "nemesis", "restored", "ok", rows=[[CONV, PHONE, 2, "m9"]]))),
    ("I16", "a device shows what is deleted",
     lambda outcome: with_messages(with_text)(with_deletion()(outcome))),
    ("I16", "the server keeps what is deleted",
     lambda outcome: with_rows(with_content)(with_deletion()(outcome))),
    ("I16", "the server keeps what nobody shows any more",
     lambda outcome: with_rows(with_content)(with_deletion("info")(outcome))),
    ("I16", "what nobody deleted is erased",
     with_rows(lambda rows: [replace(rows[0], gone="erased", content=False), *rows[1:]])),
    ("I16", "a file of what is deleted can be read",
     lambda outcome: with_events(event(9, "bob/fresh", "gone file", "fail", file="b1"))(
         with_deletion()(outcome))),
    ("I1", "what somebody else deleted is gone",
     with_messages(lambda all_: [replace(all_[0], text=None), *all_[1:]])),
    ("I1", "a deletion that was refused holds all the same", with_deletion("fail")),
    ("after", "nobody knows what became of a deletion",
     with_events(event(7, "alice/p1", "delete", "invoke", conv=CONV, text="text 1", target="m1",
                       blobs=[]))),
    ("I15", "somebody who is suspended sends",
     with_events(event(7, "nemesis", "suspended", "ok", user="bb", out=True, sent=1))),
    ("I15", "somebody who is suspended stays",
     with_events(event(7, "nemesis", "suspended", "ok", user="bb", out=False, sent=0))),
    ("after", "an outbox is not empty", with_chat(waiting=1)),
    ("after", "nobody knows what became of a message",
     with_events(event(7, "bob/p1", "send", "invoke", conv=CONV, text="text 4"))),
    ("everybody", "somebody never has what the others have",
     with_events(event(8, "harness", "quiet", "fail", when="after the storm", late=["bob/p1"]))),
    ("an honest", "a device is alarmed",
     lambda outcome: replace(outcome, holdings=(
         *outcome.holdings[:2], replace(outcome.holdings[2], alarms=("missing at 3",))))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "what", "spoil"), SPOILT, ids=[what for _, what, _ in SPOILT])
def test_what_is_spoilt_is_found(name: str, what: str, spoil: Spoil) -> None:
    found = check(spoil(good()))
    assert any(invariant.startswith(f"{name} ") for invariant in found), found


def test_each_checker_was_seen_to_speak() -> None:
    spoken = {name for name, _, _ in SPOILT}
    assert {name.split(" ")[0] for name in CHECKERS} == {name.split(" ")[0] for name in spoken}


def test_an_unknown_outcome_may_be_there_or_not() -> None:
    unknown = event(7, "bob/p1", "send", "info", conv=CONV, text="text 4", mid="m4")
    assert check(with_events(unknown)(good())) == {}
    there = event(7, "bob/p1", "send", "info", conv=CONV, text="text 2", mid="m2")
    assert check(with_events(there)(good())) == {}


def set_back(*events: Event) -> Spoil:
    """Message 4 was promised between a backup and its return."""
    return with_events(
        event(6.5, "nemesis", "backup", "ok"),
        *sent(7, "bob/p1", "text 4", "m4"),
        event(8, "nemesis", "restored", "ok", rows=[[CONV, LAPTOP, 2, "m4"]]),
        *events,
        event(8.5, "nemesis", "back", "ok"),
    )


def test_what_a_restore_took_may_be_missing_and_registers_may_fall() -> None:
    fall = event(8.1, "alice/p1", "marks", "ok", conv=CONV, marks={"peer_read": 0})
    assert check(set_back(fall)(good())) == {}


def test_what_was_promised_before_the_backup_may_not() -> None:
    late = with_events(*sent(6, "bob/p1", "text 5", "m5"))
    found = check(set_back()(late(good())))
    assert any(name.startswith("I1 ") for name in found), found


def test_after_a_restore_marks_rise_as_ever() -> None:
    fall = with_events(
        event(9, "alice/p1", "marks", "ok", conv=CONV, marks={"peer_read": 1}),
        event(9.1, "alice/p1", "marks", "ok", conv=CONV, marks={"peer_read": 0}),
    )
    found = check(fall(set_back()(good())))
    assert any(name.startswith("I6 ") for name in found), found
