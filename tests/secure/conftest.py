"""A site whose every service asks who comes and speaks TLS, behind HAProxy with TLS as well."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from cassandra.cluster import NoHostAvailable, Session

from chatsite.doctor.web import get
from messaging.backends.cassandra import driver
from testkit.running import ROOT, Site, free_port, new_site
from testkit.s3 import s3_variables
from tests.certificates import Authority
from tests.nodes.balancer import CONFIGURATION, balancer
from tests.services import own_redis, own_s3, place

PASSWORD = "of-the-test-alone"
START_SECONDS = 240
UNAVAILABLE = 503
ROLES = (  # as docs/cassandra.md has them
    "CREATE KEYSPACE chat WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 1}",
    f"CREATE ROLE chat_tables WITH PASSWORD = '{PASSWORD}' AND LOGIN = true",
    *(f"GRANT {right} ON KEYSPACE chat TO chat_tables" for right in ("CREATE", "ALTER")),
    *(f"GRANT {right} ON KEYSPACE chat TO chat_tables" for right in ("SELECT", "MODIFY")),
    f"CREATE ROLE chat WITH PASSWORD = '{PASSWORD}' AND LOGIN = true",
    *(f"GRANT {right} ON KEYSPACE chat TO chat" for right in ("SELECT", "MODIFY")),
    "GRANT SELECT ON KEYSPACE system_views TO chat",
)
CASSANDRA = """
authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
client_encryption_options:
  enabled: true
  optional: true  # bin/services asks in the clear whether it runs
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
  keystore: {}
"""


@dataclass
class Secured:
    site: Site
    folder: Path
    authority: Authority
    stranger: Authority  # nobody knows it
    superuser: dict[str, Any]  # settings.CASSANDRA
    postgres: str
    redis: str  # in the clear, where everybody may come in


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """The user that PostgreSQL runs as can enter it."""
    made = Path(tempfile.mkdtemp(prefix="secure-"))
    made.chmod(0o755)
    yield made
    services(made, "wipe")
    shutil.rmtree(made)


def services(folder: Path, *words: str, **more: str) -> str:
    done = subprocess.run(
        [ROOT / "bin/services", *words],
        env={**os.environ, "CHAT_SERVICES": str(folder), **more},
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout.strip()


def secured_postgres(folder: Path, authority: Authority) -> str:
    """Who comes without TLS is refused."""
    url = services(folder, "start", "postgres")
    held, data = authority.issue("127.0.0.1"), folder / "postgres/data"
    owner = data.stat()
    for source, name in ((held.certificate, "server.crt"), (held.key, "server.key")):
        shutil.copy(source, data / name)
        os.chown(data / name, owner.st_uid, owner.st_gid)
    hba = data / "pg_hba.conf"
    hba.write_text(hba.read_text().replace("\nhost ", "\nhostssl "))
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("ALTER SYSTEM SET ssl = on")
        admin.execute("SELECT pg_reload_conf()")
    return url


def secured_cassandra(folder: Path, authority: Authority) -> dict[str, Any]:
    """settings.CASSANDRA of its superuser."""
    network = _network()
    (folder / "cassandra-network").write_text(f"{network}\n")
    held = authority.issue(f"{network}.1")
    (folder / "more.yaml").write_text(CASSANDRA.format(held.both))
    services(
        folder, "start", "cassandra", CASSANDRA_YAML=str(folder / "more.yaml"),
        CASSANDRA_JVM="-Dcassandra.superuser_setup_delay_ms=0",
    )  # fmt: skip
    superuser = {
        "HOSTS": [f"{network}.1"],
        "PORT": 9042,
        "USERNAME": "cassandra",
        "PASSWORD": "cassandra",
        "DC": "dc1",
        "ADDRESS_MAP": {},
        "CA_FILE": str(authority.file),
    }
    with logged_in(superuser) as session:
        for statement in ROLES:
            session.execute(statement, timeout=60)
    return superuser


@contextmanager
def logged_in(options: dict[str, Any]) -> Iterator[Session]:
    """The first start makes its superuser a while after it answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        cluster = driver.cluster(options)
        try:
            session = cluster.connect()
        except NoHostAvailable:
            cluster.shutdown()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)  # nobody tells
            continue
        with cluster:
            yield session
            return


