"""In which language a page answers: the choice of the reader, else the browser's own."""

import pytest
from django.conf import settings
from django.test import Client


@pytest.fixture
def client() -> Client:
    return Client(HTTP_HOST=settings.SITE_HOST)


@pytest.mark.parametrize(
    ("asked", "language", "words"),
    [
        ("", "en", "Create an account"),
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Konto anlegen"),
        ("nl,de;q=0.7", "de", "Konto anlegen"),
        ("nl", "en", "Create an account"),
        ("*;q=nonsense", "en", "Create an account"),
    ],
)
@pytest.mark.django_db(databases=["default"])
def test_the_browser_asks(client: Client, asked: str, language: str, words: str) -> None:
    answer = client.get("/", headers={"accept-language": asked})
    page = answer.content.decode()
    assert f'<html lang="{language}"\n      dir="ltr"' in page
    assert words in page
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.django_db(databases=["default"])
def test_the_choice_wins(client: Client) -> None:
    client.cookies["language"] = "de"
    assert (
        '<html lang="de"' in client.get("/help", headers={"accept-language": "en"}).content.decode()
    )
    client.cookies["language"] = "../../etc"
    assert '<html lang="en"' in client.get("/help").content.decode()


@pytest.mark.django_db(databases=["default"])
def test_an_error_speaks_the_language_too(client: Client) -> None:
    answer = client.get("/nothing-here", headers={"accept-language": "de"})
    assert answer.status_code == 404
    assert "Hier ist nichts" in answer.content.decode()
