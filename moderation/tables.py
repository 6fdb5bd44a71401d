"""The tables of the data model as they lie in the store, whichever engine it is (README.md).

Lists show ids, times, numbers and sizes; a row shows the first bytes of what is sealed, as hex. The
server could show no text: it has none. Each page is written into the audit log, since it says who
talks to whom.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import User
from chatsite.running.clock import now_ms
from messaging.backends import tables
from messaging.backends.tables import BadCursor, Browsed, Key, Mark, Sent, Table
from messaging.domain import Pair, Row
from moderation import audit
from moderation.listing import PAGE, Cell, Section, Value, View, hexed, moment, yes
from moderation.site import Page, site
from presence.backends import registry

FIRST_BYTES = 64  # of a sealed value that a row shows
CURSOR_MAX = 2000  # characters
CURSOR = re.compile(r"[0-9a-f]*")
Names = dict[bytes, str]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a table is shown. `people`: whose names a record needs. `key`: tells a record from the
    others of its page. `sealed`: what of it is sealed, with its name."""

    title: str
    table: Table
    head: Sequence[str]
    cells: Callable[[Any, Names], Sequence[Value]]
    people: Callable[[Any], Sequence[bytes]]
    key: Callable[[Any], str]
    facts: Callable[[Any], Sequence[tuple[str, Value]]]
    sealed: Callable[[Any], Sequence[tuple[str, bytes | None]]] = lambda _: ()


def listed(request: HttpRequest, name: str) -> HttpResponse:
    shape = _shape(name)
    after = _after(request)
    found = _browsed(shape, after)
    _note(request, "see_table", name, {"after": after, "records": len(found.records)})
    names = _names({uid for record in found.records for uid in shape.people(record)})
    here = reverse("admin:table_row", args=[name])
    shown = [
        (Cell("Look", f"{here}?after={after}&key={shape.key(record)}"), *shape.cells(record, names))
        for record in found.records
    ]
    view = View(
        shape.title, [Section(("", *shape.head), shown)],
        after=found.cursor.hex() if found.cursor else "", note=NOTE,
    )  # fmt: skip
    return view.page(request)


def row(request: HttpRequest, name: str) -> HttpResponse:
    """One record of the page that `after` begins."""
    shape, key = _shape(name), request.GET.get("key", "")
    found = _browsed(shape, _after(request)).records
    record: Any = next((each for each in found if shape.key(each) == key), None)
    if record is None:
        raise Http404
    _note(request, "see_row", name, {"key": key})
    names = _names(set(shape.people(record)))
    facts = [*zip(shape.head, shape.cells(record, names), strict=True), *shape.facts(record)]
    sealed = [
        (title, len(raw), hexed(raw[:FIRST_BYTES]))
        for title, raw in shape.sealed(record)
        if raw is not None
    ]
    sections = [Section(("Column", "Bytes", f"The first {FIRST_BYTES}"), sealed, "Sealed")]
    back = (shape.title, reverse(f"admin:table_{name}"))
    return View(shape.title, sections if sealed else [], facts, back=back).page(request)


def heartbeats(request: HttpRequest) -> HttpResponse:
    """Who is connected, to which server, and when that last said that it lives."""
    before = _after(request)
    entries = sorted(
        async_to_sync(registry().everyone)(now_ms()), key=lambda each: (each.user, each.device)
    )
    _note(request, "see_table", "heartbeat", {"records": len(entries)})
    some = [each for each in entries if each.user.hex() + each.device.hex() > before]
    names = _names({each.user for each in some[:PAGE]})
    shown = [
        (_person(each.user, names), each.node, moment(each.heartbeat), hexed(each.device))
        for each in some[:PAGE]
    ]
    last = some[PAGE - 1] if len(some) > PAGE else None
    after = last.user.hex() + last.device.hex() if last else ""
    head = ("User", "Server", "Heartbeat", "Device")
    facts = [("Connected devices", len(entries))]
    return View(HEARTBEAT, [Section(head, shown)], facts, after=after).page(request)


def _browsed(shape: Shape, after: str) -> Browsed:
    try:
        cursor = bytes.fromhex(after) or None
        return async_to_sync(tables().browse)(shape.table, cursor, PAGE)
    except (BadCursor, ValueError) as error:
        raise Http404 from error


def _after(request: HttpRequest) -> str:
    given = request.GET.get("after", "")
    if len(given) > CURSOR_MAX or not CURSOR.fullmatch(given):
        raise Http404
    return given


def _shape(name: str) -> Shape:
    if name not in SHAPES:
        raise Http404
    return SHAPES[name]


