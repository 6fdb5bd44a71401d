"""Days in numbers: how they are kept, and what the overview makes of them."""

import re

import pytest
from django.test import Client

from accounts.models import SessionRecord, User
from chatsite.running import metrics
from chatsite.running.clock import now_ms
from chatsite.running.metrics import Metric
from moderation import figures
from moderation.dashboard import DAYS, drawn
from moderation.figures import DAY_MS, Name, Tally
from moderation.models import Figure
from tests.accounts.people import Person
from tests.moderation.conftest import Member, entered

pytestmark = pytest.mark.django_db
NOON = 20_000 * DAY_MS + DAY_MS // 2


def fresh(label: str | None = None) -> Metric:
    metric = Metric("x_total", "Things.", "counter", label)
    metrics._all.remove(metric)
    return metric


def kept() -> dict[tuple[int, str, str], int]:
    rows = Figure.objects.values_list("day", "name", "of", "n")
    return {(day, name, of): n for day, name, of, n in rows}


def test_processes_add_up_what_they_count_and_nothing_twice() -> None:
    messages, refused = fresh(), fresh("code")
    counted = {Name.MESSAGES: messages, Name.REFUSED: refused}
    tally, other = Tally(counted), Tally({Name.MESSAGES: messages})
    messages.add(n=5)
    refused.add("429")
    for _ in range(2):
        tally.write(NOON)
    other.write(NOON)
    messages.add()
    tally.write(NOON + DAY_MS)
    assert kept() == {
        (20_000, "messages", ""): 10, (20_000, "refused", "429"): 1, (20_001, "messages", ""): 1,
    }  # fmt: skip


def test_processes_that_write_at_once_take_the_rows_in_one_order() -> None:
    refused = fresh("code")
    for code in ("429", "400", "404"):
        refused.add(code)
    Tally({Name.REFUSED: refused}).write(NOON)
    rows = Figure.objects.order_by("pk").values_list("of", flat=True)
    assert list(rows) == ["400", "404", "429"]


def test_a_day_is_counted_to_its_end_and_people_stay_who_sign_out(alice: Person) -> None:
    User.objects.update(joined=NOON)
    SessionRecord.objects.update(seen=NOON)
    figures.count(NOON)
    SessionRecord.objects.all().delete()
    User.objects.create(username="late", display_name="x", head_k=1, joined=NOON + DAY_MS // 3)
    figures.count(NOON + DAY_MS)
    have = kept()
    assert have[20_000, "active", ""] == 1
    assert have[20_001, "active", ""] == 0
    assert (have[20_000, "sign_ups", ""], have[20_001, "sign_ups", ""]) == (2, 0)
    assert have[20_001, "messages", ""] == have[20_001, "errors", ""] == 0
    figures.count(NOON + (figures.KEPT_DAYS + 1) * DAY_MS)
    assert not Figure.objects.filter(day=20_000).exists()


def test_a_day_that_nobody_counted_is_a_gap_and_never_zero() -> None:
    figures.count(NOON)
    figures.count(NOON + 2 * DAY_MS)
    found = figures.days([Name.MESSAGES], 20_002, 4)
    assert found == {Name.MESSAGES: [None, 0, None, 0]}
    plot = drawn(Name.MESSAGES, [None, 0, None, 8], ["a", "b", "c", "d"])
    assert [(bar.x, bar.says) for bar in plot.bars] == [(10, "b: 0"), (30, "d: 8")]
    assert plot.bars[0].height < plot.bars[1].height
    assert "The least is 0, the most 8. Today: 8. Days not counted: 2." in plot.says
    nothing = drawn(Name.STORAGE, [None], ["a"])
    assert (nothing.bars, nothing.newest) == ([], "not counted")


SEES = {
    "moderator": ("Reports", "Sign-ups"), "operator": ("Sign-ups",), "auditor": ("Sign-ups",),
    "roleless": (),
}  # fmt: skip


@pytest.mark.parametrize("role", SEES)
def test_the_overview_shows_to_each_what_is_theirs(role: str, member: Member) -> None:
    figures.count(now_ms())
    if role == "roleless":
        client: Client = entered(User.objects.create(username="roleless", is_staff=True))
    else:
        client = member(role)
    page = client.get("/").content.decode()
    assert (page.count('role="img"'), page.count('scope="row"')) == (
        (6, DAYS) if SEES[role] else (0, 0)
    )
    assert ("What waits" in page) == ("Reports" in SEES[role])
    assert "style=" not in "".join(re.findall("<(?:rect|svg)[^>]*>", page))


def test_what_waits_is_shown_by_one_process_alone() -> None:
    metrics.WAITING.show({"reports": 3})
    assert 'chat_waiting{of="reports"} 3' in metrics.text()
    metrics.WAITING.show({})
    assert "chat_waiting{" not in metrics.text()
