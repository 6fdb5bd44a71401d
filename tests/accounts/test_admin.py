import pytest
from django.test import Client

from accounts.models import Credentials, User
from tests.accounts.people import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("operator", "a long password of staff"))
    return client


def test_an_operator_sees_names_and_sizes_and_nothing_sealed(
    staff: Client, alice: Person, settings
):
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    user = User.objects.get(uid=alice.uid)
    shown = ""
    for path in ("/admin/accounts/user/", f"/admin/accounts/user/{user.pk}/change/"):
        page = staff.get(path)
        assert page.status_code == 200
        shown += page.content.decode()
    assert "alice" in shown
    row = Credentials.objects.get()
    hidden = [row.verifier, row.code_verifier, row.code_verifier.split("$")[-1], user.password]
    assert not [each for each in hidden if each in shown]


def test_people_do_not_enter_the_admin(alice: Person):
    page = alice.browsers[0].http.get("/admin/accounts/user/")
    assert page.status_code == 302
