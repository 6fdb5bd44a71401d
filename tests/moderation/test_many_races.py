"""Two of staff who act on the same ones in the same instant."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.transaction import atomic

from accounts.models import User
from accounts.suspending import Reason
from chatsite.running.clock import now_ms
from moderation import deciding, many, manypeople
from moderation.deciding import Verdict
from moderation.models import Decision, Measure
from tests.accounts.test_races import at_once
from tests.moderation.conftest import Member, entered

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
]


def test_of_two_who_undo_the_same_ones_in_another_order_one_is_late(member: Member) -> None:
    user = User.objects.create(username="bob", display_name="Bob", head_k=1)
    clients = [member("moderator"), entered(User.objects.get(username="the-moderator"))]
    verdict = Verdict(Measure.WARN, Reason.SPAM)
    made = [deciding.command(user, verdict, None, "erin", now_ms()) for _ in range(5)]
    chosen = [f"{row.decision.hex()}.0" for row in made]
    works = [
        lambda c=c, v=v: c.post("/many/many_undo/", {"chosen": v, "sure": "1"}).status_code
        for c, v in zip(clients, (chosen, chosen[::-1]), strict=True)
    ]
    assert sorted(at_once(*works)) == [302, 409]
    assert not Decision.objects.filter(undone=None).exists()


@pytest.mark.parametrize(
    "hold",
    [lambda user: many._held([user]), lambda user: manypeople._require_waiting(user, now_ms())],
    ids=["many", "waiting"],
)
def test_a_decision_is_kept_while_many_are_held(hold: Callable[[User], object]) -> None:
    """It has the audit log, for which the many wait: if it waited for them, neither would end."""
    user = User.objects.create(username="bob", display_name="Bob", head_k=1, approved=False)

    def decide() -> Decision:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10s'")
        verdict = Verdict(Measure.WARN, Reason.SPAM)
        return deciding.command(user, verdict, None, "erin", now_ms())

    with atomic():
        hold(user)
        [made] = at_once(decide)
    assert Decision.objects.get() == made
