"""Sessions: whose they are, on which device, and how they end.

A Django session carries the cookie; the `SessionRecord` beside it says what the protocol needs to
know. One session belongs to one device: until a link or a proof binds it, it may do nothing but
enrol (docs/encryption.md 4.18).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from django.contrib.auth import login
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.transaction import atomic, on_commit
from django.http import HttpRequest

from accounts import agents, hooks, lookup, protocol, suspending
from accounts.models import Device, Grant, SessionRecord, User
from accounts.signals import session_ended
from chatsite.edge.refusals import Refusal, unknown
from chatsite.edge.wire import Id
from e2ee.encoding import h

UNLOCK_MS = 600_000  # a proved factor opens the vault for ten minutes
NOTED_MS = 86_400_000  # that a session is in use without a request is written so often
BACKEND = "django.contrib.auth.backends.ModelBackend"  # loads the user; it checks no password here


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `record` is the session's row with its user and device."""

    record: SessionRecord
    granted: bool = False  # shows the enrolment grant instead of a device proof
    suspended: bool = False

    @property
    def uid(self) -> bytes:
        return self.record.user.uid

    @property
    def session(self) -> bytes:
        """16 bytes of H(session key), as in the live token."""
        return self.record.hash

    @property
    def device(self) -> bytes:
        """The session's device, which signed this request where the need was P or U."""
        if self.record.device is None:
            raise LookupError("the session has no device yet")
        return self.record.device.device

    def unlocked(self, now_ms: int) -> bool:
        return now_ms - self.record.unlocked < UNLOCK_MS


def hash_of(session_key: str) -> bytes:
    return h(session_key.encode())[:16]


def current(request: HttpRequest, now_ms: int) -> Caller | None:
    """Who is signed in, with one query; for pages, which show no more than metadata."""
    key = request.session.session_key
    if key is None:
        return None
    found = lookup.record_of(hash_of(key), now_ms)
    return Caller(found.record, suspended=found.suspended) if found else None


def require(request: HttpRequest, now_ms: int) -> Caller:
    who = current(request, now_ms)
    if who is None:
        raise Refusal(401, "sign_in", "Sign in again.")
    return who


def begin(request: HttpRequest, user: User, now_ms: int) -> SessionRecord:
    """Sign `user` in under a new session key; what this cookie was before ends."""
    before = current(request, now_ms)
    if before:
        _end(before.record)
    request.session.flush()
    login(request, user, backend=BACKEND)
    key = request.session.session_key
    assert key is not None
    return SessionRecord.objects.create(
        session_id=key,
        hash=hash_of(key),
        user=user,
        created=now_ms,
        seen=now_ms,
        unlocked=now_ms,  # a complete sign-in has just proved a factor
        agent=agents.in_words(request.headers.get("User-Agent", "")),
    )


def bind(record: SessionRecord, device: Device) -> None:
    """From now on the session speaks for this device. An older session of it ends: its cookie was
    lost or copied."""
    for older in SessionRecord.objects.filter(device=device).exclude(pk=record.pk):
        _end(older)
    SessionRecord.objects.filter(pk=record.pk).update(device=device)
    record.device = device
    _announce(record.user.uid)


def take_up(record: SessionRecord, device: Device) -> None:
    """The browser proved that it is this device, and need not enrol."""
    with atomic():
        Grant.objects.filter(pk=record.pk).delete()
        bind(record, device)


def touch(record: SessionRecord, now_ms: int) -> None:
    SessionRecord.objects.filter(pk=record.pk).update(seen=now_ms)


def unlock(record: SessionRecord, now_ms: int) -> None:
    SessionRecord.objects.filter(pk=record.pk).update(unlocked=now_ms)


def listed(who: Caller, now_ms: int) -> list[protocol.Session]:
    """The account's sessions, newest first, then devices that are listed but have none: signing
    those out makes room on the list."""
    records = _alive(now_ms).select_related("device").filter(user_id=who.record.user_id)
    bound = {record.device_id for record in records}
    idle = _present(who).exclude(pk__in=[pk for pk in bound if pk])
    return [
        *(_session(record, who) for record in records.order_by("-seen")),
        *(_idle(device) for device in idle.order_by("-added")),
    ]


def sign_out(who: Caller, now_ms: int, *, device_too: bool) -> None:
    """End this session; `device_too` marks its device gone. Repeating it has no effect."""
    with atomic():
        if device_too and who.record.device is not None:
            _mark_gone(who.record.device, now_ms)
        _end(who.record)


def sign_out_other(who: Caller, session_or_device: bytes, now_ms: int) -> None:
    """End one session of the account, by the id that `listed` gives. Nothing is renewed: a lost
    device is revoked by a link. Raises 404 for what is not there or not the caller's."""
    with atomic():
        record = (
            SessionRecord.objects.select_related("user", "device")
            .filter(user_id=who.record.user_id, hash=session_or_device)
            .first()
        )
        if record:
            return sign_out(Caller(record), now_ms, device_too=True)
        device = _present(who).filter(device=session_or_device).first()
        if device is None:
            unknown()
        retire(device, now_ms)


