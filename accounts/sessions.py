"""Sessions: whose they are, on which device, and how they end.

A Django session carries the cookie; the `SessionRecord` beside it says what the protocol needs to
know. One session belongs to one device: until a link or a proof binds it, it may do nothing but
enrol (encryption.md 4.18).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth import login
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.db.transaction import atomic
from django.http import HttpRequest

from accounts import agents, protocol
from accounts.models import Device, Grant, SessionRecord, User
from accounts.problems import Refusal, unknown
from accounts.signals import session_ended
from accounts.wire import Id
from e2ee.encoding import h

UNLOCK_MS = 600_000  # a proved factor opens the vault's doings for ten minutes
BACKEND = "django.contrib.auth.backends.ModelBackend"  # loads the user; it checks no password here


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `record` is the session's row with its user and device."""

    record: SessionRecord
    granted: bool = False  # shows the enrolment grant instead of a device proof

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
    record = _alive(now_ms).select_related("user", "device").filter(hash=hash_of(key)).first()
    return Caller(record) if record else None


def require(request: HttpRequest, now_ms: int) -> Caller:
    who = current(request, now_ms)
    if who is None:
        raise Refusal(401, "sign_in", "Sign in again.")
    return who


def begin(request: HttpRequest, user: User, now_ms: int) -> SessionRecord:
    """Sign `user` in under a new session key; whatever this cookie was before is over."""
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
    """From now on the session speaks for this device. An older session of it is over: its cookie
    was lost, or it was copied."""
    for older in SessionRecord.objects.filter(device=device).exclude(pk=record.pk):
        _end(older)
    SessionRecord.objects.filter(pk=record.pk).update(device=device)
    record.device = device


def take_up(record: SessionRecord, device: Device) -> None:
    """The browser proved that it is this device; no enrolment is needed any more."""
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
    device is revoked by a link. Raises 404 for what is not there or not one's own."""
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
        _mark_gone(device, now_ms)
        end_of_devices([device])


def end_of_devices(devices: Iterable[Device]) -> None:
    """End every session of these devices; called inside a transaction."""
    for record in SessionRecord.objects.select_related("user").filter(device__in=devices):
        _end(record)


def end_all(user: User) -> None:
    """Of the whole account; called inside a transaction."""
    for record in SessionRecord.objects.select_related("user").filter(user=user):
        _end(record)


def valid(hashes: Iterable[bytes], now_ms: int) -> set[bytes]:
    """Those that still stand, in one query: alive, bound to a device that is not gone."""
    alive = _alive(now_ms).filter(hash__in=list(hashes), device__gone_at__isnull=True)
    return set(alive.exclude(device=None).values_list("hash", flat=True))


def _alive(now_ms: int) -> QuerySet[SessionRecord]:
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    return SessionRecord.objects.filter(session__expire_date__gt=now, user__is_active=True)


def _present(who: Caller) -> QuerySet[Device]:
    return Device.objects.filter(user_id=who.record.user_id, gone_at=None)


def _mark_gone(device: Device, now_ms: int) -> None:
    Device.objects.filter(pk=device.pk, gone_at=None).update(gone_at=now_ms)


def _end(record: SessionRecord) -> None:
    """Rows first, then the news as the transaction's last step (accounts/signals.py)."""
    with atomic():
        Session.objects.filter(pk=record.session_id).delete()
        session_ended.send(sender=SessionRecord, uid=record.user.uid, session=record.hash)


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
