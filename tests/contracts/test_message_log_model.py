"""Any sequence of calls, against a log of a few lines that keeps everything in lists."""

import asyncio
from dataclasses import dataclass, field, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chatsite.edge.refusals import Refusal
from messaging.backends.base import BadSeq, Reused, StaleEpoch
from messaging.domain import Draft, EpochHead, Gone, NewEpoch, VectorRow
from messaging.gaps import Gap, GapKind, Marked
from tests.contracts.adapters import NOW, Adapters, Chat, connected, seal, vector_of

ALICE, BOB = 0, 1
WHO = st.sampled_from([ALICE, BOB])


@dataclass
class Kept:
    """A message as the oracle has it."""

    draft: Draft
    sender: int
    time: int
    ord: int
    erased: bool = False

    def gone(self, now: int) -> Gone | None:
        if self.erased:
            return Gone.ERASED
        expired = self.draft.ttl and self.time + self.draft.ttl * 1000 <= now
        return Gone.EXPIRED if expired else None


@dataclass
class Oracle:
    """The contract in plain Python: one conversation, two people."""

    rows: list[Kept] = field(default_factory=list)
    floor: int = 0
    read: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0), (0, 0)])  # by reader
    shown: list[int] = field(default_factory=lambda: [0, 0])
    got: list[int] = field(default_factory=lambda: [0, 0])
    shown_got: list[int] = field(default_factory=lambda: [0, 0])
    private: list[set[int]] = field(default_factory=lambda: [set(), set()])  # seqs, by reader

    def append(self, draft: Draft, sender: int, now: int) -> int:
        for seq, kept in enumerate(self.rows, 1):
            if kept.draft.client_id == draft.client_id:
                if replace(kept.draft, head=draft.head, withheld=draft.withheld) != draft:
                    raise Reused
                return seq
        settled = draft.head.forced or now - draft.head.time > 60_000
        floor = max(self.floor, draft.head.n if settled else draft.head.n - 1)
        if draft.epoch < floor:
            raise StaleEpoch(floor)
        self.floor = floor
        time = max(now, self.rows[-1].time + 1 if self.rows else 0)
        self.rows.append(Kept(draft, sender, time, self.ord(sender) + (draft.kind == 1)))
        return len(self.rows)

    def ord(self, sender: int, shown: bool = False) -> int:
        """How many count, `shown`: as the other counts."""
        rows = [k.draft for k in self.rows if k.sender == sender and k.draft.kind == 1]
        return sum(not (shown and draft.withheld) for draft in rows)

    def last_seen(self, who: int) -> int:
        seen = [
            seq for seq, k in enumerate(self.rows, 1) if k.sender == who or not k.draft.withheld
        ]
        return seen[-1] if seen else 0

    def mark(self, reader: int, got: int, read: tuple[int, int], own_only: bool) -> None:
        if max(got, read[0]) > len(self.rows) or read[1] > self.ord(1 - reader, shown=True):
            raise BadSeq
        self.got[reader] = max(self.got[reader], got)
        if not own_only:
            self.shown_got[reader] = max(self.shown_got[reader], got)
        before = self.read[reader][0]
        self.read[reader] = max(self.read[reader], read)
        if read[0] > before:
            if own_only:
                self.private[reader] |= set(range(before + 1, read[0] + 1))
            else:
                self.shown[reader] = read[0]

    def tick(self, sender: int, seq: int) -> str:
        """Of a message of the sender, by what happened to it."""
        reader = 1 - sender
        got, read = self.shown_got[reader], self.shown[reader]
        if self.rows[seq - 1].draft.withheld:
            return "sent"
        if seq <= read and seq not in self.private[reader]:
            return "read"
        return "delivered" if seq <= max(got, read) else "sent"


@dataclass
class Told:
    """A client that heard each answer of `mark`, and never asked for the vector."""

    peer_got: int = 0
    peer_read: int = 0
    gaps: list[Gap] = field(default_factory=list)

    def hear(self, moved: Marked) -> None:
        self.peer_got, self.peer_read = moved.got or self.peer_got, moved.read or self.peer_read
        self.gaps += moved.gaps


def tick(row: VectorRow | Told, seq: int) -> str:
    """As docs/protocol.md has a client decide it."""
    kinds = {kind for kind, first, last in row.gaps if first <= seq <= last}
    if seq <= row.peer_read and not kinds:
        return "read"
    delivered = seq <= max(row.peer_got, row.peer_read) and GapKind.WITHHELD not in kinds
    return "delivered" if delivered else "sent"


