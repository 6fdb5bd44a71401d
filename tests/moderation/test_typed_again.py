"""Who changes second factors has typed the password for it: a cookie is not enough."""

from copy import deepcopy

import pytest
from django.test import Client

from accounts.models import Failure, User
from moderation import factorpages, site
from moderation.models import Audit, Codes, Passkey, Totp
from moderation.roles import ROLES, give
from tests.moderation.conftest import ADMIN, PASSWORD, entered

pytestmark = pytest.mark.django_db
NEW = "another long password"


@pytest.fixture(params=[*ROLES, "roleless"])
def left_open(request: pytest.FixtureRequest, admin: None) -> Client:
    """A session of somebody who signed in an hour ago."""
    user = User(username="erin", is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    if request.param != "roleless":
        give(user, request.param)
    return _later(entered(user))


def _later(client: Client) -> Client:
    session = client.session
    session[site.TYPED] = session[site.TYPED] - site.TYPED_MS
    session.save()
    return client


def kept() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in (Totp, Passkey, Codes)]  # type: ignore[attr-defined]


def test_nothing_of_it_goes_without_the_password(left_open: Client) -> None:
    before = kept()
    assert (
        "For each change, type your password again" in left_open.get("/factors/").content.decode()
    )
    for act in factorpages.ACTS:
        said = {"act": act, "number": "1", "name": "x", "code": "000000", "passkey": "{}"}
        answer = left_open.post("/factors/", said)
        assert answer.status_code == 403, act
        assert factorpages.AGAIN in answer.content.decode()
    assert left_open.post("/factors/", {"options": "1"}).status_code == 403
    assert left_open.post("/factors/", {"password": NEW, "act": "codes"}).status_code == 403
    assert kept() == before
    assert not Audit.objects.exists()
    assert left_open.post("/factors/", {"password": PASSWORD}).status_code == 302
    assert left_open.post("/factors/", {"act": "new-app"}).status_code == 200
    assert left_open.post("/factors/", {"act": "codes"}).status_code == 200
    assert left_open.post("/factors/", {"act": "codes"}).status_code == 403, "it was for one change"
    assert left_open.post("/factors/", {"password": PASSWORD}).status_code == 302
    assert _later(left_open).post("/factors/", {"act": "codes"}).status_code == 403


@pytest.mark.parametrize("left_open", ["auditor"], indirect=True)
def test_it_is_a_try_to_sign_in(left_open: Client) -> None:
    for _ in range(10):
        assert left_open.post("/factors/", {"password": NEW}).status_code == 403
    assert Failure.objects.count() == 20  # by the name, and by the address
    assert left_open.post("/factors/", {"password": PASSWORD}).status_code == 429
    assert left_open.post("/factors/", {"act": "codes"}).status_code == 403
    Failure.objects.all().delete()
    assert left_open.post("/factors/", {"password": "x" * 300}).status_code == 403


@pytest.mark.parametrize("left_open", ["auditor"], indirect=True)
def test_a_copy_of_the_cookie_ends_with_it(left_open: Client) -> None:
    copy = Client(SERVER_NAME=ADMIN)
    copy.cookies = deepcopy(left_open.cookies)
    assert copy.get("/factors/").status_code == 200
    assert left_open.post("/factors/", {"password": PASSWORD}).status_code == 302
    assert left_open.post("/factors/", {"act": "codes"}).status_code == 200
    assert copy.get("/factors/").status_code == 302
