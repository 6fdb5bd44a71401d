"""What the server has of a person, as files that people and programs can read.

Nothing in them is a secret of the server, or tells of others what the person does not see anyway.
Messages stand there without their text: the server has it sealed, and the browsers of the person
have it open.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from accounts import privacy
from accounts.models import (
    Device,
    DeviceListLink,
    Factor,
    Mailbox,
    Note,
    PrevBox,
    SessionRecord,
    User,
    UserKeyWrap,
    Vault,
)
from accounts.suspending import FOREVER
from chatsite.copying.conversations import patiently
from chatsite.leaving.archive import Records, Text
from chatsite.leaving.words import README
from chatsite.running import threads
from e2ee import records
from e2ee.encoding import to_base64
from media.models import Blob, State
from messaging import connections, messages
from messaging.backends import log
from messaging.domain import PAGE_MAX, Contact, ContactState
from messaging.models import Invite
from messaging.protocol import Msg
from messaging.sessions import vector
from moderation import appeals
from moderation.models import Appeal, Report
from presence import registry

ROWS = 50  # of a table, at a time
FACTORS = {
    records.FACTOR_CODE: "recovery code", records.FACTOR_PASSWORD: "password",
}  # fmt: skip
KINDS = {1: "message", 2: "silent"}  # silent: a reaction, an edit, a deletion

Record = dict[str, Any]
Describe = Callable[[Any], Record]


class Steps:
    """What is told of the progress; nothing, unless somebody looks."""

    def begin(self, what: str, steps: int) -> None:
        """So many conversations."""

    def step(self, rows: int = 0) -> None:
        """One is done, with so many messages."""


async def files(user: User, now: int, told: Any = None) -> AsyncIterator[Text | Records]:
    """Every file of the archive, one after the other; `told`: as Steps. Raises
    chatsite.copying.Interrupted where the message store stays away."""
    told = told or Steps()
    yield Text("README.txt", README.format(site=settings.SITE_URL, day=_time(now)))
    yield Records("account.json", _once(partial(_account, user, now)))
    for name, (rows, describe) in _tables(user).items():
        yield Records(f"{name}.json", _read(rows, describe))
    yield Records("reports.json", _once(partial(_reports, user)))
    yield Records("decisions.json", _once(partial(_decisions, user, now)))
    contacts = await patiently(partial(connections.listed, user.uid))
    marks = {row.conv: row for row in await patiently(partial(vector.read, user.uid))}
    yield Records("contacts.json", _each(_contact(*one, marks) for one in contacts))
    told.begin("conversations", len(contacts))
    for contact, _person in contacts:
        yield Records(f"messages/{contact.conv.hex()}.json", _messages(contact, now, told))


async def _each(every: Any) -> AsyncIterator[Record]:
    for one in every:
        yield one


async def _once(read: Callable[[], list[Record]]) -> AsyncIterator[Record]:
    for one in await threads.run(read):
        yield one


async def _read(rows: QuerySet[Any], describe: Describe) -> AsyncIterator[Record]:
    """A table, some rows at a time."""
    some = await threads.run(lambda: list(rows.order_by("pk")[:ROWS]))
    while some:
        for row in some:
            yield describe(row)
        after = some[-1].pk
        some = await threads.run(lambda: list(rows.filter(pk__gt=after).order_by("pk")[:ROWS]))  # noqa: B023


async def _messages(contact: Contact, now: int, told: Any) -> AsyncIterator[Record]:
    after = count = 0
    while rows := await patiently(partial(log().page, contact.conv, PAGE_MAX, now, after=after)):
        for row in await patiently(partial(messages.frames_of, rows, contact.owner, now)):
            yield _message(row, contact)
        after, count = rows[-1].seq, count + len(rows)
    told.step(count)


def _account(user: User, now: int) -> list[Record]:
    user = User.objects.get(pk=user.pk)
    mailbox = Mailbox.objects.filter(user=user).first()
    shown = privacy.read(user)
    return [{
        "id": user.uid.hex(), "username": user.username, "display_name": user.display_name,
        "joined": _time(user.joined), "exported": _time(now), "approved": user.approved,
        "last_here": _time(registry.last_seen([user.uid]).get(user.uid)),
        "account_resets": user.chain - 1,
        "email": mailbox.address if mailbox else "",
        "email_to_be_confirmed": mailbox.wanted if mailbox and mailbox.expires > now else "",
        "read_receipts": shown.receipts, "writing_indicator": shown.typing,
        "presence": shown.presence, "requests_from": shown.requests,
    }]  # fmt: skip


def _tables(user: User) -> dict[str, tuple[QuerySet[Any], Describe]]:
    mine = {"user": user}
    return {
        "devices": (Device.objects.filter(**mine), lambda row: {
            "id": row.device.hex(), "browser": row.agent, "added": _time(row.added),
            "seen": _time(row.seen), "gone": _time(row.gone_at),
            "signing_key": row.signing_key.hex(), "sealing_key": row.kem_key.hex(),
        }),
        "sessions": (SessionRecord.objects.filter(**mine), lambda row: {
            "browser": row.agent, "signed_in": _time(row.created), "seen": _time(row.seen),
            "unlocked": _time(row.unlocked),
        }),
        "device_list": (DeviceListLink.objects.filter(**mine), lambda row: {
            "chain": row.chain, "number": row.k, "signed_record": bytes(row.link).hex(),
        }),
        "vault": (Vault.objects.filter(**mine), lambda row: {
            "version": row.version, "sealed": row.box.hex(),
        }),
        "factors": (Factor.objects.filter(**mine), lambda row: {
            "kind": FACTORS.get(row.type, "passkey"), "made": _time(row.made),
            "sealed": row.wrap.hex(),
        }),
        "keys": (UserKeyWrap.objects.filter(**mine), lambda row: {
            "generation": row.g, "for_device": row.device.hex(), "sealed": row.wrap.hex(),
        }),
        "earlier_keys": (PrevBox.objects.filter(**mine), lambda row: {
            "generation": row.g, "sealed": row.box.hex(),
        }),
        "notes": (Note.objects.filter(**mine), lambda row: {
            "about": row.peer.hex(), "version": row.version, "sealed": row.note.hex(),
        }),
        "invites": (Invite.objects.filter(**mine), lambda row: {
            "made": _time(row.created), "until": _time(row.expires), "connects": row.connects,
            "opened": row.uses, "used_by": row.used_by.hex() if row.used_by else None,
        }),
        "files": (Blob.objects.filter(owner=user.uid).exclude(state=State.DELETING), lambda row: {
            "id": row.blob.hex(), "conversation": row.conv.hex(), "sealed_bytes": row.size,
            "state": State(row.state).name.lower(), "changed": _time(row.changed),
        }),
    }  # fmt: skip


def _reports(user: User) -> list[Record]:
    """What they sent stays sealed to those who read reports."""
    mine = Report.objects.filter(reporter=user.uid).defer("sealed").order_by("pk")
    return [
        {"about": row.peer.hex(), "reason": row.reason, "made": _time(row.made),
         "looked_at": row.closed is not None}
        for row in mine.iterator(ROWS)
    ]  # fmt: skip


def _decisions(user: User, now: int) -> list[Record]:
    """As the page of decisions shows them, with what the person said against them."""
    said = {
        to_base64(one.decision.decision): one.text
        for one in Appeal.objects.select_related("decision").filter(decision__user=user)
    }
    return [
        {"measure": one.measure, "reason": one.reason, "made": one.made.isoformat(),
         "until": one.until.isoformat() if one.until else None, "undone": one.undone is not None,
         "appealed": one.appealed is not None, "appeal": said.get(one.id, "")}
        for one in appeals.decisions(user, now)
    ]  # fmt: skip


def _contact(contact: Contact, person: Any, marks: Any) -> Record:
    row = marks.get(contact.conv)
    told = {} if row is None else {
        "received_up_to": row.my_got, "read_up_to": row.my_read,
        "they_received_up_to": row.peer_got, "they_read_up_to": row.peer_read,
    }  # fmt: skip
    return {
        "id": contact.peer.hex(), "username": person.username,
        "display_name": person.display_name, "conversation": contact.conv.hex(),
        "state": ContactState(contact.state).name.lower(), "since": _time(contact.since),
        "cleared_up_to": contact.cleared, **told,
    }  # fmt: skip


def _message(row: Msg, contact: Contact) -> Record:
    if row.client_id is None:
        return {"number": row.seq, "gone": row.gone}
    return {
        "number": row.seq, "time": _time(row.time),
        "from": "you" if row.sender == contact.owner else "them",
        "device": bytes(row.device or b"").hex(), "kind": KINDS.get(row.kind or 0, "other"),
        "gone": row.gone, "sealed_bytes": len(row.body or b""),
        "disappears_after_seconds": row.ttl or None,
        "files": [bytes(blob).hex() for blob in row.blobs or ()],
    }  # fmt: skip


def _time(ms: int | None) -> str | None:
    """UTC."""
    if not ms or ms == FOREVER:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")
