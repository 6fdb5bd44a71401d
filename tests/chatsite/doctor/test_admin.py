"""What doctor says of an admin that staff do not reach, or whose proxy hides where they are."""

from ipaddress import ip_network
from typing import Any

import pytest

from chatsite.running.findings import Level
from testkit.running import free_port
from tests.chatsite.doctor.asked import expect, expect_well, found
from tests.chatsite.doctor.test_address import front

CHECK = "chatsite.doctor.admin.examine"
HERE, ELSEWHERE = [ip_network("127.0.0.0/8")], [ip_network("10.0.0.0/8")]


def test_where_there_is_no_admin_nothing_is_said(settings: Any) -> None:
    assert found(CHECK) == []


@pytest.mark.parametrize(
    ("status", "networks", "words"),
    [
        (403, HERE, "does not say whose request it is"),
        (403, ELSEWHERE, "does not say whose request it is"),
        (404, HERE, "answers 404"),
        (503, ELSEWHERE, "answers 503"),
    ],
)
def test_an_answer_that_staff_cannot_use_is_said(
    settings: Any, status: int, networks: list[Any], words: str
) -> None:
    settings.ADMIN_NETWORKS = networks
    with front(status) as address:
        settings.ADMIN_URL = f"{address}/"
        expect(found(CHECK), Level.WRONG, words)


@pytest.mark.parametrize(("status", "networks"), [(200, HERE), (404, ELSEWHERE)])
def test_an_admin_as_it_should_be(settings: Any, status: int, networks: list[Any]) -> None:
    settings.ADMIN_NETWORKS = networks
    with front(status) as address:
        settings.ADMIN_URL = f"{address}/"
        expect_well(found(CHECK))


def test_that_nobody_answers_is_said(settings: Any) -> None:
    settings.ADMIN_URL = f"http://localhost:{free_port()}/"
    expect(found(CHECK), Level.WARNING, "nobody answers at")
