"""Devices and sessions of everybody, the newest first. No key of a session stands on a page."""

from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import Device, SessionRecord, User
from e2ee.encoding import id_from_hex
from e2ee.errors import BadEncoding
from moderation.listing import Cell, Section, Value, View, hexed, moment, paged, searched
from moderation.site import Page, site

DEVICE_HEAD = ("Device", "Browser", "Since", "Gone")
SESSION_HEAD = ("Browser", "Device", "Signed in", "Seen", "Unlocked")
OF_ONE = 20  # that the page of a person shows
SEARCH_LABEL = "Name or device id"


def devices(request: HttpRequest) -> HttpResponse:
    wanted = searched(request)
    found = Device.objects.select_related("user").filter(_matching(wanted, "device"))
    some, after = paged(request, found, "-pk")
    shown = [(_of(one.user), *_device(one)) for one in some]
    view = View(
        "Devices", [Section(("Of", *DEVICE_HEAD), shown)], after=after, search=wanted,
        search_label=SEARCH_LABEL,
    )  # fmt: skip
    return view.page(request)


def sessions(request: HttpRequest) -> HttpResponse:
    wanted = searched(request)
    found = SessionRecord.objects.select_related("user", "device")
    found = found.filter(_matching(wanted, "device__device"))
    some, after = paged(request, found, "-seen", "-created", "-user_id")
    shown = [(_of(one.user), *_session(one)) for one in some]
    view = View(
        "Sessions", [Section(("Of", *SESSION_HEAD), shown)], after=after, search=wanted,
        search_label=SEARCH_LABEL,
    )  # fmt: skip
    return view.page(request)


def devices_of(user: User) -> Section:
    found = Device.objects.filter(user=user).order_by("-pk")
    return _part(user, found, DEVICE_HEAD, map(_device, found[:OF_ONE]), "Devices")


def sessions_of(user: User) -> Section:
    found = SessionRecord.objects.filter(user=user).select_related("device").order_by("-seen")
    return _part(user, found, SESSION_HEAD, map(_session, found[:OF_ONE]), "Sessions")


def _part(
    user: User, found: "QuerySet[Device] | QuerySet[SessionRecord]", head: Sequence[str],
    shown: Iterable[Sequence[Value]], title: str,
) -> Section:  # fmt: skip
    rest = reverse(f"admin:{title.lower()}") + f"?q={user.username}"
    return Section(head, [*shown], title, rest=rest if found.count() > OF_ONE else "")


def _device(one: Device) -> Sequence[Value]:
    return hexed(one.device), one.agent, moment(one.added), moment(one.gone_at)


def _session(one: SessionRecord) -> Sequence[Value]:
    device = hexed(one.device.device) if one.device else "none yet"
    return one.agent, device, moment(one.created), moment(one.seen), moment(one.unlocked)


def _of(user: User) -> Cell:
    return Cell(user.username, reverse("admin:person", args=[user.uid.hex()]))


def _matching(wanted: str, column: str) -> Q:
    try:
        return Q(**{column: id_from_hex(wanted)})
    except BadEncoding:
        return Q(user__username__icontains=wanted) if wanted else Q()


site.add(
    "People",
    Page("devices/", "devices", devices, "accounts.view_device", "Devices"),
    Page("sessions/", "sessions", sessions, "accounts.view_sessionrecord", "Sessions"),
)
