"""What a person lets others see of his coming and going: receipts, typing, presence.

No row = everything is shown to contacts. The live sessions ask here what they must keep back
(`of`, `hiding`); they are told of a change after its commit.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import F
from django.db.transaction import atomic, on_commit

from accounts import announcing, protocol
from accounts.models import Privacy, User


class Shown(NamedTuple):
    """To contacts; to anybody else nothing ever is."""

    receipts: bool = True  # how far he has read
    typing: bool = True
    presence: bool = True  # online, and when he was last here


def of(uid: bytes) -> Shown:
    row = Privacy.objects.filter(user__uid=uid).first()
    return Shown(row.receipts, row.typing, row.presence) if row else Shown()


def hiding(uids: Iterable[bytes]) -> set[bytes]:
    """Those who show nobody whether they are here, in one query."""
    rows = Privacy.objects.filter(user__uid__in=list(uids), presence=False)
    return set(rows.values_list("user__uid", flat=True))


def read(user: User) -> protocol.Privacy:
    receipts, typing, presence = of(user.uid)
    audience: protocol.Audience = "contacts" if presence else "nobody"
    return protocol.Privacy(receipts=receipts, typing=typing, presence=audience)


def change(user: User, wanted: protocol.Privacy) -> None:
    """Valid for what happens from now on; what was held back stays so. Repeating has no effect
    but another announcement."""
    columns = {
        "receipts": wanted.receipts,
        "typing": wanted.typing,
        "presence": wanted.presence == "contacts",
    }
    with atomic():
        row, created = Privacy.objects.get_or_create(user=user, defaults=columns)
        if not created:
            Privacy.objects.filter(user=user).update(**columns, version=F("version") + 1)
        on_commit(lambda: announcing.privacy_changed(user.uid, row.version + (not created)))
