"""How a request ends that goes wrong: a page for people, a Problem for scripts."""

from collections.abc import Callable, Iterator

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path


def fails(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


urlpatterns = [
    path(f"{prefix}{name}", fails(error))
    for prefix in ("", "api/")
    for name, error in (
        ("bad", SuspiciousOperation()),
        ("forbidden", PermissionDenied()),
        ("broken", RuntimeError("the canary")),
    )
]
handler400 = "chatsite.errors.bad_request"
handler403 = "chatsite.errors.forbidden"
handler404 = "chatsite.errors.not_found"
handler500 = "chatsite.errors.broken"


@pytest.fixture
def client(db: None) -> Iterator[Client]:
    with override_settings(ROOT_URLCONF=__name__):
        yield Client(raise_request_exception=False)


CASES = [
    ("bad", 400, "makes no sense", "bad_request"),
    ("forbidden", 403, "Not allowed", "forbidden"),
    ("nowhere", 404, "Nothing here", "unknown"),
    ("broken", 500, "Something broke", "broken"),
]


@pytest.mark.parametrize(("where", "status", "words", "code"), CASES)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_people_get_a_page_and_scripts_a_problem(
    client: Client, where: str, status: int, words: str, code: str
) -> None:
    page = client.get(f"/{where}")
    assert page.status_code == status
    assert words in page.content.decode()
    problem = client.get(f"/api/{where}")
    assert problem.status_code == status
    assert problem.json()["code"] == code
    assert b"canary" not in page.content + problem.content


def test_a_page_older_than_the_sign_in_is_told_to_reload(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/api/start", b"{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
