"""Device lists of the owner and of contacts, verified link by link (4.3)."""

from dataclasses import dataclass, field

from accounts.protocol import DeviceList, Lists, ListWanted, ReadLists
from chatsite.edge.wire import Id
from e2ee.errors import M1Error
from e2ee.records import Link, parse_link
from testkit.client.api import Api
from testkit.client.m1 import devicelist


class IdentityChanged(M1Error):
    """A new chain under another AIK: the person must agree before anything is sent."""


class SplitView(M1Error):
    """Somebody was shown another list than I: a ghost device, or a server that lies."""


@dataclass
class Known:
    links: list[Link]  # the verified chain, oldest first
    before: list[Link] = field(default_factory=list)  # of earlier identities
    reset: list[Link] | None = None  # a new chain, not agreed to yet

    @property
    def head(self) -> Link:
        return self.links[-1]

    def at(self, k: int, link_hash: bytes) -> Link | None:
        both = (*self.links, *self.before)
        return next((link for link in both if link.k == k and link.hash == link_hash), None)


class Directory:
    def __init__(self, api: Api) -> None:
        self.api = api
        self.known: dict[bytes, Known] = {}
        self.outdated: set[bytes] = set()  # of whom the server announced a newer list

    def of(self, uid: bytes) -> Known:
        """At least once fetched, and again after news; raises IdentityChanged until agreed."""
        if uid not in self.known or uid in self.outdated:
            self.refresh(uid)
        known = self.known[uid]
        if known.reset:
            raise IdentityChanged("the identity key of this contact is another one")
        return known

    def refresh(self, uid: bytes) -> None:
        self.outdated.discard(uid)
        known = self.known.get(uid)
        pin = known.head if known else None
        raw, head = self._fetch(uid, pin.k if pin else 0)
        if known is not None and not raw and head != (known.head.k, known.head.hash):
            raw, _ = self._fetch(uid, 0)
            if raw == [link.raw for link in known.links[: len(raw)]]:
                self.outdated.add(uid)  # an older backup was put back: it is asked for again
                return
        followed = devicelist.follow(uid, pin, raw)
        if known is None:
            self.known[uid] = Known(list(followed.links))
        elif followed.needs_blocking_screen:
            known.reset = list(followed.links)
        else:
            known.links.extend(followed.links)

    def agree(self, uid: bytes) -> None:
        """The person saw the warning and goes on with the new identity."""
        known = self.known[uid]
        if known.reset:
            before = [*known.before, *known.links]
            self.known[uid] = Known(known.reset, before)

    def link(self, uid: bytes, k: int, link_hash: bytes) -> Link:
        """The link that a record names, fetched if it is newer than mine."""
        found = self.of(uid).at(k, link_hash)
        if found is None:
            self.refresh(uid)
            found = self.known[uid].at(k, link_hash)
        if found is None:
            raise SplitView("a record names a link that the list does not contain")
        return found

    def check_head(self, uid: bytes, k: int, link_hash: bytes) -> None:
        """What somebody else was shown of this list must be part of it."""
        known = self.of(uid)
        if known.at(k, link_hash) is not None:
            return
        if k <= known.head.k:
            raise SplitView("the sender was shown another list than I")
        self.link(uid, k, link_hash)

    def _fetch(self, uid: bytes, after: int) -> tuple[list[bytes], tuple[int, bytes]]:
        """And the head that the same answer names: the list may grow before the next one."""
        raw: list[bytes] = []
        while True:
            page = self._page(uid, after)
            raw += page.links
            k, link_hash = page.head
            if not page.links or parse_link(page.links[-1]).k >= k:
                return raw, (k, bytes(link_hash))
            after = parse_link(page.links[-1]).k

    def _page(self, uid: bytes, after: int) -> DeviceList:
        body = ReadLists(lists=[ListWanted(uid=Id(uid), after=after)])
        [shown] = self.api.post("/api/links/read", body, Lists, proof=True).lists
        return shown
