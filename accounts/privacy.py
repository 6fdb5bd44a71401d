"""What people let others see of their coming and going: receipts, typing, presence. And whom they
let ask to become a contact.

No row = everything is shown to contacts, and anybody may ask. The live sessions ask here what they
must keep back (`of`, `hiding`); they are told of a change after its commit.
"""

from collections.abc import Iterable
from typing import NamedTuple, cast

from django.db.models import F
from django.db.transaction import atomic, on_commit

from accounts import hooks, protocol
from accounts.models import ANYBODY, Privacy, User


class Shown(NamedTuple):
    """What contacts are shown; nobody else is shown anything."""

    receipts: bool = True  # how far they have read
    typing: bool = True
    presence: bool = True  # online, and when they were last here
    receipts_since: int = 0  # ms; what was read before that is not told, even now


def of(uid: bytes) -> Shown:
    row = Privacy.objects.filter(user__uid=uid).first()
    if row is None:
        return Shown()
    return Shown(row.receipts, row.typing, row.presence, row.receipts_since)


def hiding(uids: Iterable[bytes]) -> set[bytes]:
    """Those who hide whether they are here, in one query."""
    rows = Privacy.objects.filter(user__uid__in=list(uids), presence=False)
    return set(rows.values_list("user__uid", flat=True))


def askers(uid: bytes) -> str:
    """Who may ask to become a contact of theirs: one of protocol.Askers."""
    row = Privacy.objects.filter(user__uid=uid).values_list("requests", flat=True).first()
    return row or ANYBODY


def read(user: User) -> protocol.Privacy:
    shown = of(user.uid)
    return protocol.Privacy(
        receipts=shown.receipts,
        typing=shown.typing,
        presence="contacts" if shown.presence else "nobody",
        requests=cast(protocol.Askers, askers(user.uid)),
    )


def change(user: User, wanted: protocol.Privacy, now: int) -> None:
    """Applies to what happens from now on; what was held back stays so. Repeating only announces
    it again."""
    columns = {
        "receipts": wanted.receipts,
        "typing": wanted.typing,
        "presence": wanted.presence == "contacts",
        **({"requests": wanted.requests} if wanted.requests else {}),
    }
    with atomic():
        row, created = Privacy.objects.get_or_create(user=user, defaults=columns)
        if not created:
            rows = Privacy.objects.filter(user=user)
            if wanted.receipts:
                rows.filter(receipts=False).update(receipts_since=now)
            rows.update(**columns, version=F("version") + 1)
        on_commit(lambda: hooks.privacy_changed(user.uid, row.version + (not created)))
