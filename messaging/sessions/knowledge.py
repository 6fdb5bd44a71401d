"""What a live session knows of its conversations, so that a warm send reads nothing.

Everything is loaded on first use and dropped by the fan-out when it changes. A load that a drop
overtook is used once and not kept: `_keep` holds that rule. `usable` decides whether an epoch may
be used.
"""

from dataclasses import dataclass
from typing import TypeVar

from accounts import devices, privacy
from accounts.devices import Newest
from accounts.privacy import Shown
from chatsite.edge.wire import B32
from chatsite.running import threads
from messaging import conversations, protocol
from messaging.backends import connection_store
from messaging.backends.base import StaleEpoch
from messaging.domain import Contact, ContactState, Conv, EpochHead, Uid, ordered

K = TypeVar("K")
V = TypeVar("V")

NO_LIST = Newest(0, b"", bytes(32), 0, 0)  # of somebody who is gone


@dataclass(frozen=True, slots=True)
class Lists:
    """The newest device-list link of both sides."""

    me: Newest
    peer: Newest
    on_the_wire: protocol.Heads

    @classmethod
    def of(cls, me: Newest, peer: Newest) -> "Lists":
        heads = protocol.Heads(me=(me.k, B32(me.hash)), peer=(peer.k, B32(peer.hash)))
        return cls(me, peer, heads)


class Knowledge:
    __slots__ = ("_changes", "_contacts", "_heads", "_lists", "_retired", "_shown", "uid")

    def __init__(self, uid: Uid) -> None:
        self.uid = uid
        self._changes = 0  # drops so far
        self._contacts: dict[Conv, Contact] = {}  # the membership gate
        self._heads: dict[Conv, EpochHead] = {}
        self._lists: dict[Uid, Lists] = {}  # by peer
        self._shown: dict[Uid, Shown] = {}  # of the owner alone
        self._retired: dict[Conv, int] = {}  # the oldest epoch below the head that still counts

    def forget_everything(self) -> None:
        self._changes += 1
        for known in (self._contacts, self._heads, self._lists, self._shown, self._retired):
            known.clear()

    def forget(self, conv: Conv) -> None:
        self._changes += 1
        self._contacts.pop(conv, None)
        self.forget_epochs(conv)

    def forget_epochs(self, conv: Conv) -> None:
        self._changes += 1
        self._heads.pop(conv, None)
        self._retired.pop(conv, None)

    def forget_lists(self, user: Uid) -> None:
        """Of a peer, or of the owner, which concerns every conversation."""
        self._changes += 1
        self._retired.clear()
        if user == self.uid:
            self._lists.clear()
        else:
            self._lists.pop(user, None)

    def forget_shown(self) -> None:
        self._changes += 1
        self._shown.clear()

    def known(self, conv: Conv) -> Contact | None:
        """Without a look at the store."""
        return self._contacts.get(conv)

    async def member(self, conv: Conv) -> Contact:
        """The owner's side of a conversation. Raises Unknown for what is not theirs."""
        contact = self._contacts.get(conv)
        if contact is None:
            before = self._changes
            contact = await conversations.require_member(self.uid, conv)
            self._keep(self._contacts, conv, contact, before)
        return contact

    async def partner(self, conv: Conv) -> Contact:
        """As `member`, for a message. A person who has just unblocked may have done so by another
        node, whose event is still on the way: a no that is known here is looked up again."""
        contact = self._contacts.get(conv)
        if contact is not None and contact.state is not ContactState.CONNECTED:
            self.forget(conv)
        return await self.member(conv)

    async def head(self, conv: Conv) -> EpochHead | None:
        """The newest epoch."""
        head = self._heads.get(conv)
        if head is None:
            before = self._changes
            head = await connection_store().head(conv)
            if head is not None:
                self._keep(self._heads, conv, head, before)
        return head

    async def lists(self, peer: Uid) -> Lists:
        lists = self._lists.get(peer)
        if lists is None:
            before = self._changes
            found = await threads.run(devices.newest_links, [self.uid, peer])
            lists = Lists.of(found.get(self.uid, NO_LIST), found.get(peer, NO_LIST))
            self._keep(self._lists, peer, lists, before)
        return lists

    async def shown(self) -> Shown:
        """What the owner lets contacts see."""
        shown = self._shown.get(self.uid)
        if shown is None:
            before = self._changes
            shown = await threads.run(privacy.of, self.uid)
            self._keep(self._shown, self.uid, shown, before)
        return shown

    async def usable(self, contact: Contact, epoch: int) -> EpochHead:
        """The newest epoch, if a message may be sent under this one. Raises StaleEpoch: there is no
        such epoch, or it was made for a device list that has since lost a device.

        What else is too old lies below the floor, which the store holds against two at once.
        """
        head = await self.head(contact.conv)
        if head is not None and head.n < epoch:  # its event may still be on the way
            self.forget_epochs(contact.conv)
            head = await self.head(contact.conv)
        if head is None or head.n < epoch:
            raise StaleEpoch(head.n if head else 0)
        if await self._names_revoked(contact, head, epoch):
            raise StaleEpoch(head.n)
        return head

    async def _names_revoked(self, contact: Contact, head: EpochHead, epoch: int) -> bool:
        lists = await self.lists(contact.peer)
        if epoch == head.n:
            return self._below(contact, lists, head.k1, head.k2)
        if epoch != self._retired.get(contact.conv, -1):
            for record in await connection_store().epochs(contact.conv, self.uid, 1, upto=epoch):
                if record.n != epoch or self._below(contact, lists, record.k1, record.k2):
                    return True
            self._retired[contact.conv] = epoch
        return False

    def _below(self, contact: Contact, lists: Lists, k1: int, k2: int) -> bool:
        mine, theirs = (k1, k2) if self.uid == ordered(self.uid, contact.peer)[0] else (k2, k1)
        return mine < lists.me.revoked_rank or theirs < lists.peer.revoked_rank

    def _keep(self, known: dict[K, V], key: K, value: V, before: int) -> None:
        if self._changes == before:
            known[key] = value
