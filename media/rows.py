"""What happens to the rows of blobs: every change of state, each one compare-and-set. Plain SQL on
the default database, SQLite or PostgreSQL; callers on the event loop go through a thread.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum, Value
from django.db.models.functions import Greatest

from accounts.models import User
from media.models import Blob, BlobHold, BlobLink, SiteName, State
from media.tickets import Upload

SENDABLE = (State.WHOLE, State.LINKED)
UNCLAIMED = (State.GRANTED, State.WHOLE)
LOOK_MS = 60_000  # from a link until its message is looked for
_NOT_HELD = ~Exists(BlobHold.objects.filter(blob=OuterRef("pk")))
QUOTAS_MAX = 2  # of a person, with what is going: to the site it counts until it is gone


class Taken(Exception):
    """The id stands for another blob, or for one that is being deleted."""


class OverQuota(Exception):
    """There is no room for so many bytes more. `limit`, `used`: bytes."""

    def __init__(self, limit: int, used: int) -> None:
        super().__init__("over the quota")
        self.limit, self.used = limit, used


class Going(Exception):
    """There is room once more of what they gave up is gone."""


@dataclass(frozen=True, slots=True)
class Link:
    """A message that is to have blobs. `expires`: ms, or None = kept. `withheld`: from the peer."""

    conv: bytes
    client_id: bytes
    after_seq: int
    expires: int | None
    withheld: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """Who may read a blob: its owner, and members of these conversations."""

    owner: bytes
    size: int
    part: int
    convs: frozenset[bytes]


def grant(wanted: Upload, quota: int, now: int) -> Blob:
    """The row, which may be there already. Raises Taken, OverQuota where the owner would have
    more than `quota` bytes (0 = no limit), and Going."""
    with transaction.atomic():
        # One grant of a person at a time: two would both find the last room.
        User.objects.select_for_update(no_key=True).filter(uid=wanted.owner).first()
        found = Blob.objects.filter(blob=wanted.blob).first()
        if found is not None:
            return _same(found, wanted)
        used = used_by(wanted.owner)
        if quota and used + wanted.size > quota:
            raise OverQuota(quota, used)
        if quota and _size(Blob.objects.filter(owner=wanted.owner)) + wanted.size > (
            QUOTAS_MAX * quota
        ):
            raise Going
        try:
            with transaction.atomic():
                return Blob.objects.create(
                    blob=wanted.blob, owner=wanted.owner, conv=wanted.conv, size=wanted.size,
                    part=wanted.part, changed=now,
                )  # fmt: skip
        except IntegrityError:  # somebody else's, in the same moment
            raise Taken from None


def used_by(owner: bytes) -> int:
    """Sealed bytes that a person's uploads take, whole or not, and not those that are going."""
    return _size(Blob.objects.filter(owner=owner).exclude(state=State.DELETING))


def used_in_all() -> int:
    return _size(Blob.objects.all())


def owned(owner: bytes, blob: bytes) -> Blob | None:
    """A blob of theirs that is not going."""
    found = Blob.objects.filter(blob=blob, owner=owner).exclude(state=State.DELETING)
    return found.first()


def state_for(upload: Upload) -> State | None:
    """Of the blob that a ticket was given for."""
    mine = Blob.objects.filter(
        blob=upload.blob, owner=upload.owner, size=upload.size, part=upload.part
    )
    found = mine.values_list("state", flat=True).first()
    return None if found is None else State(found)


def moved(row: Blob, before: Iterable[State], after: State, now: int) -> bool:
    """Whether the blob went from one of these states to `after`: it had not changed since `row`."""
    same = Blob.objects.filter(pk=row.pk, version=row.version, state__in=list(before))
    return bool(same.update(state=after, changed=now, version=F("version") + 1))


def divided(row: Blob, part: int, now: int) -> bool:
    """Whether the blob is granted in parts of this size now: it had not changed since `row`."""
    same = Blob.objects.filter(pk=row.pk, version=row.version, state=State.GRANTED)
    return bool(same.update(part=part, changed=now, version=F("version") + 1))


def link(owner: bytes, ids: Sequence[bytes], to: Link, now: int) -> bool:
    """Give a message its blobs: all of them, or False and nothing is changed. Each must be whole,
    of this person, and granted for this conversation. Repeatable; what
    is said last of expiry and withholding counts: an attempt before it may have come to nothing."""
    with transaction.atomic():
        mine = Blob.objects.filter(blob__in=ids, owner=owner, conv=to.conv, state__in=SENDABLE)
        count = mine.update(state=State.LINKED, changed=now, version=F("version") + 1)
        if count != len(ids):
            transaction.set_rollback(True)
            return False
        keys = Blob.objects.filter(blob__in=ids).values_list("pk", flat=True)
        BlobLink.objects.bulk_create(
            [
                BlobLink(
                    blob_id=key, conv=to.conv, client_id=to.client_id, after_seq=to.after_seq,
                    made=now, withheld=to.withheld, expires=to.expires, look_at=now + LOOK_MS,
                )
                for key in keys
            ],
            update_conflicts=True,
            unique_fields=["blob", "conv", "client_id"],
            update_fields=["made", "expires", "withheld", "look_at"],
        )  # fmt: skip
        return True


