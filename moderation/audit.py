"""The log of what staff and operators did and looked at: append-only, each entry tied to that
before it by a MAC (docs/adr/0044-an-admin-of-its-own.md).

    tag = MAC(key[kid], cat("m1:audit", kid, n, ms, actor, action, object, H(details), prev))

Somebody who has the database alone cannot write an entry or change one without it showing. With
the secret as well they can write the whole chain once more: that shows by a head which was noted
elsewhere before, so the server writes the head into its log every day.
"""

import hmac
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from chatsite.edge.limits import DAY
from chatsite.running import jobs, threads
from chatsite.running.clock import now_ms
from chatsite.running.progress import Say, unsaid
from e2ee.encoding import ZERO, cat, h, mac, u64
from moderation.models import ACTION_MAX, ACTOR_MAX, DETAILS_MAX, OBJECT_MAX, Audit

LABEL = "m1:audit"
LOCK = int.from_bytes(b"m1:audit")  # among PostgreSQL's advisory locks
ROWS = 500  # a read
TRIGGERS = ("audit_is_not_changed", "audit_is_not_deleted")

logger = logging.getLogger(__name__)


class Broken(Exception):
    """The chain is not as it was written; the text says where."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that holds: how many entries, and the tag of the newest (zero where none is)."""

    entries: int
    head: bytes


@contextmanager
def turn() -> Iterator[None]:
    """A transaction that changes something and writes an entry. It has the log before anything
    else, as each transaction has on SQLite: of two that lock rows first and then the log, in
    whatever order, each could wait for what the other has (docs/adr/0039)."""
    with transaction.atomic():
        _lock()
        yield


def write(actor: str, action: str, object: str, details: Mapping[str, object]) -> Audit:
    """Append an entry in the caller's transaction: what is undone with it leaves no entry.

    `details` become JSON; neither they nor `object` may hold a text of somebody's, a file name or a
    secret. Where rows are changed with it, that is done in a `turn`. Raises ValueError for what is
    too long. Others who write wait for the transaction to end, so keep it short.
    """
    text = json.dumps(details, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    _measure(actor=(actor, ACTOR_MAX), action=(action, ACTION_MAX))
    _measure(object=(object, OBJECT_MAX), details=(text, DETAILS_MAX))
    with transaction.atomic():
        _lock()
        newest = Audit.objects.order_by("-n").first()
        kid, _ = settings.SECRETS["audit"][0]
        entry = Audit(
            n=newest.n + 1 if newest else 1, ms=now_ms(), actor=actor, action=action,
            object=object, details=text, digest=h(text.encode()),
            prev=newest.tag if newest else ZERO, kid=kid,
        )  # fmt: skip
        entry.tag = _tag(entry)
        entry.save(force_insert=True)
    return entry


def verify(head: bytes | None = None, say: Say = unsaid) -> Chain:
    """Read all of it. Raises Broken where an entry was changed, left out or put in, where `head` is
    no entry's tag, or where the database would let somebody change it."""
    n, prev, seen = 0, ZERO, head is None
    for entry in Audit.objects.order_by("n").iterator(ROWS):
        n += 1
        _check(entry, n, prev)
        prev = entry.tag
        seen = seen or hmac.compare_digest(prev, head or b"")
        say("entries read", n)
    if not seen:
        raise Broken("no entry has that head: the log was cut, or written again from there on")
    missing = set(TRIGGERS) - _triggers()
    if missing:
        raise Broken(f"the database has no trigger {', '.join(sorted(missing))}")
    return Chain(n, prev)


async def every_day() -> None:
    """Until it is cancelled, by one process of the site: the head goes into the log."""
    await jobs.repeat(
        "head", "telling the head of the audit log", lambda: threads.run(tell_head), DAY
    )


def tell_head() -> None:
    newest = Audit.objects.order_by("-n").first()
    if newest is not None:
        logger.info("audit log: %d entries, head %s", newest.n, newest.tag.hex())


def _check(entry: Audit, n: int, prev: bytes) -> None:
    if entry.n != n:
        raise Broken(f"entry {n} is missing")
    if not hmac.compare_digest(entry.digest, h(entry.details.encode())):
        raise Broken(f"the details of entry {n} were changed")
    if entry.kid not in dict(settings.SECRETS["audit"]):
        raise Broken(f"entry {n} was made with the key {entry.kid!r}, which is not there")
    if not hmac.compare_digest(entry.prev, prev) or not hmac.compare_digest(entry.tag, _tag(entry)):
        raise Broken(f"entry {n} was changed, or one before it")


def _tag(entry: Audit) -> bytes:
    words = (word.encode() for word in (entry.actor, entry.action, entry.object))
    key = dict(settings.SECRETS["audit"])[entry.kid]
    fields = (entry.kid.encode(), u64(entry.n), u64(entry.ms), *words, entry.digest, entry.prev)
    return mac(key, cat(LABEL, *fields))


def _measure(**given: tuple[str, int]) -> None:
    for name, (text, longest) in given.items():
        if len(text) > longest:
            raise ValueError(f"{name} of an audit entry has {len(text)} of {longest} characters")


def _lock() -> None:
    """Until the end of the transaction nobody else appends. On SQLite a transaction has the lock of
    all writes from its beginning. On PostgreSQL a lock of the newest row would not do: before the
    first entry there is none, and those who waited for it go on with a row that is not the newest
    any more."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _triggers() -> set[str]:
    questions = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
        "postgresql": "SELECT tgname FROM pg_trigger"
        " WHERE tgrelid = %s::text::regclass AND tgenabled IN ('O', 'A')",
    }
    with connection.cursor() as cursor:
        cursor.execute(questions[connection.vendor], [Audit._meta.db_table])
        return {name for (name,) in cursor.fetchall()}
