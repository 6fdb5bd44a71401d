"""What doctor says of an address that leads nowhere, or not as it should."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from chatsite.running.findings import Level
from testkit.running import free_port
from tests.certificates import Authority, Held
from tests.chatsite.doctor.asked import expect, expect_well, found

CHECK = "chatsite.doctor.address.examine"
PROXY = [ip_network("127.0.0.1")]


@contextmanager
def front(status: int, location: str = "", held: Held | None = None) -> Iterator[str]:
    """A proxy that answers every request with this; yields its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location.format(f"localhost:{port}"))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        port = server.server_port
        if held is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(held.certificate, held.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield f"http{'s' if held else ''}://localhost:{port}"
        finally:
            server.shutdown()
            serving.join()


@pytest.fixture
def site(settings: Any) -> Any:
    settings.TRUSTED_PROXIES = PROXY
    return settings


@pytest.mark.parametrize(
    ("status", "location", "words"),
    [
        (301, "http://{}/", "redirects to itself: the site takes the request for plain http"),
        (503, "", "answers 503: the proxy has no node that is ready"),
        (404, "", "answers 404"),
    ],
)
def test_an_answer_that_people_cannot_use_is_said(
    site: Any, status: int, location: str, words: str
) -> None:
    with front(status, location) as site.SITE_URL:
        expect(found(CHECK), Level.WRONG, words)


def test_of_an_address_that_answers_nothing_is_wrong(site: Any) -> None:
    with front(200) as site.SITE_URL:
        expect_well(found(CHECK))


def test_that_nobody_answers_is_said(site: Any) -> None:
    site.SITE_URL = f"http://localhost:{free_port()}"
    expect(found(CHECK), Level.WARNING, f"nobody answers at {site.SITE_URL}")


def test_people_who_share_the_limits_of_a_proxy_are_said(site: Any) -> None:
    site.TRUSTED_PROXIES = []
    with front(200) as site.SITE_URL:
        expect(found(CHECK), Level.WARNING, "all people together get the limits of one")


def test_a_wide_trust_is_said(site: Any) -> None:
    site.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    with front(200) as site.SITE_URL:
        expect(found(CHECK), Level.WARNING, "TRUSTED_PROXIES has 10.0.0.0/8")


# ---------------------------------------------------------------- TLS


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Any) -> Authority:
    """This machine believes it."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    site.SECURE = True
    return made


def test_of_tls_as_it_should_be_nothing_is_wrong(authority: Authority, site: Any) -> None:
    with front(200, held=authority.issue("localhost")) as site.SITE_URL:
        expect_well(found(CHECK))


def test_tls_without_a_proxy_that_is_believed_is_said(authority: Authority, site: Any) -> None:
    site.TRUSTED_PROXIES = []
    with front(200, held=authority.issue("localhost")) as site.SITE_URL:
        expect(found(CHECK), Level.WRONG, "TRUSTED_PROXIES is empty")


def test_a_certificate_that_ends_soon_is_said(authority: Authority, site: Any) -> None:
    held = authority.issue("localhost", valid=timedelta(days=5, hours=1))
    with front(200, held=held) as site.SITE_URL:
        expect(found(CHECK), Level.WARNING, "the certificate ends in 5 days")


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost"])
def test_a_certificate_that_browsers_refuse_is_said(
    authority: Authority, site: Any, tmp_path: Path, host: str
) -> None:
    by = authority if host != "localhost" else Authority(tmp_path, "somebody")
    with front(200, held=by.issue(host)) as site.SITE_URL:
        expect(found(CHECK), Level.WRONG, "browsers refuse the certificate")
