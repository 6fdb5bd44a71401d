"""The key directory: chains of device lists, read by many and moved on by `links.store`.

The message side asks here: `newest_links`, `link_at`, `find_device`. All are plain functions, one
query each; from the event loop: `await threads.run(devices.newest_links, uids)`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.conf import settings
from django.db.models import F, Q
from django.db.transaction import on_commit

from accounts import hooks, tokens
from accounts.models import Device, DeviceListLink, SessionRecord, User
from accounts.protocol import LINKS_PER_ANSWER, LINKS_PER_PAGE, DeviceList, Links, ListHead
from chatsite.edge.wire import B32, Id
from e2ee import records


class Newest(NamedTuple):
    """The head of one account's chain. `link` is link‖sig; `revoked_k` is the newest link that
    revokes or resets, 0 if none did: epochs must name it or a later one (docs/encryption.md 4.7).
    """

    k: int
    link: bytes
    hash: bytes
    revoked_k: int
    resets: int  # of the account: each begins a new chain

    def rank(self, k: int) -> int:
        """Orders the links of all chains of the account: it rises where a reset starts at k = 1."""
        return (self.resets << 32) + k

    @property
    def revoked_rank(self) -> int:
        return self.rank(self.revoked_k)


class FoundDevice(NamedTuple):
    signing_key: bytes
    added_k: int
    gone: bool


def newest_links(uids: Iterable[bytes]) -> dict[bytes, Newest]:
    """The heads of those who have one; unknown uids are left out."""
    heads = DeviceListLink.objects.filter(
        user__uid__in=list(uids), chain=F("user__chain"), k=F("user__head_k")
    )
    columns = heads.values_list("user__uid", "k", "link", "hash", "user__revoked_k", "user__chain")
    return {
        uid: Newest(k, bytes(link), hash, revoked, chain - 1)
        for uid, k, link, hash, revoked, chain in columns
    }


def link_at(uid: bytes, k: int) -> bytes | None:
    """link‖sig number k of the present chain: an epoch record names it by k and hash."""
    rows = DeviceListLink.objects.filter(user__uid=uid, chain=F("user__chain"), k=k)
    link = rows.values_list("link", flat=True).first()
    return None if link is None else bytes(link)


def find_device(uid: bytes, device: bytes) -> FoundDevice | None:
    """A device that the account lists or listed; `gone` once it signed out or was left out."""
    row = Device.objects.filter(user__uid=uid, device=device).first()
    return FoundDevice(row.signing_key, row.added_k, row.gone_at is not None) if row else None


def read_links(user: User, after: int) -> Links:
    """Up to LINKS_PER_PAGE links of the caller's own list after number `after`."""
    chain = DeviceListLink.objects.filter(user=user, chain=user.chain)
    links = chain.filter(k__gt=after).order_by("k").values_list("link", flat=True)
    gone = Device.objects.filter(user=user, gone_at__isnull=False)
    return Links(
        links=[bytes(link) for link in links[:LINKS_PER_PAGE]],
        head=head(user),
        gone=[Id(device.device) for device in gone],
    )


def read_lists(me: bytes, after: Mapping[bytes, int]) -> list[DeviceList]:
    """Links after the number given for each uid. People the caller may not know are left out."""
    share = LINKS_PER_ANSWER // len(after)
    known = {me, *hooks.readable_lists(me, after)}.intersection(after)
    heads = newest_links(known)
    asked = Q(pk__in=())
    for uid in heads:
        asked |= Q(user__uid=uid, k__gt=after[uid], k__lte=after[uid] + share)
    rows = DeviceListLink.objects.filter(asked, chain=F("user__chain")).order_by("k")
    links: dict[bytes, list[bytes]] = {uid: [] for uid in heads}
    for uid, link in rows.values_list("user__uid", "link"):
        links[uid].append(bytes(link))
    return [
        DeviceList(uid=Id(uid), links=links[uid], head=(newest.k, B32(newest.hash)))
        for uid, newest in heads.items()
    ]


def head(user: User) -> ListHead:
    row = DeviceListLink.objects.get(user=user, chain=user.chain, k=user.head_k)
    return row.k, B32(row.hash)


def append(user: User, link: records.Link, agent: str) -> list[Device]:
    """Write a checked link and the devices that it lists for the first time; called inside the
    transaction that checked it. The caller holds the account's row, and k is unique."""
    DeviceListLink.objects.create(
        user=user, chain=user.chain, k=link.k, link=link.raw, hash=link.hash
    )
    user.head_k = link.k
    if link.revokes or link.reset:
        user.revoked_k = link.k
    user.save(update_fields=["head_k", "revoked_k"])
    known = set(Device.objects.filter(user=user).values_list("device", flat=True))
    new = [_row(user, link, listed, agent) for listed in link.devices if listed.id not in known]
    on_commit(lambda: hooks.list_changed(user.uid, link.k), robust=True)
    return Device.objects.bulk_create(new)


def live_token(record: SessionRecord, now_ms: int) -> str:
    """For `hello`: names the session and its device, ten minutes."""
    assert record.device is not None
    return tokens.make(
        settings.SECRETS["live"],
        uid=record.user.uid,
        session=record.hash,
        device=record.device.device,
        signing_key=record.device.signing_key,
        now_ms=now_ms,
    )


def _row(user: User, link: records.Link, listed: records.ListedDevice, agent: str) -> Device:
    return Device(
        user=user,
        device=listed.id,
        signing_key=listed.signing_key,
        kem_key=listed.kem_key,
        added_k=link.k,
        added=listed.added_ms,
        agent=agent,
    )
