"""TLS and a login at each service, and TLS in front: two people chat, and each wrong authority and
wrong password is refused in words."""

import http.client
import json
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
import pytest
from redis import Redis as Driver

from testkit.client.people import Person
from tests.secure.conftest import PASSWORD, Secured, logged_in, manage, password_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]  # several services start, one is Java's

WRONG = "not-this-one"
Change = Callable[[Secured], dict[str, str]]


async def test_two_people_chat_over_it(secured: Secured) -> None:
    url = secured.site.env["SITE_URL"]
    alice = await Person.sign_up(url, "alice")
    bob = await Person.sign_up(url, "bob")
    try:
        await alice.connect(bob)
        await alice.device.send(bob, "over wss")
        assert await bob.device.next_text() == "over wss"
        expect_tls_everywhere(secured)
    finally:
        await alice.close()
        await bob.close()


def expect_tls_everywhere(secured: Secured) -> None:
    """As each service sees those who came, while the site serves."""
    with psycopg.connect(
        secured.postgres, sslmode="verify-full", sslrootcert=str(secured.authority.file)
    ) as admin:
        used = admin.execute(
            "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
            "WHERE client_port IS NOT NULL AND pid <> pg_backend_pid()"
        ).fetchall()
    assert len(used) > 1
    assert {row[0] for row in used} == {True}
    port = urlsplit(secured.site.env["REDIS_URL"]).port
    with Driver.from_url(secured.redis) as driver:
        clients = [one for one in driver.client_list() if one["user"] == "chat"]
    assert len(clients) > 2  # presence, cache, layer
    assert {one["laddr"] for one in clients} == {f"127.0.0.1:{port}"}
    with logged_in(secured.superuser) as session:
        rows = session.execute("SELECT username, ssl_enabled FROM system_views.clients").all()
    assert ("chat", True) in rows
    assert {ssl for _, ssl in rows} == {True}


def test_the_pages_are_for_tls_alone(secured: Secured) -> None:
    parts = urlsplit(secured.site.env["SITE_URL"])
    front = http.client.HTTPSConnection(parts.netloc, context=ssl.create_default_context())
    front.request("GET", "/sign-in")
    answer = front.getresponse()
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    [cookie] = [one for one in answer.headers.get_all("Set-Cookie", []) if "csrf" in one]
    assert cookie.startswith("__Host-csrf=")
    assert "; Secure" in cookie
    front.close()
    node = http.client.HTTPConnection("127.0.0.1", secured.site.port)
    invented = {"Host": parts.netloc, "X-Forwarded-Proto": "http"}
    node.request("GET", "/sign-in", headers=invented)
    answer = node.getresponse()
    assert answer.status == 301
    assert answer.headers["Location"] == f"{secured.site.env['SITE_URL']}/sign-in"
    node.close()


def test_doctor_finds_nothing_wrong(secured: Secured) -> None:
    site = secured.site
    node = f"--node=N1=127.0.0.1:{site.port}"
    done = manage(site, "doctor", "--json", "--seconds", "60", node)
    findings = json.loads(done.stdout)
    assert [one for one in findings if one["level"] != "ok"] == []
    assert done.returncode == 0
    assert PASSWORD not in done.stdout


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda of: {"DATABASE_CA": str(of.stranger.file)},
            "PostgreSQL refuses DATABASE_URL: connection failed",
        ),
        (
            lambda of: {"DATABASE_URL": of.postgres.replace("127.0.0.1", "localhost")},
            'does not match host name "localhost"',
        ),
        (
            lambda of: {"DATABASE_URL": password_of(of.postgres, WRONG)},
            "PostgreSQL refuses DATABASE_URL: connection failed",
        ),
        (
            lambda of: {"REDIS_CA": str(of.stranger.file)},
            "Redis and REDIS_CA do not go together: [SSL: CERTIFICATE_VERIFY_FAILED]",
        ),
        (
            lambda of: {"REDIS_URL": password_of(of.site.env["REDIS_URL"], WRONG)},
            "Redis refuses REDIS_URL or REDIS_CACHE_URL: invalid username-password pair",
        ),
        (
            lambda of: {"CASSANDRA_CA": str(of.stranger.file)},
            "Cassandra and CASSANDRA_CA do not go together: [SSL: CERTIFICATE_VERIFY_FAILED]",
        ),
        (
            lambda of: {"CASSANDRA_PASSWORD": WRONG},
            "Cassandra does not know CASSANDRA_USERNAME by CASSANDRA_PASSWORD",
        ),
    ],
)
def test_who_is_not_who_they_say_is_refused(
    secured: Secured, change: Change, sentence: str
) -> None:
    # Redis' driver believes the authorities of the machine as well.
    other = {"NODE": "N2", "PORT": "0", "SSL_CERT_FILE": "", **change(secured)}
    started = manage(secured.site, "serve", **{**other, "WAIT_SECONDS": "60"})
    assert started.returncode == 1
    assert sentence in started.stderr
    assert "Waiting" not in started.stderr
    examined = manage(secured.site, "doctor", "--seconds", "60", **other)
    assert examined.returncode == 1
    assert sentence in examined.stdout
    assert "Traceback" not in started.stderr + examined.stderr
    for secret in (PASSWORD, WRONG):
        assert secret not in started.stderr + examined.stdout + examined.stderr
