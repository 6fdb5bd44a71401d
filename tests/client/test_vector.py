"""What a device knows of all its conversations, when the server says it once more."""

import pytest

from chatsite.edge.wire import Id
from messaging.protocol import Receipt, VectorRow
from testkit.client.vector import Vector

CONV, PEER = Id(b"c" * 16), Id(b"p" * 16)
OLD = VectorRow(
    conv=CONV, peer=PEER, state=3, since=1, last_seq=9, my_ord=9, peer_ord=0, my_read=0,
    my_read_ord=0, my_got=0, peer_read=2, peer_got=4, cleared=0,
)  # fmt: skip


@pytest.mark.parametrize(("rising", "shown"), [(True, (7, 8)), (False, (2, 4))])
def test_a_state_that_a_receipt_overtook(rising: bool, shown: tuple[int, int]) -> None:
    """It was read before; one that opens a connection counts as it is: a backup may be back."""
    vector = Vector()
    vector.replace([OLD])
    vector.rows[CONV].after_receipt(Receipt(conv=CONV, by=PEER, read=7, got=8), mine=False)
    vector.replace([OLD], rising=rising)
    row = vector.rows[CONV]
    assert (row.peer_read, row.peer_got) == shown