class LogMachine(RuleBasedStateMachine):
    adapters: Adapters  # set on a subclass

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.oracle = Oracle()
        self.told = [Told(), Told()]
        self.now = NOW

    def teardown(self) -> None:
        self.runner.close()

    @initialize()
    def two_people_connect(self) -> None:
        self.chat: Chat = self.runner.run(connected(self.adapters))
        self.people = [self.chat.alice, self.chat.bob]

    @rule(who=WHO, kind=st.sampled_from([1, 2]), ttl=st.sampled_from([0, 60]), behind=st.booleans(),
          withheld=st.booleans())  # fmt: skip
    def send(self, who: int, kind: int, ttl: int, behind: bool, withheld: bool) -> None:
        epoch = max(self.chat.head.n - behind, 0)
        draft = self.chat.draft(
            self.people[who], kind=kind, ttl=ttl, epoch=epoch, withheld=withheld
        )
        self.append(draft, who)

    @precondition(lambda self: self.oracle.rows)
    @rule(data=st.data(), altered=st.booleans())
    def repeat(self, data: st.DataObject, altered: bool) -> None:
        kept = data.draw(st.sampled_from(self.oracle.rows))
        if altered and kept.gone(self.now) is None:
            self.append(replace(kept.draft, text=b"altered"), kept.sender)
        else:
            self.append(replace(kept.draft, head=self.chat.head), kept.sender)

    @rule(reader=WHO, steps=st.tuples(*[st.integers(0, 99)] * 3), own_only=st.booleans())
    def mark(self, reader: int, steps: tuple[int, int, int], own_only: bool) -> None:
        """Up to one above the head, which is refused."""
        top = len(self.oracle.rows) + 2
        got, seq = steps[0] % top, steps[1] % top
        read = (seq, steps[2] % (self.oracle.ord(1 - reader, shown=True) + 2))
        moved = self.same(
            lambda: self.oracle.mark(reader, got, read, own_only),
            self.chat.log.mark(
                self.chat.conv, self.people[reader], self.people[1 - reader], self.now,
                got=got, read=read, own_only=own_only,
            ),
        )  # fmt: skip
        if moved is not None:
            self.told[1 - reader].hear(moved)

    @precondition(lambda self: self.oracle.rows)
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        seq = data.draw(st.integers(1, len(self.oracle.rows)))
        kept = self.oracle.rows[seq - 1]
        which = (seq, kept.draft.client_id)
        kept.erased = True
        self.append(self.chat.draft(self.people[kept.sender], kind=2, erase=which), kept.sender)

    @rule(forced=st.booleans())
    def rotate(self, forced: bool) -> None:
        n = self.chat.head.n + 1
        epoch = NewEpoch(n, b"E%d" % n, forced, self.now, 1, 1)
        self.runner.run(self.adapters.store.advance(self.chat.conv, epoch))
        self.chat.head = EpochHead(n, forced, self.now, 1, 1)

    @rule()
    def raise_floor(self) -> None:
        self.oracle.floor = max(self.oracle.floor, self.chat.head.n)
        self.runner.run(self.chat.log.raise_floor(self.chat.conv, self.chat.head.n))

    @rule(by=st.sampled_from([-3_000, 1, 30_000, 61_000]))
    def the_clock_moves(self, by: int) -> None:
        self.now += by

    @rule()
    def expire(self) -> None:
        self.runner.run(self.chat.log.expire(self.now, 1000))
        if self.adapters.lapses_itself:  # by its own clock: ours is only what readers go by
            return
        for kept in self.oracle.rows:  # cleared content does not come back with the clock
            if kept.gone(self.now) is Gone.EXPIRED:
                kept.time = min(kept.time, -(10**15))

    @invariant()
    def the_pages_are_the_oracle(self) -> None:
        rows = self.runner.run(self.chat.log.page(self.chat.conv, 50, self.now, after=0))
        assert [row.seq for row in rows] == list(range(1, min(len(self.oracle.rows), 50) + 1))
        for row, kept in zip(rows, self.oracle.rows, strict=False):
            assert (row.client_id, row.ord) == (kept.draft.client_id, kept.ord)
            assert row.ord_for(self.people[1 - kept.sender]) == self.seen_ord(row.seq, kept.sender)
            assert row.gone == kept.gone(self.now)
            assert row.text == (None if row.gone else kept.draft.text)
            assert row.withheld == kept.draft.withheld
        newest = self.runner.run(self.chat.log.page(self.chat.conv, 50, self.now))
        assert newest[: len(rows)] == rows[::-1] or len(self.oracle.rows) > 50

    @invariant()
    def the_vectors_are_the_oracle(self) -> None:
        for me in (ALICE, BOB):
            [row] = self.runner.run(vector_of(self.chat.log, self.people[me]))
            assert row.last_seq == self.oracle.last_seen(me)
            assert row.my_ord == self.oracle.ord(me)
            assert row.peer_ord == self.oracle.ord(1 - me, shown=True)
            assert (row.my_read, row.my_read_ord) == self.oracle.read[me]
            assert (row.my_got, row.peer_got) == (
                self.oracle.got[me],
                self.oracle.shown_got[1 - me],
            )
            assert row.peer_read == self.oracle.shown[1 - me]
            for seq, kept in enumerate(self.oracle.rows, 1):
                if kept.sender == me:
                    assert tick(row, seq) == self.oracle.tick(me, seq)
                    assert tick(self.told[me], seq) == self.oracle.tick(me, seq)

    @invariant()
    def no_gap_shows_above_a_mark(self) -> None:
        for me in (ALICE, BOB):
            [row] = self.runner.run(vector_of(self.chat.log, self.people[me]))
            for kind, first, last in row.gaps:
                mark = row.peer_read if kind == 2 else max(row.peer_got, row.peer_read)
                assert first <= last <= mark

    def seen_ord(self, seq: int, sender: int) -> int:
        return Oracle(self.oracle.rows[:seq]).ord(sender, shown=True)

    def append(self, draft: Draft, who: int) -> None:
        place = self.same(
            lambda: self.oracle.append(draft, who, self.now),
            self.chat.log.append(draft, seal, self.now),
        )
        if place is not None:
            kept = self.oracle.rows[place.seq - 1]
            assert (place.client_id, place.gone) == (draft.client_id, kept.gone(self.now))

    def same(self, expected, call):
        """Both answer alike, or both refuse for the same reason."""
        try:
            wanted = expected()
        except Refusal as refusal:
            try:
                self.runner.run(call)
            except type(refusal):
                return None
            raise AssertionError(f"the store did not refuse: {refusal!r}") from None
        answer = self.runner.run(call)
        if wanted is not None:
            assert answer.seq == wanted
        return answer


def test_no_sequence_of_calls_tells_the_log_from_its_oracle(adapters: Adapters) -> None:
    no_difference(adapters)


def no_difference(adapters: Adapters, examples: int = 25) -> None:
    machine = type("Machine", (LogMachine,), {"adapters": adapters, "TestCase": None})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None)
    )
