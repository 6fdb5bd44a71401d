"""The epochs of every conversation of one device: open them, make them, box them (4.7)."""

from accounts import protocol as accounts
from chatsite.edge.wire import Id
from e2ee import epochs as records
from e2ee.encoding import ZERO
from e2ee.epochs import EpochRecord
from e2ee.errors import BadEpoch, M1Error
from e2ee.records import Link
from messaging.http import (
    EpochBox,
    EpochConflict,
    EpochRow,
    Epochs,
    EpochStored,
    EpochsWanted,
    NewEpoch,
    PutBoxes,
    ReadEpochs,
)
from testkit.client.account import Opened, now_ms
from testkit.client.api import Api, ApiError
from testkit.client.directory import Directory
from testkit.client.m1 import epochs
from testkit.client.m1.epochs import OpenEpoch
from testkit.client.rotation import due, side_of

TRIES = 5  # each conflict brings the winner; more in a row is a server at fault
PAGE = 20
POSTPONABLE = {records.AGE, records.COUNT, records.ON_DEMAND}


class Book:
    """One conversation."""

    def __init__(self, conv: bytes, peer: bytes) -> None:
        self.conv, self.peer = conv, peer
        self.head: int | None = None
        self.asked = False  # whether `head` is what the server said last
        self.rows: dict[int, EpochRow] = {}
        self.open: dict[int, OpenEpoch] = {}
        self.bad: set[int] = set()  # their creator wrapped two different secrets
        self.sent: dict[int, int] = {}  # messages of ours under each