def _note(request: HttpRequest, action: str, name: str, details: dict[str, object]) -> None:
    audit.write(request.user.get_username(), action, f"table {name}", details)


def _names(uids: set[bytes]) -> Names:
    return dict(User.objects.filter(uid__in=list(uids)).values_list("uid", "username"))


def _person(uid: bytes, names: Names) -> Cell:
    """Without an account any more: the number alone."""
    if uid not in names:
        return hexed(uid)
    return Cell(names[uid], reverse("admin:person", args=[uid.hex()]))


def _pair(one: Pair, names: Names) -> Sequence[Value]:
    users = (_person(one.user1, names), _person(one.user2, names))
    return *users, hexed(one.conv), one.state.name.lower(), moment(one.created)


def _key(one: Key, names: Names) -> Sequence[Value]:
    return hexed(one.conv), one.epoch, len(one.record), moment(one.time), yes(one.forced)


def _message(one: Row, names: Names) -> Sequence[Value]:
    size = one.gone.value if one.text is None and one.gone else len(one.text or b"")
    urls = len(one.url.split())
    return hexed(one.conv), one.seq, _person(one.sender, names), moment(one.time), size, urls


def _sent(one: Sent, names: Names) -> Sequence[Value]:
    way = (_person(one.sender, names), _person(one.reader, names))
    return *way, moment(one.time), one.last_seq, _person(one.owner, names)


def _mark(one: Mark, names: Names) -> Sequence[Value]:
    way = (_person(one.sender, names), _person(one.reader, names))
    return *way, moment(one.time), one.read_seq, one.got_seq, _person(one.owner, names)


NOTE = "Sealed values are shown as sizes; a row shows their first bytes. No key of them is here."
HEARTBEAT = "User, Server, Heartbeat"
SHAPES = {
    "user": Shape(
        "User (pairs)", Table.CONNECTION, ("User1", "User2", "Connection-id", "State", "Since"),
        _pair, lambda one: (one.user1, one.user2), lambda one: one.conv.hex(),
        lambda one: [
            ("Asked by", one.asked_by.name.lower()), ("Blocked (bits)", one.blocked),
            ("Version", one.version),
        ],
    ),
    "encryption-key": Shape(
        "Encryption key", Table.CONNECTION_KEY,
        ("Connection-id", "Epoch", "Sealed record (bytes)", "Time", "After a revocation"),
        _key, lambda one: (), lambda one: f"{one.conv.hex()}-{one.epoch}",
        lambda one: [("Links of the device lists", f"{one.k1}, {one.k2}")],
        lambda one: [("record", one.record)],
    ),
    "conversation": Shape(
        "Conversation", Table.CONVERSATION,
        ("Conversation-id", "Seq", "From", "Time", "Text (bytes)", "URL (files)"),
        _message, lambda one: (one.sender,), lambda one: f"{one.conv.hex()}-{one.seq}",
        lambda one: [
            ("Device", hexed(one.device)), ("Client id", hexed(one.client_id)),
            ("Counter", one.ctr), ("Kind", one.kind), ("Epoch", one.epoch),
            ("Expires", moment(one.expires)), ("Withheld", yes(one.withheld)),
            ("URL", Cell(one.url or "–", code=True)),
        ],
        lambda one: [("text", one.text)],
    ),
    "unread": Shape(
        "Unread", Table.UNREAD, ("From", "To", "Time", "Newest", "As seen by"),
        _sent, lambda one: (one.sender, one.reader), lambda one: _way(one),
        lambda one: [("Conversation-id", hexed(one.conv)), ("Counted", one.last_ord)],
    ),
    "read": Shape(
        "Read", Table.READ, ("From", "To", "Time", "Read to", "Received to", "As seen by"),
        _mark, lambda one: (one.sender, one.reader), lambda one: _way(one),
        lambda one: [("Counted", one.read_ord), ("Received", moment(one.got_time))],
    ),
}  # fmt: skip


def _way(one: Sent | Mark) -> str:
    return f"{one.sender.hex()}-{one.reader.hex()}-{one.owner.hex()}"


def _index(name: str) -> Callable[..., HttpResponse]:
    return lambda request: listed(request, name)


site.add(
    "Tables",
    *(
        Page(
            f"tables/{name}/", f"table_{name}", _index(name), "moderation.view_tables", shape.title
        )
        for name, shape in SHAPES.items()
    ),
    Page("tables/<str:name>/row/", "table_row", row, "moderation.view_tables"),
    Page("tables/heartbeat/", "table_heartbeat", heartbeats, "moderation.view_tables", HEARTBEAT),
)
