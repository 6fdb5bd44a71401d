"""The state vector on its way: no frame is larger than a client takes."""

from messaging import protocol
from messaging.domain import MAX_INT, ContactState, VectorRow
from messaging.gaps import GAPS_MAX, Gap, GapKind
from messaging.sessions.vector import state_frames


def row(number: int, gaps: int) -> VectorRow:
    marks = dict.fromkeys(
        ("since", "last_seq", "my_ord", "peer_ord", "my_read", "my_read_ord", "my_got", "peer_read",
         "peer_got", "cleared", "last_time", "read_time", "got_time"), MAX_INT,
    )  # fmt: skip
    conv = number.to_bytes(16, "big")
    gap = Gap(GapKind.WITHHELD, MAX_INT, MAX_INT)
    return VectorRow(
        conv=conv, peer=conv, state=ContactState.CONNECTED, withheld=False, gaps=(gap,) * gaps,
        **marks,
    )  # fmt: skip


def test_the_largest_rows_fit_and_none_is_lost() -> None:
    rows = [row(number, GAPS_MAX if number % 3 else 0) for number in range(250)]
    frames = list(state_frames(rows, MAX_INT))
    assert all(len(protocol.encode(frame)) <= protocol.MAX_FRAME for frame in frames)
    assert [one.conv for frame in frames for one in frame.rows] == [one.conv for one in rows]
    assert [(frame.part, frame.of) for frame in frames] == [
        (part, len(frames)) for part in range(len(frames))
    ]
    with_gaps = [one for frame in frames for one in frame.rows if one.gaps]
    assert {len(one.gaps or ()) for one in with_gaps} == {GAPS_MAX}


def test_rows_without_gaps_fill_a_frame() -> None:
    frames = list(state_frames([row(number, 0) for number in range(150)], 1))
    assert [len(frame.rows) for frame in frames] == [protocol.STATE_ROWS, 50]