def release(conv: bytes, sender: bytes, client_id: bytes, now: int) -> int:
    """A message has no blobs any more; how many are gone by that. Those of the other stay: in a
    store in partitions one may send under an id that the other used long ago. Repeatable."""
    mine = BlobLink.objects.filter(conv=conv, client_id=client_id, blob__owner=sender)
    return unlinked(mine, now)


def unlinked(links: QuerySet[BlobLink], now: int) -> int:
    """Without these links; blobs that no message has then are to be deleted: how many."""
    with transaction.atomic():
        blobs = list(links.values_list("blob_id", flat=True))
        if not blobs:
            return 0
        # First the rows of the blobs: a link that is made meanwhile waits, or we wait for it.
        Blob.objects.filter(pk__in=blobs).update(version=F("version") + 1)
        links.filter(blob_id__in=blobs).delete()
        alone = Blob.objects.filter(pk__in=blobs, state=State.LINKED).exclude(
            Exists(BlobLink.objects.filter(blob=OuterRef("pk")))
        )
        return alone.update(state=State.DELETING, changed=now, version=F("version") + 1)


def shown(blob: bytes, now: int) -> Shown | None:
    """Where it may be read, or None: it is not whole, or not there any more."""
    found = Blob.objects.filter(blob=blob, state__in=SENDABLE).first()
    if found is None:
        return None
    links = found.links.filter(Q(expires=None) | Q(expires__gt=now), withheld=False)
    convs = frozenset(bytes(conv) for conv in links.values_list("conv", flat=True))
    return Shown(found.owner, found.size, found.part, convs)


def touch(row: Blob, now: int) -> None:
    """Somebody goes on with this upload."""
    Blob.objects.filter(pk=row.pk, state__in=UNCLAIMED).update(changed=now)


def sign(owner: bytes, blob: bytes, part: int, until: int, now: int) -> bool:
    """They may put parts past us until then. Whether the blob takes any, of this size."""
    takes = Blob.objects.filter(blob=blob, owner=owner, part=part, state=State.GRANTED)
    return bool(takes.update(changed=now, signed=until))


def give_up(before: int, now: int) -> int:
    """Uploads that nobody went on with since: how many."""
    old = Blob.objects.filter(state__in=UNCLAIMED, changed__lte=before)
    return old.update(state=State.DELETING, changed=now, version=F("version") + 1)


def give_up_of(owner: bytes, now: int) -> int:
    """Uploads of theirs that no message has: how many."""
    mine = Blob.objects.filter(owner=owner, state__in=UNCLAIMED)
    return mine.update(state=State.DELETING, changed=now, version=F("version") + 1)


def expire(now: int, limit: int) -> int:
    """Take blobs from messages that have expired: of how many links, `limit` at most."""
    some = list(BlobLink.objects.filter(expires__lte=now).values_list("pk", flat=True)[:limit])
    unlinked(BlobLink.objects.filter(pk__in=some, expires__lte=now), now)
    return len(some)


def due(now: int, limit: int) -> list[BlobLink]:
    """Links whose message is to be looked for."""
    some = BlobLink.objects.filter(look_at__lte=now).select_related("blob")
    return list(some.order_by("look_at")[:limit])


def confirm(link: BlobLink) -> None:
    """Its message is in the log."""
    BlobLink.objects.filter(pk=link.pk).update(look_at=None)


def look_again(link: BlobLink, at: int) -> None:
    BlobLink.objects.filter(pk=link.pk, made=link.made).update(look_at=at)


def going(after: int, limit: int) -> list[Blob]:
    """Those whose parts are to be deleted, with a key above `after`, in the order of keys."""
    some = Blob.objects.filter(_NOT_HELD, state=State.DELETING, pk__gt=after)
    return list(some.order_by("pk")[:limit])


def ending(now: int) -> QuerySet[Blob]:
    """Those to be deleted, to which nobody can put a part any more."""
    past = Q(signed=None) | Q(signed__lte=now)
    return Blob.objects.filter(_NOT_HELD, past, state=State.DELETING)


def remove(row: Blob, now: int) -> bool:
    """Of a blob without parts. False: a part may still be put, so it is to be deleted again."""
    return bool(ending(now).filter(pk=row.pk).delete()[0])


def unknown(ids: Sequence[bytes]) -> list[bytes]:
    """Those that have no row."""
    known = {bytes(one) for one in Blob.objects.filter(blob__in=ids).values_list("blob", flat=True)}
    return [one for one in ids if one not in known]


def name_of_site() -> bytes:
    """Made up by the first call."""
    row, _ = SiteName.objects.get_or_create(pk=1, defaults={"name": secrets.token_bytes(16)})
    return row.name


def rounds_of_site() -> int:
    """The number of the last one that began."""
    return SiteName.objects.filter(pk=1).values_list("rounds", flat=True).first() or 0


def begin_round(above: int = 0) -> int:
    """Its number: higher than `above`, and than all before it."""
    name_of_site()
    SiteName.objects.update(rounds=Greatest(F("rounds"), Value(above)) + 1)
    return rounds_of_site()


def _size(some: QuerySet[Blob]) -> int:
    return some.aggregate(all=Sum("size"))["all"] or 0


def _same(found: Blob, wanted: Upload) -> Blob:
    has = Upload(found.owner, found.conv, found.blob, found.size, found.part)
    if found.state == State.DELETING or has != wanted:
        raise Taken
    return found