def _network() -> str:
    """Three bytes of loopback that no other Cassandra of this machine has."""
    for number in range(200, 254):
        with suppress(OSError), socket.socket() as probe:
            probe.bind((f"127.{number}.0.1", 7042))
            return f"127.{number}.0"
    raise AssertionError("no room on loopback")


@contextmanager
def tls_balancer(port: int, node: int, authority: Authority, folder: Path) -> Iterator[None]:
    """The project's configuration, with a certificate at its front."""
    held = authority.issue("localhost")
    text = CONFIGURATION.read_text()
    assert 'bind "${FRONT}"' in text
    own = folder / "haproxy.cfg"
    own.write_text(text.replace('bind "${FRONT}"', f'bind "${{FRONT}}" ssl crt {held.both}'))
    with balancer(port, {"N1": node}, folder / "haproxy.log", own):
        yield


@pytest.fixture(scope="session")
def secured(folder: Path) -> Iterator[Secured]:
    place("CHAT_TEST_CASSANDRA_HOSTS", "cassandra")  # where that runs, there are programs to run
    authority, stranger = Authority(folder), Authority(folder, "stranger")
    before, os.environ["SSL_CERT_FILE"] = os.environ.get("SSL_CERT_FILE"), str(authority.file)
    url = secured_postgres(folder, authority)
    cassandra = secured_cassandra(folder, authority)
    held, tls_port, front = authority.issue("127.0.0.1"), free_port(), free_port()
    options = (
        *("--tls-port", str(tls_port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(held.certificate), "--tls-key-file", str(held.key)),
        *("--tls-ca-cert-file", str(authority.file)),
        *("--user", "chat", "on", f">{PASSWORD}", "~*", "&*", "+@all"),
    )
    with own_redis(*options) as redis, own_s3(held) as s3:
        env = {
            "CHAT_ENGINE": "distributed",
            "DATABASE_URL": url,
            "DATABASE_CA": str(authority.file),
            "REDIS_URL": f"rediss://chat:{PASSWORD}@127.0.0.1:{tls_port}/0",
            "REDIS_CA": str(authority.file),
            "CASSANDRA_HOSTS": cassandra["HOSTS"][0],
            "CASSANDRA_CA": str(authority.file),
            "CASSANDRA_USERNAME": "chat_tables",
            "CASSANDRA_PASSWORD": PASSWORD,
            **s3_variables(s3.url.replace("http:", "https:")),
            "S3_CA": str(authority.file),
            "SITE_URL": f"https://localhost:{front}",
            "TRUSTED_PROXIES": "127.0.0.1",
            "NODE": "N1",
            "LIVE_RATE_FACTOR": "1000",
        }
        site = new_site(env, folder)
        site.env = {**env, "CASSANDRA_USERNAME": "chat"}
        site.start()
        with tls_balancer(front, site.port, authority, folder):
            yield Secured(site, folder, authority, stranger, cassandra, url, redis.url)
        site.remove()
    if before is None:
        del os.environ["SSL_CERT_FILE"]
    else:
        os.environ["SSL_CERT_FILE"] = before


@pytest.fixture(autouse=True)
def _ready(secured: Secured) -> None:
    """HAProxy leads to the node: it may have been slow on a busy machine."""
    deadline = time.monotonic() + START_SECONDS
    while get(f"{secured.site.env['SITE_URL']}/", START_SECONDS).status == UNAVAILABLE:
        assert time.monotonic() < deadline, "the node is not ready"
        time.sleep(0.1)  # nobody tells


def password_of(url: str, other: str) -> str:
    return url.replace(str(urlsplit(url).password), other)


def manage(site: Site, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *words],
        cwd=ROOT, env={**site._env(), **env}, capture_output=True, text=True, check=False,
        timeout=START_SECONDS,
    )  # fmt: skip