def retire(device: Device, now_ms: int) -> None:
    """Sign a device out for good, whether or not it has a session. Called inside a transaction."""
    _mark_gone(device, now_ms)
    end_of_devices([device])
    _announce(device.user.uid)


def end(record: SessionRecord) -> None:
    """The device stays, and its next sign-in uses it again. Called inside a transaction."""
    _end(record)


def note_seen(records: QuerySet[SessionRecord]) -> None:
    """These end: their devices remember when they were last in use."""
    for device, seen in records.exclude(device=None).values_list("device", "seen"):
        Device.objects.filter(pk=device).update(seen=seen)


def end_of_devices(devices: Iterable[Device]) -> None:
    """End every session of these devices."""
    for record in SessionRecord.objects.select_related("user").filter(device__in=devices):
        _end(record)


def secret_changed(record: SessionRecord) -> None:
    """Take back what the old password or code opened (docs/encryption.md 4.5): grants, sessions
    without a device, unlocks. The session that changes it keeps its own; devices stay signed in.
    Called inside the transaction that stores the new verifier and holds the account's row."""
    others = SessionRecord.objects.filter(user_id=record.user_id).exclude(pk=record.pk)
    Grant.objects.filter(session__in=others).delete()
    for other in others.select_related("user").filter(device=None):
        _end(other)
    others.update(unlocked=0)


def end_all(user: User) -> int:
    """End all sessions of the account; how many they were."""
    records = list(SessionRecord.objects.select_related("user").filter(user=user))
    for record in records:
        _end(record)
    return len(records)


class Bound(NamedTuple):
    """A live session, as its node knows it."""

    session: bytes
    uid: bytes
    device: bytes


def stands(session: bytes, now_ms: int) -> bool:
    """Whether there is a session of this hash whose account is not suspended; one query."""
    found = lookup.record_of(session, now_ms)
    return found is not None and not found.suspended


def ended(asked: Iterable[Bound], now_ms: int) -> dict[Bound, str]:
    """Those that have ended, and why: the account is `suspended`, the `device` gone from the
    list, or the `session` over. Those that stand are in use (accounts/stale.py). One query where
    none has."""
    asked = set(asked)
    alive = _alive(now_ms).filter(hash__in=[one.session for one in asked])
    alive = alive.filter(~suspending.suspended("user", now_ms))
    rows = alive.filter(device__gone_at=None).values_list(
        "hash", "user__uid", "device__device", "seen"
    )
    standing, unnoted = set(), []
    for session, uid, device, seen in rows:
        standing.add((session, uid, device))
        if now_ms - seen > NOTED_MS:
            unnoted.append(session)
    if unnoted:
        SessionRecord.objects.filter(hash__in=unnoted).update(seen=now_ms)
    over = [one for one in asked if one not in standing]
    if not over:
        return {}
    people = User.objects.filter(uid__in={one.uid for one in over})
    active = people.filter(~suspending.suspended("pk", now_ms), is_active=True)
    gone = set(
        Device.objects.filter(user__in=people, gone_at__isnull=False).values_list(
            "user__uid", "device"
        )
    )
    uids = set(active.values_list("uid", flat=True))
    return {one: _why(one, uids, gone) for one in over}


def _why(one: Bound, active: set[bytes], gone: set[tuple[bytes, bytes]]) -> str:
    if one.uid not in active:
        return "suspended"
    return "device" if (one.uid, one.device) in gone else "session"


def _alive(now_ms: int) -> QuerySet[SessionRecord]:
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return SessionRecord.objects.filter(session__expire_date__gt=now, user__is_active=True)


def _present(who: Caller) -> QuerySet[Device]:
    return Device.objects.filter(user_id=who.record.user_id, gone_at=None)


def _mark_gone(device: Device, now_ms: int) -> None:
    Device.objects.filter(pk=device.pk, gone_at=None).update(gone_at=now_ms)


def _end(record: SessionRecord) -> None:
    uid, session = record.user.uid, record.hash
    note_seen(SessionRecord.objects.filter(pk=record.pk))
    Session.objects.filter(pk=record.session_id).delete()
    hooks.after_commit(session_ended, uid=uid, session=session)
    _announce(uid)


def _announce(uid: bytes) -> None:
    """Where they are signed in has changed."""
    on_commit(lambda: hooks.account_changed(uid), robust=True)


def _session(record: SessionRecord, who: Caller) -> protocol.Session:
    return protocol.Session(
        id=Id(record.hash),
        created=record.created,
        seen=record.seen,
        agent=record.agent,
        current=record.hash == who.session,
        device=Id(record.device.device) if record.device else None,
    )


def _idle(device: Device) -> protocol.Session:
    return protocol.Session(
        id=Id(device.device),
        created=device.added,
        seen=device.added,
        agent=device.agent,
        current=False,
        device=Id(device.device),
    )
