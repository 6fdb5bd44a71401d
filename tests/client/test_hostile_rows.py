"""A history with rows of every kind that cannot be read: each is one alarm at its place, and all
others are read."""

import random
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from chatsite.edge.wire import B32, Id
from e2ee.encoding import cat
from messaging import protocol
from messaging.protocol import Msg
from testkit.client import frames
from tests.client.test_suspicion import CONV, Stage

FRAME = [
    ("ctr", 2**60), ("ctr", 2**63), ("ctr", -1), ("ctr", 1.5), ("time", []), ("ord", 2**60),
    ("sender", "short"), ("device", {}), ("kind", 3), ("epoch", 2**32), ("ttl", -5),
    ("body", "%%%"), ("body", None), ("body", ""), ("salt", "AAAA"), ("salt", None),
    ("gone", "perhaps"), ("blobs", ["x"]), ("more", 1),
]  # fmt: skip
HEADS = b'"heads":{"me":[1,"x"],"peer":[1,"x"]}'
TEXTS = [
    b"", b"\0", b"\xff", b"not JSON", b"7", b"null", b"[" * 9000, b'{"a":' * 5000,
    b'{"t":"text","ts":' + b"9" * 6000 + b"," + HEADS + b',"body":"x"}',
    b'{"t":"text","ts":1e3,' + HEADS + b',"body":"x"}',
    b'{"t":"text","ts":1,"ts":2,' + HEADS + b',"body":"x"}',
    b'{"t":"text","ts":1,"heads":7,"body":"x"}', b'{"t":"__class__","ts":1,' + HEADS + b"}",
]  # fmt: skip


class History:
    """Rows as they stand in a page, from alice to bob."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.rows: list[bytes] = []
        self.hostile: set[int] = set()
        self.ctr = 0

    def honest(self) -> dict[str, Any]:
        self.ctr += 1
        return self._row(self.stage.sealed(f"honest {len(self.rows) + 1}", self.ctr))

    def of_text(self, raw: bytes) -> dict[str, Any]:
        self.ctr += 1
        return self._row(self.stage.sealed("", self.ctr, raw=raw))

    def add(self, row: dict[str, Any], *, hostile: bool = True) -> None:
        self.rows.append(msgspec.json.encode(row))
        if hostile:
            self.hostile.add(len(self.rows))

    def page(self) -> str:
        rows = b",".join(self.rows).decode()
        return f'{{"t":"page","ref":1,"rows":[{rows}],"more":false}}'

    def _row(self, sealed: Any) -> dict[str, Any]:
        header, seq = sealed.header, len(self.rows) + 1
        row = Msg(
            conv=Id(CONV), seq=seq, client_id=Id(header.mid), sender=Id(header.sender),
            device=Id(header.device), ctr=header.ctr, time=1, ord=seq, kind=header.kind,
            epoch=header.n, ttl=header.ttl, body=sealed.envelope, salt=B32(sealed.salt),
        )  # fmt: skip
        plain: dict[str, Any] = msgspec.json.decode(protocol.encode(row))
        return plain


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.device.close()


@pytest.mark.parametrize("seed", range(3))
async def test_every_row_that_can_be_read_is_read(stage: Stage, seed: int) -> None:
    dice, history = random.Random(seed), History(stage)
    envelopes = [b"x", bytes(5000), cat("m1:env", bytes(205), bytes(272), bytes(32))]
    kinds: list[Any] = [*FRAME, *TEXTS, *(("body", raw) for raw in envelopes)]
    dice.shuffle(kinds)
    while kinds:
        if dice.random() < 0.5:
            history.add(history.honest(), hostile=False)
            continue
        kind = kinds.pop()
        changed = {} if isinstance(kind, bytes) else {kind[0]: kind[1]}
        row = history.of_text(kind) if isinstance(kind, bytes) else history.honest()
        history.add({**row, **changed})
    page = frames.read(history.page())
    assert isinstance(page, protocol.Page)
    assert [row.seq for row in page.rows] == list(range(1, len(history.rows) + 1))
    for each in page.rows:
        await stage.device.inbound.offer(stage.device.conversations[CONV], each)
    conversation = stage.device.conversations[CONV]
    assert conversation.have == len(history.rows)
    expected = set(range(1, conversation.have + 1)) - history.hostile
    assert {message.seq for message in conversation.messages} == expected
    assert {seq for _, seq, _ in stage.device.alarms} == history.hostile


def test_a_row_of_the_vector_that_cannot_be_read_leaves_the_others() -> None:
    numbers: Any = [0] * 10
    row = protocol.VectorRow(Id(CONV), Id(CONV), 3, *numbers)
    state = protocol.encode(protocol.State(rows=[row], part=0, of=1, now=1)).decode()
    assert frames.read(state) == protocol.parse_server(state)
    bad = state.replace('"rows":[', '"rows":[{"conv":7},null,')
    assert frames.read(bad) == protocol.parse_server(state)


def test_what_is_no_frame_is_none() -> None:
    deep = '{"t":"page","rows":' + "[" * 5000
    for text in ("", "null", "[]", '{"t":"page","rows":7}', '{"t":"msg","conv":1}', deep):
        assert frames.read(text) is None