class EpochBook:
    """Blocking, like Api; `ready` alone asks nobody."""

    def __init__(self, api: Api, directory: Directory, account: Opened) -> None:
        self.api, self.directory, self.account = api, directory, account
        self.books: dict[bytes, Book] = {}

    def ready(self, conv: bytes) -> OpenEpoch | None:
        """The epoch to send under, if nothing at all has to be asked for that."""
        book = self.books.get(conv)
        if book is None or not book.asked or book.head not in book.open:
            return None
        if {book.peer, self.account.uid} & self.directory.outdated:
            return None
        epoch = book.open[book.head]
        return None if self._due(book, epoch) is not None else epoch

    def for_sending(self, conv: bytes, peer: bytes) -> OpenEpoch:
        """The newest epoch, made now if there is none or its time is over."""
        self.renew_own()
        book = self._book(conv, peer)
        for _ in range(TRIES):
            if not book.asked:
                self._fetch(book, None, 2)
            if self._publish_again(book):
                continue
            newest = None if book.head is None else self._open_unless_bad(book, book.head)
            reason = self._reason(book, newest)
            if newest is not None and reason is None:
                return newest
            made = self._make(book, newest, reason if reason is not None else records.BAD_KCV)
            if made is not None:
                return made
        raise BadEpoch("no epoch stands")

    def rotate(self, conv: bytes, peer: bytes, reason: int = records.ON_DEMAND) -> OpenEpoch:
        """A new epoch because somebody asked for it; the other's, where two are made at once."""
        newest = self.for_sending(conv, peer)
        return self._make(self._book(conv, peer), newest, reason) or self.for_sending(conv, peer)

    def opened(self, conv: bytes, peer: bytes, n: int) -> OpenEpoch:
        """The epoch that a message names; through the box of one of my devices, or the wrap."""
        book = self._book(conv, peer)
        if n in book.open:
            return book.open[n]
        self.renew_own()
        row = self._row(book, n)
        record = records.parse_record(row.record)
        epoch = self._by_box(row, record) or self._by_wrap(book, record)
        book.open[n] = epoch
        return epoch

    def renew_own(self) -> None:
        """After news of my own list: the chain, and the user key where it is a new one."""
        uid, ring = self.account.uid, self.account.ring
        if uid not in self.directory.outdated:
            return
        links = self.directory.of(uid).links
        if links[-1].g > ring.newest[0]:
            wraps = self.api.get("/api/wraps", accounts.Wraps, proof=True)
            ring.open_all(wraps, links, self.account.keys.id, self.account.keys.kem)

    def forget_head(self, conv: bytes) -> None:
        """The server has a newer one, or says so: ask before the next send."""
        if conv in self.books:
            self.books[conv].asked = False

    def count(self, conv: bytes, n: int) -> None:
        sent = self.books[conv].sent
        sent[n] = sent.get(n, 0) + 1

    def _book(self, conv: bytes, peer: bytes) -> Book:
        return self.books.setdefault(conv, Book(conv, peer))

    def _reason(self, book: Book, newest: OpenEpoch | None) -> int | None:
        if book.head is None:
            return records.FIRST
        return self._due(book, newest) if newest is not None else records.BAD_KCV

    def _due(self, book: Book, epoch: OpenEpoch) -> int | None:
        header = epoch.record.header
        chains = [self.directory.of(uid) for uid in (self.account.uid, book.peer)]
        return due(header, chains, now_ms=now_ms(), sent=book.sent.get(header.n, 0))

    def _make(self, book: Book, newest: OpenEpoch | None, reason: int) -> OpenEpoch | None:
        previous = None if book.head is None else self._row(book, book.head)
        made = epochs.create(
            conn=book.conv,
            n=0 if book.head is None else book.head + 1,
            parent=self._parent(book, newest, reason),
            previous_hash=records.parse_record(previous.record).hash if previous else ZERO,
            low=self._newest_link(book, 0),
            high=self._newest_link(book, 1),
            creator=self.account.uid,
            device=self.account.keys,
            reason=reason,
            ms=now_ms(),
        )
        try:
            self._publish(book, made, reason)
        except ApiError as error:
            return self._lost(book, newest, reason, error)
        book.open[made.record.header.n] = made
        self._put_box(book, made)
        return made

    def _parent(self, book: Book, newest: OpenEpoch | None, reason: int) -> OpenEpoch | None:
        if reason in (records.FIRST, records.RESET):
            return None
        return newest or self._last_good(book)

    def _publish(self, book: Book, made: OpenEpoch, reason: int) -> None:
        body = NewEpoch(record=made.record.raw, expected=book.head)
        path = f"/api/epochs/{book.conv.hex()}"
        stored = self.api.post(path, body, EpochStored, proof=True)
        book.rows[stored.n] = EpochRow(n=stored.n, record=made.record.raw)
        book.head, book.asked = stored.n, True

    def _publish_again(self, book: Book) -> bool:
        """The server lost a newer epoch that is known here: nothing goes under an older one. Who
        made it says it again, byte for byte; others wait for that."""
        head = -1 if book.head is None else book.head
        lost = min((n for n in book.open if n > head), default=None)
        if lost is None:
            return False
        known = book.open[lost]
        book.asked = False
        header, me = known.record.header, self.account
        if (header.creator, header.device, lost) != (me.uid, me.keys.id, head + 1):
            raise BadEpoch("the server is behind")
        self._publish(book, known, header.reason)
        return True

    def _lost(
        self, book: Book, newest: OpenEpoch | None, reason: int, error: ApiError
    ) -> OpenEpoch | None:
        """Somebody else's stands there: take it. None: look again."""
        if error.status == 409:
            winner = error.winner(EpochConflict)
            book.rows[winner.head] = EpochRow(n=winner.head, record=winner.record)
            book.head, book.asked = winner.head, True
            return None
        if error.code == "stale_list":
            self.directory.outdated |= {self.account.uid, book.peer}
            self.renew_own()
            return None
        if newest is not None and reason in POSTPONABLE and error.status == 429:
            return newest
        raise error

    def _last_good(self, book: Book) -> OpenEpoch | None:
        for n in range((book.head or 0) - 1, -1, -1):
            epoch = self._open_unless_bad(book, n)
            if epoch is not None:
                return epoch
        return None

    def _open_unless_bad(self, book: Book, n: int) -> OpenEpoch | None:
        if n not in book.bad:
            try:
                return self.opened(book.conv, book.peer, n)
            except BadEpoch:
                book.bad.add(n)
        return None

    def _by_box(self, row: EpochRow, record: EpochRecord) -> OpenEpoch | None:
        seed = self.account.ring.seeds.get(row.g or 0)
        if seed is None or row.box is None or row.g is None:
            return None
        try:
            uid = self.account.uid
            return epochs.open_es_box(record, row.box, uid=uid, g=row.g, user_seed=seed)
        except M1Error:
            return None

    def _by_wrap(self, book: Book, record: EpochRecord) -> OpenEpoch:
        header, uid = record.header, self.account.uid
        self._verify(book, record)
        parent = None
        if header.parent is not None:
            parent = self.opened(book.conv, book.peer, header.parent)
        g = side_of(header, uid).g
        if g not in self.account.ring.keys:  # the news of it passed while this device was away
            self.directory.outdated.add(uid)
            self.renew_own()
        user_key = self.account.ring.keys[g]
        epoch = epochs.open_by_wrap(record, uid=uid, user_key=user_key, parent=parent)
        self._put_box(book, epoch)
        return epoch

    def _verify(self, book: Book, record: EpochRecord) -> None:
        header = record.header
        before = ZERO
        if header.n > 0:
            before = records.parse_record(self._row(book, header.n - 1).record).hash
        low, high = (
            self.directory.link(side.uid, side.k, side.link_hash)
            for side in (header.low, header.high)
        )
        if {low.uid, high.uid} != {book.peer, self.account.uid}:
            raise BadEpoch("the record is of two other people")
        records.verify_record(record, conn=book.conv, low=low, high=high, previous_hash=before)

    def _row(self, book: Book, n: int) -> EpochRow:
        if n not in book.rows:
            self._fetch(book, n, PAGE)
        if n not in book.rows:
            raise M1Error(f"epoch {n} is not there")
        return book.rows[n]

    def _fetch(self, book: Book, upto: int | None, limit: int) -> None:
        wanted = [EpochsWanted(conv=Id(book.conv), upto=upto)]
        body = ReadEpochs(conversations=wanted, limit=limit)
        [answer] = self.api.post("/api/epochs/read", body, Epochs, proof=True).conversations
        book.rows.update({row.n: row for row in answer.epochs})
        book.head, book.asked = answer.head, True

    def _put_box(self, book: Book, epoch: OpenEpoch) -> None:
        """For my other devices; a box that is missing costs them only time."""
        g, key = self.account.ring.newest
        box = epochs.seal_es_box(epoch, uid=self.account.uid, g=g, user_seed=key.seed)
        boxes = [EpochBox(conv=Id(book.conv), n=epoch.record.header.n, g=g, box=box)]
        self.api.put("/api/boxes", PutBoxes(boxes=boxes), accounts.Done)

    def _newest_link(self, book: Book, place: int) -> Link:
        return self.directory.of(sorted((self.account.uid, book.peer))[place]).head
