"""A page asked for by IP address is redirected to the one that device proofs name."""

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_page_asked_for_by_number_is_the_same_page_at_the_sites_address() -> None:
    named = Client(headers={"host": settings.SITE_HOST}).get("/help?x=1")
    assert named.status_code == 200
    for host in ("127.0.0.1", "127.0.0.1:8000", "[::1]:8000"):
        numbered = Client(headers={"host": host}).get("/help?x=1")
        assert (numbered.status_code, numbered["Location"]) == (
            302,
            settings.SITE_URL + "/help?x=1",
        )


def test_a_site_behind_a_proxy_redirects_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SITE_LOCAL", False)
    assert Client(headers={"host": "127.0.0.1"}).get("/help").status_code == 200
