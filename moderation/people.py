"""People, their devices, sessions, invites and what their files take: names, times and sizes, to be
looked at. No verifier, no sealed bytes, and no key of a session."""

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts import suspending
from accounts.closing import Deletion
from accounts.models import User
from accounts.suspending import FOREVER, Kind
from chatsite.running.clock import now_ms
from e2ee.encoding import id_from_hex
from e2ee.errors import BadEncoding
from media import rows
from messaging.models import Invite
from moderation import audit, browsers, decisionpages, many, manypeople
from moderation.browsers import OF_ONE
from moderation.listing import (
    PAGE,
    Cell,
    Section,
    Value,
    View,
    hexed,
    moment,
    paged,
    searched,
    size,
    yes,
)
from moderation.site import Page, site

INVITE_KIND = {True: "connects one person", False: "shows whom to ask"}


def people(request: HttpRequest) -> HttpResponse:
    """In the order of their names; a search looks into names and ids."""
    wanted, after = searched(request), request.GET.get("after", "").replace("\0", "")
    present = Count("device", filter=Q(device__gone_at=None))
    found = _matching(wanted).filter(username__gt=after).order_by("username")
    found = found.select_related("deletion").annotate(
        n=present, rests=suspending.suspended("pk", now_ms())
    )
    some = list(found[: PAGE + 1])
    head = ("Name", "Shown as", "Joined", "Devices", "Suspended")
    shown = [
        (Cell(one.username, _address(one.uid)), one.display_name, moment(one.joined), one.n,
         "deleted" if hasattr(one, "deletion") else yes(one.rests or not one.is_active))
        for one in some[:PAGE]
    ]  # fmt: skip
    picked = manypeople.picks(some[:PAGE])
    acts = many.offered(request, (manypeople.SUSPEND, manypeople.SIGN_OUT))
    more = some[PAGE - 1].username if len(some) > PAGE else ""
    view = View(
        "People", [Section(head, shown, empty="Nobody.", picks=picked, acts=acts)], after=more,
        search=wanted, search_label="Name or account id",
    )  # fmt: skip
    return view.page(request)


def person(request: HttpRequest, uid: str) -> HttpResponse:
    """Each look is written down. What a role may not see is not asked for."""
    one = _people().filter(uid=_id(uid)).first()
    if one is None:
        raise Http404
    audit.write(_who(request), "see_person", f"person {uid}", {})
    may = request.user.has_perm
    sections = [
        *([browsers.devices_of(one)] if may("accounts.view_device") else []),
        *([browsers.sessions_of(one)] if may("accounts.view_sessionrecord") else []),
        *([_invites(one)] if may("messaging.view_invite") else []),
        *([decisionpages.history(one)] if may("moderation.view_decision") else []),
    ]
    facts: list[tuple[str, Value]] = [
        ("Name", one.username), ("Shown as", one.display_name), ("Account", hexed(one.uid)),
        ("Joined", moment(one.joined)), ("Suspended", _suspended(one)),
        ("Deleted", _deleted(one)),
        ("Account resets", one.chain - 1), ("Links of the device list", one.head_k),
    ]  # fmt: skip
    if may("moderation.view_storage"):
        facts.append(("Files", size(rows.used_by(one.uid))))
    back = ("People", reverse("admin:people"))
    return View(one.username, sections, facts, back=back).page(request)


def invites(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    wanted = searched(request)
    found = Invite.objects.filter(user__username__icontains=wanted).select_related("user")
    some, after = paged(request, found, "-pk")
    shown = [(Cell(one.user.username, _address(one.user.uid)), *_invite(one)) for one in some]
    view = View(
        "Invites", [Section(("Of", *INVITE_HEAD), shown)], after=after, search=wanted,
        search_label="Name",
    )  # fmt: skip
    return view.page(request)


INVITE_HEAD = ("Kind", "Made", "Until", "Used", "Open")


def _invite(one: Invite) -> tuple[str | int, ...]:
    unused: bool = not one.used_by
    opened = unused and one.expires > now_ms()
    kind = INVITE_KIND[one.connects]
    return kind, moment(one.created), moment(one.expires), one.uses, yes(opened)


def _invites(one: User) -> Section:
    found = Invite.objects.filter(user=one).order_by("-pk")
    shown = [_invite(each) for each in found[:OF_ONE]]
    rest = f"{reverse('admin:invites')}?q={one.username}" if found.count() > OF_ONE else ""
    return Section(INVITE_HEAD, shown, "Invites", rest=rest)


def _deleted(one: User) -> str:
    found = Deletion.objects.filter(user=one).first()
    if found is None:
        return yes(False)
    return f"since {moment(found.began)} UTC" + ("" if found.ended else ", under way")


def _suspended(one: User) -> str:
    row = suspending.of(one, Kind.ALL, now_ms())
    if row is None:
        return yes(not one.is_active and not hasattr(one, "deletion"))
    return "for good" if row.until == FOREVER else f"until {moment(row.until)} UTC"


def _people() -> QuerySet[User]:
    """Staff accounts have no page here."""
    return User.objects.filter(head_k__gt=0)


def _matching(wanted: str) -> QuerySet[User]:
    try:
        return _people().filter(uid=id_from_hex(wanted))
    except BadEncoding:
        named = Q(username__icontains=wanted) | Q(display_name__icontains=wanted)
        return _people().filter(named) if wanted else _people()


def _id(text: str) -> bytes:
    try:
        return id_from_hex(text)
    except BadEncoding as error:
        raise Http404 from error


def _address(uid: bytes) -> str:
    return reverse("admin:person", args=[uid.hex()])


def _who(request: HttpRequest) -> str:
    name: str = request.user.get_username()
    return name


site.add(
    "People",
    Page("people/", "people", people, "accounts.view_user", "People"),
    Page("people/<str:uid>/", "person", person, "accounts.view_user"),
    Page("invites/", "invites", invites, "messaging.view_invite", "Invites"),
)
