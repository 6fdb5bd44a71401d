"""A row of the state vector, put together from what every store keeps apart."""

from collections.abc import Iterable, Sequence
from typing import Any

from messaging.domain import ContactState, VectorRow
from messaging.gaps import Gap, known_gaps

Numbers = Sequence[int | None]  # None where nothing was ever written


def vector_row(
    contact: Sequence[Any],
    sent: Numbers,
    shown: Numbers,
    mine: Numbers,
    theirs: Numbers,
    gaps: Iterable[Gap],
) -> VectorRow:
    """`contact`: conv, peer, state, since, cleared, withheld. `sent` by the owner, `shown` to them:
    seq, ord, time of the newest. `mine`: read_seq, read_ord, got_seq of the owner; `theirs`:
    read_seq, read_time, got_seq, got_time, as the owner sees them."""
    conv, peer, state, since, cleared, withheld = contact
    sent_seq, my_ord, sent_time = _known(sent)
    shown_seq, peer_ord, shown_time = _known(shown)
    my_read, my_read_ord, my_got = _known(mine)
    peer_read, read_time, peer_got, got_time = _known(theirs)
    return VectorRow(
        conv=conv,
        peer=peer,
        state=ContactState(state),
        since=since,
        last_seq=max(sent_seq, shown_seq),
        my_ord=my_ord,
        peer_ord=peer_ord,
        my_read=my_read,
        my_read_ord=my_read_ord,
        my_got=my_got,
        peer_read=peer_read,
        peer_got=peer_got,
        cleared=cleared or 0,
        last_time=max(sent_time, shown_time),
        read_time=read_time,
        got_time=got_time,
        withheld=bool(withheld),
        gaps=known_gaps(gaps, peer_got, peer_read),
    )


def _known(numbers: Numbers) -> list[int]:
    return [number or 0 for number in numbers]
