"""The pages of the message side: the chats, one of them, the people, an invite.

They carry names and ids, which the server knows; what is written arrives as ciphertext and is
opened by static/js/. A foreign conversation looks like one that does not exist: both are not found.
"""

import base64
from collections.abc import Iterable
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import boot, rates, sessions
from accounts.pages import AVATAR_TINTS, HOME, signed_in
from accounts.profile import Person
from accounts.sessions import Caller
from chatsite.edge import limits
from chatsite.running.clock import now_ms
from messaging import connections
from messaging.domain import Contact, ContactState

Row = tuple[Contact, Person]
PEOPLE_A_PAGE = 100  # on the page of people that cost as much as another page
ROWS_SERVED = 30  # chats in the page: two screens; the script brings the others, in its order


@require_safe
@signed_in
def inbox(request: HttpRequest, who: Caller) -> HttpResponse:
    return _chats(request, who, "chat/inbox.html", None)


@require_safe
def conversation(request: HttpRequest, conv: str) -> HttpResponse:
    def serve(request: HttpRequest, who: Caller) -> HttpResponse:
        return _chats(request, who, "chat/conversation.html", conv)

    return signed_in(serve)(request)


@require_safe
@signed_in
def people(request: HttpRequest, who: Caller) -> HttpResponse:
    rows = async_to_sync(connections.listed)(who.uid)
    limits.take(rates.PAGES, who.uid, now_ms(), len(rows) // PEOPLE_A_PAGE)
    groups = {state.name.lower(): _rows(rows, {state}) for state in ContactState}
    person = {"boot": boot.data(request, who), "person": who.record.user}
    context = {**groups, **person, "section": "people"}
    return render(request, "chat/people.html", context)


@require_safe
def invite(request: HttpRequest) -> HttpResponse:
    """The token is behind # and reaches no log; the script asks whose it is."""
    who = sessions.current(request, now_ms())
    context = {"boot": boot.data(request, who), "person": who.record.user} if who else {}
    return render(request, "chat/invite.html", context)


def _chats(request: HttpRequest, who: Caller, template: str, conv: str | None) -> HttpResponse:
    first, opened = async_to_sync(connections.first_chats)(who.uid, ROWS_SERVED, conv)
    if conv and not opened:
        return render(request, "errors/404.html", {"home": HOME}, status=404)
    context = {
        "boot": boot.data(request, who),
        "chats": [_row(*row) for row in first],
        "open": conv,
        "open_conv": base64.b64encode(bytes.fromhex(conv)).decode() if conv else "",
        "open_name": opened.display_name if opened else "",
        "section": "chats",
    }
    return render(request, template, context)


def _rows(rows: Iterable[Row], states: set[ContactState]) -> list[dict[str, Any]]:
    wanted = (row for row in rows if row[0].state in states)
    newest_first = sorted(wanted, key=lambda row: row[0].since, reverse=True)
    return [_row(contact, person) for contact, person in newest_first]


def _row(contact: Contact, person: Person) -> dict[str, Any]:
    return {
        "conv": base64.b64encode(contact.conv).decode(),
        "hex": contact.conv.hex(),
        "uid": base64.b64encode(contact.peer).decode(),
        "state": contact.state.value,
        "peer": person,
        "tint": contact.peer[0] % AVATAR_TINTS,
        "initial": person.display_name[:1].upper() or "?",
    }
