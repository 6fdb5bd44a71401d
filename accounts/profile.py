"""Names, which the server sees. A stranger shows nothing else (docs/encryption.md 4.12)."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from accounts import names
from accounts.models import User


class Person(NamedTuple):
    uid: bytes
    username: str
    display_name: str


def people(uids: Iterable[bytes]) -> dict[bytes, Person]:
    """The names of those who exist, in one query; unknown uids are left out."""
    rows = _people().filter(uid__in=list(uids)).values_list(*Person._fields)
    return {uid: Person(uid, *names) for uid, *names in rows}


def gone(uids: Iterable[bytes]) -> set[bytes]:
    """Of these the ones whose account is deleted."""
    found = User.objects.filter(uid__in=list(uids), deletion__isnull=False)
    return set(found.values_list("uid", flat=True))


def find(text: str) -> Person | None:
    """By exact username, in any spelling that PRECIS takes for the same."""
    row = _people().filter(username=names.folded(text)).first()
    return Person(row.uid, row.username, row.display_name) if row else None


def rename(user: User, text: str) -> None:
    """Change the display name. Raises Refusal `bad_name`."""
    User.objects.filter(pk=user.pk).update(display_name=names.display_name(text))


def _people() -> QuerySet[User]:
    """Those with a device list: staff accounts do not exist here. Nor do people whom nobody has
    approved yet, where that is needed."""
    return User.objects.filter(is_active=True, head_k__gt=0, approved=True)
