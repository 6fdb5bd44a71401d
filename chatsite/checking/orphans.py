"""Records that belong to no pair, and pairs of no account."""

from collections.abc import Iterable, Iterator, Mapping

from accounts.models import User
from chatsite.checking import Fault
from messaging.backends.tables import Box, Mark, Passed, Record, Sent
from messaging.domain import Contact, Conv, Pair, Uid, ordered

SOME = 500  # uids a question

Ways = set[tuple[Uid, Uid]]


def is_orphan(record: Record, pairs: Mapping[Conv, Pair], ways: Ways) -> bool:
    """`ways`: user1 and user2 of every pair."""
    if isinstance(record, Mark | Passed):
        return ordered(record.sender, record.reader) not in ways
    pair = pairs.get(record.conv)
    if pair is None:
        return True
    if isinstance(record, Contact):
        return ordered(record.owner, record.peer) != (pair.user1, pair.user2)
    if isinstance(record, Sent):
        return ordered(record.sender, record.reader) != (pair.user1, pair.user2)
    return isinstance(record, Box) and record.owner not in (pair.user1, pair.user2)


def where(record: Record) -> str:
    if isinstance(record, Mark | Passed):
        return f"{record.sender.hex()} to {record.reader.hex()}"
    return record.conv.hex()


def of_no_account(pairs: Iterable[Pair]) -> Iterator[Fault]:
    """Plain: it runs in a thread."""
    by_uid: dict[Uid, list[Pair]] = {}
    for pair in pairs:
        for uid in (pair.user1, pair.user2):
            by_uid.setdefault(uid, []).append(pair)
    uids = sorted(by_uid)
    for at in range(0, len(uids), SOME):
        some = uids[at : at + SOME]
        known = set(User.objects.filter(uid__in=some).values_list("uid", flat=True))
        for uid in some:
            if uid not in known:
                for pair in by_uid[uid]:
                    yield Fault("pair", pair.conv.hex(), f"there is no account {uid.hex()}")
