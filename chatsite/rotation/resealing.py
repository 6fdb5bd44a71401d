"""What lies sealed in a table is sealed again under the newest key, row by row.

Each row is a compare-and-set, so the site may run, and the command may be stopped and repeated.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import F, QuerySet

from accounts.models import Credentials
from e2ee import sealed
from moderation.models import Totp

ROWS = 500  # a read

Keys = dict[str, bytes]  # by kid
Reseal = Callable[[str, Keys], Iterator[bool]]
"""The newest kid, all keys → for each row of an older kid whether it was sealed again."""


def peppers(kid: str, keys: Keys) -> Iterator[bool]:
    older = Credentials.objects.exclude(pepper_kid=kid).annotate(uid=F("user__uid"))
    for row in _each(older):
        if row.pepper_kid not in keys:
            yield False
            continue
        uid = bytes(row.uid)
        plain = sealed.open_pepper(
            keys[row.pepper_kid], row.pepper_kid, uid=uid, sealed=bytes(row.pepper)
        )
        same = Credentials.objects.filter(pk=row.pk, pepper_kid=row.pepper_kid, pepper=row.pepper)
        box = sealed.seal_pepper(keys[kid], kid, uid=uid, pepper=plain)
        yield bool(same.update(pepper_kid=kid, pepper=box))


def apps(kid: str, keys: Keys) -> Iterator[bool]:
    older = Totp.objects.exclude(kid=kid).annotate(uid=F("user__uid"))
    for row in _each(older):
        if row.kid not in keys:
            yield False
            continue
        uid = bytes(row.uid)
        plain = sealed.open_totp(keys[row.kid], row.kid, uid=uid, sealed=bytes(row.sealed))
        same = Totp.objects.filter(pk=row.pk, kid=row.kid, sealed=row.sealed)
        box = sealed.seal_totp(keys[kid], kid, uid=uid, secret=plain)
        yield bool(same.update(kid=kid, sealed=box))


def _each(rows: QuerySet[Any]) -> Iterator[Any]:
    """By key, so that those that stay are not read twice."""
    after: Any = None
    while page := list((rows.filter(pk__gt=after) if after else rows).order_by("pk")[:ROWS]):
        yield from page
        after = page[-1].pk
