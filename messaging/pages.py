"""The pages of the message side: the chats, one of them, the people, an invite.

They carry names and ids, which the server knows; what is written arrives as ciphertext and is
opened by static/js/. A foreign conversation looks like one that does not exist: a frame to which
the script finds nothing.
"""

import base64
import io
from collections.abc import Iterable
from typing import Any

import segno
from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts.pages import AVATAR_TINTS, signed_in
from accounts.profile import Person
from accounts.sessions import Caller
from messaging import connections
from messaging.domain import Contact, ContactState
from messaging.protocol import VERSION

Row = tuple[Contact, Person]
ROWS_SERVED = 30  # chats in the page: two screens; the script brings the others, in its order
QR_TEXT_MAX = 512  # characters; an invite link is about 100
QR_QUIET_ZONE = 2  # modules; the page adds a margin of its own


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
    groups = {state.name.lower(): _rows(rows, {state}) for state in ContactState}
    context = {**groups, "boot": _boot(who), "person": who.record.user, "section": "people"}
    return render(request, "chat/people.html", context)


@require_safe
def invite(request: HttpRequest) -> HttpResponse:
    """The token stands behind # and comes to nobody's log; the script asks whose it is."""
    return render(request, "chat/invite.html", {"section": "people"})


@require_POST
@signed_in
def qr(request: HttpRequest, _who: Caller) -> HttpResponse:
    """An address of this site as a QR code in SVG. It comes in the body, so that no log has it."""
    text = request.POST.get("text", "")
    if not text.startswith(f"{settings.SITE_URL}/") or len(text) > QR_TEXT_MAX:
        return HttpResponseBadRequest(content_type="text/plain")
    out = io.BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", border=QR_QUIET_ZONE, dark="#000", light="#fff", omitsize=True)
    return HttpResponse(out.getvalue(), content_type="image/svg+xml")


def _chats(request: HttpRequest, who: Caller, template: str, conv: str | None) -> HttpResponse:
    first, opened = async_to_sync(connections.first_chats)(who.uid, ROWS_SERVED, conv)
    context = {
        "boot": _boot(who),
        "chats": [_row(*row) for row in first],
        "open": conv,
        "open_conv": base64.b64encode(bytes.fromhex(conv)).decode() if conv else "",
        "open_name": opened.display_name if opened else "",
        "section": "chats",
    }
    return render(request, template, context)


def _boot(who: Caller) -> dict[str, Any]:
    user = who.record.user
    return {
        "uid": base64.b64encode(user.uid).decode(),
        "name": user.username,
        "display_name": user.display_name,
        "version": VERSION,
    }


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
