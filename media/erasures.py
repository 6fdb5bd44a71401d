"""Blobs of messages whose content goes. The two lie in different stores: what is begun is written
down before, and what broke off is ended by the sweep. Plain SQL, as in rows.py.
"""

from media import rows
from media.models import BlobLink, Erasure


def begin(conv: bytes, sender: bytes, seq: int, client_id: bytes, now: int) -> None:
    """Before the content of a message goes. Nothing where it has no blobs. Repeatable."""
    if BlobLink.objects.filter(conv=conv, client_id=client_id, blob__owner=sender).exists():
        values = {"seq": seq, "look_at": now + rows.LOOK_MS}
        Erasure.objects.update_or_create(
            conv=conv, client_id=client_id, sender=sender, defaults=values
        )


def end(conv: bytes, sender: bytes, client_id: bytes, now: int) -> int:
    """After it: how many blobs are gone by that. Repeatable. Writes nothing where there are none:
    who leaves comes by with every message."""
    gone = rows.release(conv, sender, client_id, now)
    begun = Erasure.objects.filter(conv=conv, client_id=client_id, sender=sender)
    if begun.exists():
        begun.delete()
    return gone


def due(now: int, limit: int) -> list[Erasure]:
    """Those that broke off, or were refused."""
    return list(Erasure.objects.filter(look_at__lte=now).order_by("look_at")[:limit])


def forget(one: Erasure) -> None:
    """Of one that was refused, unless it was begun again."""
    Erasure.objects.filter(pk=one.pk, look_at=one.look_at).delete()
