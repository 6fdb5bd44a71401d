"""What the files of the site take: in all, by state, and of whom most."""

import re

from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import User
from media import rows
from media.models import Blob, State
from moderation.listing import PAGE, Cell, Section, View, searched, size
from moderation.site import Page, site

CURSOR = re.compile(r"([0-9]{1,18})\.([0-9a-f]{32})")  # bytes, and whose


def storage(request: HttpRequest) -> HttpResponse:
    """Those whose files take most come first; a search names them."""
    wanted, sections = searched(request), []
    people, after = _of_whom(wanted, request.GET.get("after", ""))
    if not wanted and "after" not in request.GET:
        sections.append(_by_state())
    sections.append(people)
    facts = [("In all", size(rows.used_in_all()))]
    view = View("Storage", sections, facts, after=after, search=wanted, search_label="Name")
    return view.page(request)


def _by_state() -> Section:
    states = Blob.objects.values("state").annotate(n=Count("pk"), bytes=Sum("size"))
    shown = [
        (State(each["state"]).label, each["n"], size(each["bytes"]))
        for each in states.order_by("state")
    ]
    return Section(("State", "Files", "Sealed size"), shown, "By state")


def _of_whom(wanted: str, after: str) -> tuple[Section, str]:
    """Those after `after`, and what the next page is asked by."""
    found = Blob.objects.exclude(state=State.DELETING)
    if wanted:
        named = User.objects.filter(username__icontains=wanted)
        found = found.filter(owner__in=named.values("uid"))
    owners = found.values("owner").annotate(n=Count("pk"), bytes=Sum("size"))
    last = CURSOR.fullmatch(after)
    if last:
        taken, owner = int(last[1]), bytes.fromhex(last[2])
        owners = owners.filter(Q(bytes__lt=taken) | Q(bytes=taken, owner__gt=owner))
    some = list(owners.order_by("-bytes", "owner")[: PAGE + 1])
    uids = [each["owner"] for each in some]
    names = dict(User.objects.filter(uid__in=uids).values_list("uid", "username"))
    shown = [
        (Cell(names.get(uid, uid.hex()), reverse("admin:person", args=[uid.hex()])), each["n"],
         size(each["bytes"]))
        for uid, each in zip(uids, some[:PAGE], strict=False)
    ]  # fmt: skip
    end = some[PAGE - 1] if len(some) > PAGE else None
    section = Section(("Of", "Files", "Sealed size"), shown, "Whose files take most")
    return section, f"{end['bytes']}.{end['owner'].hex()}" if end else ""


site.add("People", Page("storage/", "storage", storage, "moderation.view_storage", "Storage"))
