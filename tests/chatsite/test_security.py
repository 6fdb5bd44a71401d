"""What a browser is told that it may load and do."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

from chatsite.security import ARGON2_WORKER, MEDIA_WORKER, static_headers


class Browser(Client):
    """Reads each answer to its end: an unread file stays open."""

    def request(self, **request: Any) -> Any:
        response: Any = super().request(**request)
        if response.streaming:
            b"".join(response.streaming_content)
        response.close()
        return response


@pytest.fixture
def client() -> Client:
    return Browser(headers={"host": "localhost"})


def directives(policy: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


@pytest.mark.django_db
def test_a_page_allows_our_scripts_alone(client: Client) -> None:
    response = client.get("/sign-in")
    policy = directives(response["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert policy["trusted-types"] == ["m1-worker"]
    assert policy["frame-ancestors"] == ["'none'"]
    own, nonce = policy["script-src"]
    assert own == "'self'"
    assert f'nonce="{nonce[7:-1]}"' in response.content.decode()
    assert not {"'unsafe-inline'", "'unsafe-eval'", "'wasm-unsafe-eval'"} & set(
        policy["script-src"]
    )
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "microphone"),
    [("/sign-in", "()"), ("/chats", "(self)"), (f"/chats/{'0' * 32}", "(self)"), ("/chatsx", "()")],
)
def test_the_pages_of_chats_alone_may_record(client: Client, address: str, microphone: str) -> None:
    policy = client.get(address)["Permissions-Policy"].split(", ")
    assert f"microphone={microphone}" in policy
    assert {"camera=()", "geolocation=()"} <= set(policy)


@pytest.mark.django_db
def test_every_response_has_a_nonce_of_its_own(client: Client) -> None:
    first, second = (client.get("/sign-in")["Content-Security-Policy"] for _ in range(2))
    assert first != second


@pytest.mark.django_db
def test_a_page_asks_nobody_else(client: Client) -> None:
    page = client.get("/sign-in").content.decode()
    assert "/static/" in page
    for line in page.replace(settings.SITE_URL, "").split('"'):
        assert not line.startswith(("http:", "https:", "//"))


@pytest.mark.django_db
def test_scripts_have_a_policy_and_only_the_password_worker_compiles(client: Client) -> None:
    worker = client.get("/static/js/workers/argon2.js")
    script = client.get(staticfiles_storage.url("js/network/api.js"))
    assert (worker.status_code, script.status_code) == (200, 200)
    assert "'wasm-unsafe-eval'" in worker["Content-Security-Policy"]
    assert worker["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "wasm" not in script["Content-Security-Policy"]
    assert "immutable" in script["Cache-Control"]
    for response in (worker, script):
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "default-src 'none'" in response["Content-Security-Policy"]


def script(name: str) -> dict[str, str]:
    """Its headers, as at a start."""
    headers: dict[str, str] = {}
    static_headers(headers, str(settings.BASE_DIR / "static" / name), f"/static/{name}")
    return headers


@pytest.mark.django_db
def test_pages_and_the_worker_of_files_call_the_bucket_where_parts_go_there(
    client: Client, settings: Any
) -> None:
    before = script(MEDIA_WORKER)
    for by_node in (before, client.get("/sign-in")):
        assert "https" not in by_node["Content-Security-Policy"]
    settings.S3 = {"PUBLIC_ENDPOINT": "https://s3.example", "BUCKET": "chat"}
    settings.MEDIA_TRANSFER = "direct"
    page, worker = client.get("/sign-in"), script(MEDIA_WORKER)
    for direct in (page, worker):
        policy = directives(direct["Content-Security-Policy"])
        assert policy["connect-src"][-1] == "https://s3.example/chat/"
    for other in (ARGON2_WORKER, "js/network/api.js"):
        assert "s3.example" not in script(other)["Content-Security-Policy"]
    assert 'name="media-transfer" content="direct"' in page.content.decode()
    assert worker["ETag"] != before["ETag"], "a browser that has the script keeps its old policy"


@pytest.mark.django_db
def test_an_unchanged_worker_keeps_the_policy_that_the_browser_stored(client: Client) -> None:
    """The headers of a 304 replace stored ones: a page's policy would forbid the WASM."""
    worker = client.get("/static/js/workers/argon2.js")
    unchanged = client.get(
        "/static/js/workers/argon2.js", headers={"if-none-match": worker["ETag"]}
    )
    assert unchanged.status_code == 304
    assert unchanged.get("Content-Security-Policy") in (None, worker["Content-Security-Policy"])


@pytest.mark.django_db
def test_the_admin_may_post_its_forms_and_runs_no_inline_script(client: Client, settings) -> None:
    settings.ADMIN_HOST = "localhost"
    response = client.get("/login/", headers={"host": "localhost"})
    policy = directives(response["Content-Security-Policy"])
    assert policy["script-src"] == ["'self'"]
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_a_strange_host_is_refused() -> None:
    assert Client(headers={"host": "localhost"}).get("/").status_code == 200
    assert Client(headers={"host": "evil.example"}).get("/").status_code == 400
