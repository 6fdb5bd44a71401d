"""Moving a device list on: one link with all that it renews, in one transaction.

Policy: `_check_devices` (who may come and go), `wraps.check` (who gets the user key),
`_check_renewals` (what must be renewed together). The chain rules themselves are
`e2ee.records.check_next`, and the same in every client.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.transaction import atomic

from accounts import credentials, devices, hooks, proof, protocol, sessions, vault, wraps
from accounts.models import Credentials, Device, DeviceListLink, SessionRecord, User
from accounts.protocol import LinkStored, NewLink
from accounts.sessions import Caller
from accounts.signals import device_revoked
from chatsite.edge.refusals import Conflict, bad
from chatsite.edge.wire import B32
from e2ee import records

KeyOf = Callable[[bytes], bytes | None]


@dataclass(frozen=True, slots=True)
class _Change:
    link: records.Link
    head: records.Link
    rows: dict[bytes, Device]  # every device that this account ever listed

    @property
    def added(self) -> list[records.ListedDevice]:
        return [each for each in self.link.devices if self.head.device(each.id) is None]

    @property
    def removed(self) -> list[Device]:
        """Those that were still here. A device that had signed out leaves without a signal."""
        left = [each.id for each in self.head.devices if self.link.device(each.id) is None]
        return [self.rows[each] for each in left if self.rows[each].gone_at is None]


def store(
    who: Caller, body: NewLink, signed_by: Callable[[KeyOf], bytes], now_ms: int
) -> LinkStored:
    """Store the link that follows the head, with wraps and renewals.

    Under a grant the link must list the device whose key signs this request (`signed_by` verifies
    that), and binds the session to it. Devices that a revocation leaves out are gone at once, with
    their sessions. Repeating the same bytes answers the same. Raises Conflict(LinkConflict) with
    the link that stands there instead, Refusal `bad_link`, and what `e2ee` refuses.
    """
    link = records.verify_link(body.link)
    enrolling = signed_by(_key_in(link)) if who.granted else None
    with atomic():
        return _store(who, body, link, enrolling, now_ms)


def _store(
    who: Caller, body: NewLink, link: records.Link, enrolling: bytes | None, now_ms: int
) -> LinkStored:
    # Two at once queue for this row (SQLite has one writer anyway): the second sees the first.
    user = proof.hold_account(who, now_ms)
    head = records.parse_link(bytes(_at(user, user.head_k).link))
    if link.raw == head.raw and enrolling is None:
        return LinkStored(head=devices.head(user))
    if link.k <= head.k:
        raise _conflict(user, link.k)
    records.check_next(link, head)
    rows = {row.device: row for row in Device.objects.filter(user=user)}
    change = _Change(link, head, rows)
    _check_devices(who, change, enrolling)
    wraps.check(link, head, body.wraps, body.prev_box)
    _check_renewals(change, body)
    removed = change.removed
    devices.append(user, link, who.record.agent)
    wraps.store(user, link, body.wraps, body.prev_box)
    _renew(who, user, body)
    token = _enrol(who.record, enrolling, now_ms) if enrolling else None
    _revoke(removed, link.k, now_ms)
    return LinkStored(head=(link.k, B32(link.hash)), token=token)


def _check_devices(who: Caller, change: _Change, enrolling: bytes | None) -> None:
    """The AIK's signature says that the account wants it; this finds accidents and tricks."""
    if any(each.id in change.rows for each in change.added):
        bad("bad_link", "A device that is gone does not come back under its id.")
    if _rekeyed(change):
        bad("bad_link", "A listed device keeps its keys.")
    if change.removed and not change.link.revokes:
        bad("bad_link", "A device that is still signed in leaves by a revocation.")
    if enrolling is None:
        if change.link.device(who.device) is None:
            bad("bad_link", "The device that asks stays on the list.")
    elif [each.id for each in change.added] != [enrolling] or change.link.revokes:
        bad("bad_link", "A new browser enrols itself, and nothing else.")


def _rekeyed(change: _Change) -> bool:
    pairs = ((each, change.head.device(each.id)) for each in change.link.devices)
    return any(before is not None and before != after for after, before in pairs)


def _check_renewals(change: _Change, body: NewLink) -> None:
    """The vault holds the recovery seed, each factor RK, and the verifiers stand for both."""
    if change.link.recovery_key != change.head.recovery_key and body.vault is None:
        bad("bad_link", "A new recovery key comes with the vault that holds it.")
    if body.factors is None:
        if body.code or body.password:
            bad("bad_factors", "A new code or password comes with its factor.")
        return
    vault.check_factors(body.factors)
    if body.vault is None:
        bad("bad_factors", "New factors come with the vault that they open.")
    if body.password and not vault.has_password(body.factors):
        bad("bad_factors", "A new password comes with its factor.")


def _renew(who: Caller, user: User, body: NewLink) -> None:
    if body.vault is not None:
        vault.replace(user, body.vault, body.factors)
    if body.factors is None:
        return
    row = Credentials.objects.get(user=user)
    if body.code:
        credentials.set_code(row, user.uid, body.code)
    if body.password:
        credentials.set_password(row, user.uid, body.password)
    elif not vault.has_password(body.factors):
        credentials.drop_password(row)
    elif not row.verifier:
        bad("bad_factors", "A password is switched on with its values.")
    row.save()
    sessions.secret_changed(who.record)


def _enrol(record: SessionRecord, device: bytes, now_ms: int) -> str:
    proof.consume_grant(record)
    sessions.bind(record, Device.objects.get(user_id=record.user_id, device=device))
    return devices.live_token(record, now_ms)


def _revoke(removed: list[Device], k: int, now_ms: int) -> None:
    Device.objects.filter(pk__in=[row.pk for row in removed]).update(gone_at=now_ms)
    for row in removed:
        hooks.after_commit(device_revoked, uid=row.user.uid, device=row.device, k=k)
    sessions.end_of_devices(removed)


def _key_in(link: records.Link) -> KeyOf:
    def key_of(device: bytes) -> bytes | None:
        listed = link.device(device)
        return listed.signing_key if listed else None

    return key_of


def _at(user: User, k: int) -> DeviceListLink:
    return DeviceListLink.objects.get(user=user, chain=user.chain, k=k)


def _conflict(user: User, k: int) -> Conflict:
    return Conflict(
        protocol.LinkConflict(
            code="stale",
            message="Another device changed the list first.",
            link=bytes(_at(user, min(max(k, 1), user.head_k)).link),
        )
    )
