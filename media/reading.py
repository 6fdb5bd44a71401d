"""Who may read a blob, remembered for a while: a file of many parts asks once. And how many parts
one person may read at the same time."""

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from accounts import sessions, suspending
from accounts.sessions import Bound
from accounts.tokens import Claims
from chatsite.running import threads
from media import rows
from media.refusals import ShareTaken
from media.rows import Shown
from messaging.backends import connection_store

KEPT_MS = 5_000  # what was deleted, and who was signed out or suspended, may read for so long
KEPT_MAX = 10_000  # answers of this process
SHARE = 24  # parts that one person reads at the same time, of this process: a browser takes six


class SignedOut(Exception):
    """The session of the live token is over, or its device gone."""


@dataclass(frozen=True, slots=True)
class Known:
    until: int  # ms
    shown: Shown


class Readers:
    def __init__(self) -> None:
        self._known: OrderedDict[tuple[Bound, bytes], Known] = OrderedDict()

    async def find(self, who: Claims, blob: bytes, now: int, *, sure: bool = False) -> Shown | None:
        """The blob, if this person may read it; None alike for one that is not there. `sure`: what
        is remembered does not count. Raises SignedOut, Suspended, and what the two stores raise
        that are asked."""
        asked = (Bound(who.session, who.uid, who.device), blob)
        known = self._known.get(asked)
        if known is not None and now < known.until and not sure:
            return known.shown
        shown = await shown_to(*asked, now)
        if shown is not None:
            self._known[asked] = Known(now + KEPT_MS, shown)
            self._known.move_to_end(asked)
            if len(self._known) > KEPT_MAX:
                self._known.popitem(last=False)
        return shown


async def shown_to(reader: Bound, blob: bytes, now: int) -> Shown | None:
    """The blob, if this person may read it. Raises as `Readers.find`, which remembers."""
    shown = await threads.run(_read, reader, blob, now)
    if shown is None or shown.owner == reader.uid:
        return shown
    for conv in shown.convs:
        if await connection_store().contact(reader.uid, conv) is not None:
            return shown
    return None


class Shares:
    """What each person takes of the way down, which an S3 server bounds for all."""

    def __init__(self) -> None:
        self._taken: Counter[bytes] = Counter()  # parts, by uid

    @contextmanager
    def one(self, uid: bytes) -> Iterator[None]:
        """While a part is read. Raises ShareTaken."""
        if self._taken[uid] >= SHARE:
            raise ShareTaken
        self._taken[uid] += 1
        try:
            yield
        finally:
            self._taken[uid] -= 1
            if not self._taken[uid]:
                del self._taken[uid]


def _read(reader: Bound, blob: bytes, now: int) -> Shown | None:
    why = sessions.ended([reader], now).get(reader)
    if why == "suspended":
        suspending.check_uid(reader.uid, now)
    if why:
        raise SignedOut
    return rows.shown(blob, now)
