"""A wrong or half-made value stops the start, and the message names it."""

import base64
import os
import runpy
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.http import HttpResponse
from django.middleware.security import SecurityMiddleware
from django.test import RequestFactory
from redis import ConnectionPool

from chatsite import engines, env, make_secrets, services
from chatsite.make_secrets import PURPOSES
from e2ee import kem
from e2ee.moderation import Published
from testkit.running import ROOT
from tests.certificates import Authority


def test_a_value_comes_from_the_environment_or_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHAT_X", " from the environment ")
    assert env.text("CHAT_X") == "from the environment"
    monkeypatch.delenv("CHAT_X")
    (tmp_path / "x").write_text("from a file\n")
    monkeypatch.setenv("CHAT_X_FILE", str(tmp_path / "x"))
    assert env.text("CHAT_X") == "from a file"


def test_both_twins_or_a_missing_file_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CHAT_X_FILE", str(tmp_path / "absent"))
    with pytest.raises(env.BadSetting, match="CHAT_X_FILE"):
        env.text("CHAT_X")
    monkeypatch.setenv("CHAT_X", "too")
    with pytest.raises(env.BadSetting, match="CHAT_X and CHAT_X_FILE"):
        env.text("CHAT_X")


def test_one_of_few_words_is_read_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.choice("LOG_LEVEL", "INFO", env.LOG_LEVELS) == "INFO"
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert env.choice("LOG_LEVEL", "INFO", env.LOG_LEVELS) == "DEBUG"
    for wrong in ("", "verbose", "10"):
        monkeypatch.setenv("LOG_LEVEL", wrong)
        with pytest.raises(env.BadSetting, match="LOG_LEVEL must be one of DEBUG"):
            env.choice("LOG_LEVEL", "INFO", env.LOG_LEVELS)


def test_an_empty_value_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "::1")
    assert env.filled("HOST", "127.0.0.1") == "::1"
    monkeypatch.setenv("HOST", " ")
    with pytest.raises(env.BadSetting, match=r"HOST is empty.*127\.0\.0\.1"):
        env.filled("HOST", "127.0.0.1")


def read_settings() -> dict[str, Any]:
    """The settings as a process reads them that starts now."""
    return runpy.run_path(str(ROOT / "chatsite" / "settings.py"))


@pytest.mark.parametrize(
    "option", [["--port", "8123"], ["--port=8123"], ["--host", "x", "--port=8123"]]
)
def test_a_port_on_the_command_line_is_the_trusted_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: list[str]
) -> None:
    (tmp_path / "port").write_text("8001")
    for name in ("PORT", "HOST", "SITE_URL"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORT_FILE", str(tmp_path / "port"))
    assert read_settings()["SITE_URL"] == "http://localhost:8001"
    env.take_options([*option, "--verbosity", "2"])
    settings = read_settings()
    assert settings["PORT"] == 8123
    assert settings["SITE_URL"] == "http://localhost:8123"
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["http://localhost:8123"]
    assert settings["HOST"] == ("x" if "--host" in option else "127.0.0.1")
    monkeypatch.setenv("SITE_URL", "https://chat.example")
    assert read_settings()["SITE_URL"] == "https://chat.example"


@pytest.mark.parametrize("value", ["", "eight", "-1", "70000", "8000.0"])
def test_a_port_is_a_whole_number_in_range(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", "8001")
    assert env.integer("PORT", 8000, 0, 65535) == 8001
    monkeypatch.setenv("PORT", value)
    with pytest.raises(env.BadSetting, match="PORT"):
        env.integer("PORT", 8000, 0, 65535)


def test_a_boolean_is_one_of_few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "Yes")
    assert env.boolean("DEBUG", False)
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(env.BadSetting, match="DEBUG"):
        env.boolean("DEBUG", False)


@pytest.mark.parametrize(
    "value",
    [
        "chat.example",
        "ftp://chat.example",
        "https://chat.example/path",
        "https://a:b@c",
        "https://x:0",
        "https://x:99999",
        "https://@c",
        "https://chat example",
        "https://my_chat.example",
        "https://*.example",
        "https://a..example",
        "https://xn--zzzzzz.example",
        "https://[::1",
        "https://[::1%eth0]",
        "https://[::ffff:127.0.0.1]",
        "https://127.1",
        "https://0x7f.1",
    ],
)
def test_a_site_address_is_an_origin(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SITE_URL", "https://chat.example:8443/")
    assert env.origin("SITE_URL", "").netloc == "chat.example:8443"
    monkeypatch.setenv("SITE_URL", value)
    with pytest.raises(env.BadSetting, match="SITE_URL"):
        env.origin("SITE_URL", "")


@pytest.mark.parametrize(
    ("typed", "url", "host"),
    [
        ("https://Chat.Example", "https://chat.example", "chat.example"),
        ("HTTPS://chat.example:443/", "https://chat.example", "chat.example"),
        ("http://localhost:80", "http://localhost", "localhost"),
        ("https://chat.example:80", "https://chat.example:80", "chat.example"),
        ("https://chat.example.", "https://chat.example", "chat.example"),
        ("https://Bücher.example:8443", "https://xn--bcher-kva.example:8443", None),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", None),
        ("https://[2001:DB8:0::1]:443", "https://[2001:db8::1]", "[2001:db8::1]"),
        ("http://[::1]:8000", "http://[::1]:8000", "[::1]"),
        ("https://192.0.2.1", "https://192.0.2.1", "192.0.2.1"),
    ],
)
def test_a_site_address_is_what_browsers_send(
    monkeypatch: pytest.MonkeyPatch, typed: str, url: str, host: str | None
) -> None:
    monkeypatch.setenv("SITE_URL", typed)
    monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", f"{typed}, https://other.example")
    settings = read_settings()
    assert settings["SITE_URL"] == url
    assert settings["CSRF_TRUSTED_ORIGINS"] == [url, url, "https://other.example"]
    assert settings["SITE_HOST"] == url.partition("://")[2]
    if host:
        assert host in settings["ALLOWED_HOSTS"]


def test_a_trusted_origin_that_no_browser_sends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSRF_TRUSTED_ORIGINS", "https://other.example, other.example")
    with pytest.raises(env.BadSetting, match=r"CSRF_TRUSTED_ORIGINS.*'other.example'"):
        env.origins("CSRF_TRUSTED_ORIGINS")


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8000", "chat.localhost", "127.0.0.1:80", "127.9.9.9", "[::1]:80"],
)
def test_plain_http_is_fine_on_this_machine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("SITE_URL", f"http://{host}")
    assert env.origin("SITE_URL", "").scheme == "http"


@pytest.mark.parametrize(
    "host",
    ["chat.example", "192.168.1.5:8000", "localhost.example", "notlocalhost", "[::2]", "0.0.0.0"],
)
def test_plain_http_elsewhere_stops_the_start(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("SITE_URL", f"https://{host}")
    assert env.origin("SITE_URL", "").scheme == "https"
    monkeypatch.setenv("SITE_URL", f"http://{host}")
    with pytest.raises(env.BadSetting, match=r"SITE_URL.*TLS.*ssh -L"):
        env.origin("SITE_URL", "")


def test_a_node_has_a_name_that_a_table_and_a_group_can_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for value in ("", "host-1:8000", "10.0.0.7", "n" * 40):
        monkeypatch.setenv("NODE", value)
        assert env.node("NODE") == value
    for value in ("a b", "a_b", "n" * 41, "ü"):
        monkeypatch.setenv("NODE", value)
        with pytest.raises(env.BadSetting, match="NODE"):
            env.node("NODE")


def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRUSTED_PROXIES", raising=False)
    assert env.networks("TRUSTED_PROXIES") == []
    monkeypatch.setenv("TRUSTED_PROXIES", "127.0.0.1, 10.1.0.0/16,::1, 2001:db8::/32")
    found = [str(network) for network in env.networks("TRUSTED_PROXIES")]
    assert found == ["127.0.0.1/32", "10.1.0.0/16", "::1/128", "2001:db8::/32"]
    for wrong in ("proxy", "10.1.0.1/16", "127.0.0.1:80", "10.0.0.0/33", "0.0.0.0/0", "1 2"):
        monkeypatch.setenv("TRUSTED_PROXIES", wrong)
        with pytest.raises(env.BadSetting, match="TRUSTED_PROXIES"):
            env.networks("TRUSTED_PROXIES")


@pytest.mark.parametrize(
    ("value", "site", "found"),
    [
        ("", "https://chat.example", ("", "", "")),
        ("https://Admin.chat.example", "https://chat.example",
         ("https://admin.chat.example/", "admin.chat.example", "/")),
        ("https://admin.example:8443/", "https://chat.example",
         ("https://admin.example:8443/", "admin.example", "/")),
        ("http://admin.localhost:8000", "http://localhost:8000",
         ("http://admin.localhost:8000/", "admin.localhost", "/")),
        ("http://[::1]", "http://localhost:8000", ("http://[::1]/", "[::1]", "/")),
        ("/admin", "http://localhost:8000", ("http://localhost:8000/admin/", "", "/admin/")),
        ("/admin/", "http://127.0.0.1:8000", ("http://127.0.0.1:8000/admin/", "", "/admin/")),
    ],
)  # fmt: skip
def test_the_admin_has_a_host_of_its_own_or_a_path_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, value: str, site: str, found: tuple[str, str, str]
) -> None:
    monkeypatch.setenv("ADMIN_URL", value)
    assert env.admin("ADMIN_URL", urlsplit(site)) == found


@pytest.mark.parametrize(
    ("value", "site", "said"),
    [
        ("/admin", "https://chat.example", "a path such as /admin is for a site on this machine"),
        ("/", "http://localhost:8000", "give the admin a host name"),
        ("/a/b", "http://localhost:8000", "give the admin a host name"),
        ("https://chat.example", "https://chat.example", "names the host of the site itself"),
        ("https://chat.example:8443", "https://chat.example", "names the host of the site itself"),
        ("http://admin.example", "https://chat.example", "cryptography only on https"),
        ("https://admin.example/path", "https://chat.example", "must look like"),
    ],
)
def test_an_admin_elsewhere_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str, site: str, said: str
) -> None:
    monkeypatch.setenv("ADMIN_URL", value)
    with pytest.raises(env.BadSetting, match=said):
        env.admin("ADMIN_URL", urlsplit(site))


def test_staff_come_from_this_machine_unless_networks_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ADMIN_NETWORKS", raising=False)
    assert [str(each) for each in env.admin_networks("ADMIN_NETWORKS", "")] == [
        "127.0.0.0/8", "::1/128",
    ]  # fmt: skip
    monkeypatch.setenv("ADMIN_NETWORKS", "10.1.0.0/16")
    assert len(env.admin_networks("ADMIN_NETWORKS", "https://admin.example/")) == 1
    with pytest.raises(env.BadSetting, match="ADMIN_URL is missing"):
        env.admin_networks("ADMIN_NETWORKS", "")


def test_a_setting_that_is_gone_is_refused_with_what_takes_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CHAT_X", raising=False)
    env.refuse("CHAT_X", "set CHAT_Y")
    monkeypatch.setenv("CHAT_X", "false")
    with pytest.raises(env.BadSetting, match="CHAT_X is gone: set CHAT_Y"):
        env.refuse("CHAT_X", "set CHAT_Y")


def test_a_database_address_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://ann:p%40ss@db:5433/chat")
    database = services.postgres("DATABASE_URL")
    assert database is not None
    assert database["OPTIONS"] == {}
    assert (database["USER"], database["PASSWORD"]) == ("ann", "p@ss")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db", "5433", "chat")
    for wrong in (
        "mysql://db/chat",
        "postgres://db",
        "postgres://db:x/chat",
        "sqlite:///x",
        "postgres://[::1/chat",
    ):
        monkeypatch.setenv("DATABASE_URL", wrong)
        with pytest.raises(env.BadSetting, match="DATABASE_URL"):
            services.postgres("DATABASE_URL")


def test_secrets_are_made_once_and_are_for_the_owner_alone(tmp_path: Path) -> None:
    make_secrets.main(tmp_path / "secrets")
    first = {purpose: env.secret(tmp_path / "secrets", purpose) for purpose in PURPOSES}
    make_secrets.main(tmp_path / "secrets")
    assert first == {purpose: env.secret(tmp_path / "secrets", purpose) for purpose in PURPOSES}
    assert len({key for ((_, key),) in first.values()}) == len(PURPOSES)
    assert all((tmp_path / "secrets" / p).stat().st_mode & 0o777 == 0o600 for p in PURPOSES)


def test_the_key_of_reports_is_published_and_signed_again_in_its_last_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, half = tmp_path / "secrets", make_secrets.PUBLISHED_MS // 2
    path, now = folder / make_secrets.PUBLISHED, time.time_ns()

    def published(after_ms: int) -> Published:
        monkeypatch.setattr(time, "time_ns", lambda: now + after_ms * 1_000_000)
        make_secrets.main(folder)
        return Published.read(path.read_text())

    first = published(0)
    kid, seed = env.secret(folder, make_secrets.MODERATION)[0]
    assert first.key().public == kem.public_key(seed)
    assert path.stat().st_mode & 0o777 == 0o600
    assert published(half - 1) == first
    later = published(half + 1)
    assert later.identity == first.identity
    assert later.key().not_after == first.key().not_after + half + 1
    path.write_text("x")
    assert published(half + 1).key().kid == kid
    (folder / make_secrets.MODERATION).write_text("k2:x")
    with pytest.raises(env.BadSetting, match="moderation"):
        published(0)


def test_an_added_key_is_read_newest_first(tmp_path: Path) -> None:
    lines = [f"k{n}:{base64.b64encode(bytes([n]) * 32).decode()}" for n in (2, 1)]
    (tmp_path / "pepper").write_text("\n".join(lines))
    assert env.secret(tmp_path, "pepper") == [("k2", b"\x02" * 32), ("k1", b"\x01" * 32)]


@pytest.mark.parametrize("content", ["", "k1", "k1:####", "k1:AAAA", ":AAAA", "k1:{0}\nk1:{0}"])
def test_a_broken_secret_is_named(tmp_path: Path, content: str) -> None:
    good = base64.b64encode(b"\x01" * 32).decode()
    (tmp_path / "pepper").write_text(f"k1:{good}")
    assert env.secret(tmp_path, "pepper")
    (tmp_path / "pepper").write_text(content.format(good))
    with pytest.raises(env.BadSetting, match="pepper"):
        env.secret(tmp_path, "pepper")


CHECK = [sys.executable, "manage.py", "check"]


@pytest.fixture(scope="module")
def starts() -> None:
    """What a test spoils is the only thing that is wrong."""
    clean = subprocess.run(CHECK, cwd=ROOT, capture_output=True, check=False)
    assert clean.returncode == 0, clean.stderr.decode()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHAT_ENGINE", "quantum"),
        ("REDIS_URL", "redis://localhost"),
        ("CASSANDRA_HOSTS", "127.0.0.1"),
        ("S3_BUCKET", "pictures"),
        ("PORT", "eight"),
        ("HOST", ""),
        ("LOG_LEVEL", "verbose"),
        ("BEHIND_PROXY", "true"),
        ("ADMIN_ENABLED", "true"),
        ("ADMIN_NETWORKS", "10.0.0.0/8"),
        ("TRUSTED_PROXIES", "my-proxy"),
        ("SITE_URL", "chat"),
        ("SITE_URL", "http://chat.example"),
        ("CHAT_VAR", "/nonexistent"),
    ],
)
def test_the_site_does_not_start_on_a_bad_setting(starts: None, variable: str, value: str) -> None:
    wrong = {**os.environ, variable: value}
    run = subprocess.run(CHECK, cwd=ROOT, env=wrong, capture_output=True, check=False)
    named = b"secret" if variable == "CHAT_VAR" else variable.encode()
    assert run.returncode == 1
    assert run.stderr.startswith(b"settings: ")
    assert named in run.stderr
    assert b"Traceback" not in run.stderr


DISTRIBUTED = {
    "CHAT_ENGINE": "distributed",
    "DATABASE_URL": "postgres://chat@localhost/chat",
    "REDIS_URL": "redis://localhost:6379/0",
    "CASSANDRA_HOSTS": "127.0.0.1",
    "S3_BUCKET": "chat",
    "S3_ENDPOINT_URL": "http://localhost:9000",
    "S3_ACCESS_KEY": "key",
    "S3_SECRET_KEY": "secret",
}


S3 = [name for name in DISTRIBUTED if name.startswith("S3_")]
SITE = {"SITE_URL": "https://chat.example"}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, ""),
        ({"REDIS_URL": ""}, "REDIS_URL is missing"),
        ({"CASSANDRA_HOSTS": ""}, "CASSANDRA_HOSTS is missing"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is missing"),
        ({"REDIS_URL": "http://localhost"}, "REDIS_URL must look like"),
        ({"REDIS_URL": "redis://localhost/db"}, "REDIS_URL must look like"),
        ({"REDIS_URL": "redis://[localhost"}, "REDIS_URL has hosts, brackets"),
        ({"REDIS_URL": "redis+sentinel://a,b:26380/chat/0"}, ""),
        ({"REDIS_URL": "redis+sentinel://a,b:26380"}, "REDIS_URL has hosts"),
        ({"REDIS_URL": "redis+sentinel://a/chat?x=1"}, "REDIS_URL must look like"),
        ({"REDIS_CACHE_URL": "localhost:6379"}, "REDIS_CACHE_URL must look like"),
        ({"CASSANDRA_PORT": "0"}, "CASSANDRA_PORT must be"),
        ({"CASSANDRA_KEYSPACE": "Chat!"}, "CASSANDRA_KEYSPACE must match"),
        ({"CASSANDRA_USERNAME": "chat"}, "belong together"),
        ({"CASSANDRA_REPLICATION": "three"}, "CASSANDRA_REPLICATION must be a list"),
        ({"CASSANDRA_REPLICATION": "dc2:3"}, "CASSANDRA_REPLICATION must say"),
        ({"CASSANDRA_REPLICATION": "dc1:0"}, "CASSANDRA_REPLICATION must say"),
        ({"CASSANDRA_ADDRESS_MAP": "127.0.0.1"}, "CASSANDRA_ADDRESS_MAP must be a list"),
        ({"S3_BUCKET": ""}, "S3_ENDPOINT_URL is set, but S3_BUCKET is missing"),
        ({"S3_BUCKET": "Pictures!"}, "S3_BUCKET must match"),
        ({"S3_ENDPOINT_URL": "localhost:9000"}, "S3_ENDPOINT_URL must look like"),
        ({"S3_ENDPOINT_URL": "http://key:secret@localhost"}, "S3_ENDPOINT_URL must look like"),
        ({"S3_PUBLIC_ENDPOINT": "https://s3.example/x"}, "S3_PUBLIC_ENDPOINT must look like"),
        ({"S3_PUBLIC_ENDPOINT": "https://a;b"}, "S3_PUBLIC_ENDPOINT names no host that a browser"),
        ({"S3_PUBLIC_ENDPOINT": SITE["SITE_URL"], **SITE}, "must be another origin than SITE_URL"),
        ({"S3_PUBLIC_ENDPOINT": "http://s3.example", **SITE}, "S3_PUBLIC_ENDPOINT must be https"),
        ({"MEDIA_TRANSFER": "direct"}, "MEDIA_TRANSFER is direct, but S3_PUBLIC_ENDPOINT is miss"),
        ({"MEDIA_TRANSFER": "s3"}, "MEDIA_TRANSFER must be one of node, direct"),
        ({"MEDIA_TRANSFER": "Direct", "S3_PUBLIC_ENDPOINT": "https://s3.example/"}, ""),
        ({"S3_CA": "/nowhere"}, "S3_CA: /nowhere holds no certificate"),
        (dict.fromkeys(S3, ""), "S3_BUCKET is missing: the distributed engine keeps pictures"),
        ({"CASSANDRA_CA": "/nowhere"}, "CASSANDRA_CA: /nowhere holds no certificate (No such file"),
        ({"DATABASE_CA": __file__}, "test_env.py holds no certificate"),
    ],
)
def test_a_half_configured_engine_is_refused(wrong: dict[str, str], named: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", "import chatsite.settings"],
        cwd=ROOT, env={**os.environ, **DISTRIBUTED, **wrong}, capture_output=True, check=False,
    )  # fmt: skip
    assert run.returncode == (1 if named else 0), run.stderr
    assert named.encode() in run.stderr


def test_the_authority_of_a_service_is_read_with_its_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ca = str(Authority(tmp_path).file)
    for name in ("DATABASE_CA", "REDIS_CA", "CASSANDRA_CA"):
        monkeypatch.setenv(name, ca)
    with pytest.raises(env.BadSetting, match="DATABASE_CA is set, but DATABASE_URL is not"):
        services.postgres("DATABASE_URL")
    monkeypatch.setenv("DATABASE_URL", "postgres://db/chat")
    database = services.postgres("DATABASE_URL")
    assert database
    assert database["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": ca}
    options = engines.embedded(tmp_path)["DATABASES"]["messages"]["OPTIONS"]
    assert database["OPTIONS"].items() < options.items()  # beside what else a connection needs
    monkeypatch.setenv("REDIS_URL", "rediss://:pass@redis:6380/0")
    url = services.redis("REDIS_URL")
    assert ConnectionPool.from_url(url).connection_kwargs["ssl_ca_certs"] == ca
    assert services.redis("REDIS_CACHE_URL", url) == url
    monkeypatch.setenv("REDIS_URL", "redis://:pass@redis:6379/0")
    with pytest.raises(env.BadSetting, match="REDIS_CA is set, but REDIS_URL is not rediss://"):
        services.redis("REDIS_URL")
    monkeypatch.setenv("CASSANDRA_HOSTS", "10.0.0.1")
    cassandra = services.cassandra()
    assert cassandra
    assert cassandra["CA_FILE"] == ca


def test_what_cassandra_is_asked_by_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "CASSANDRA_HOSTS": "10.0.0.1, 10.0.0.2,10.0.0.3,10.0.0.4",
        "CASSANDRA_DC": "here",
        "CASSANDRA_REPLICATION": "here:3,there:2",
        "CASSANDRA_ADDRESS_MAP": "10.0.0.1=127.0.0.1, 10.0.0.2=127.0.0.2",
        "CASSANDRA_USERNAME": "chat",
        "CASSANDRA_PASSWORD": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    assert services.cassandra() == {
        "HOSTS": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"],
        "PORT": 9042,
        "KEYSPACE": "chat",
        "USERNAME": "chat",
        "PASSWORD": "secret",
        "REPLICATION": {"here": 3, "there": 2},
        "DC": "here",
        "ADDRESS_MAP": {"10.0.0.1": "127.0.0.1", "10.0.0.2": "127.0.0.2"},
        "CA_FILE": "",
    }
    monkeypatch.delenv("CASSANDRA_REPLICATION")
    cassandra = services.cassandra()
    assert cassandra
    assert cassandra["REPLICATION"] == {"here": 3}


@pytest.mark.parametrize(
    ("scope", "more"),
    [(None, ""), ("host", ""), ("subdomains", "; includeSubDomains"),
     ("preload", "; includeSubDomains; preload")],
)  # fmt: skip
def test_hsts_is_for_this_host_alone_unless_asked_for_more(
    monkeypatch: pytest.MonkeyPatch, settings: Any, scope: str | None, more: str
) -> None:
    monkeypatch.setenv("SITE_URL", "https://chat.example")
    if scope is not None:
        monkeypatch.setenv("HSTS", scope)
    for name, value in read_settings().items():
        if name.startswith("SECURE_"):
            setattr(settings, name, value)
    request = RequestFactory().get("/", secure=True)
    answer: Any = SecurityMiddleware(lambda _: HttpResponse())(request)
    assert answer["Strict-Transport-Security"] == f"max-age=31536000{more}"


MAIL = {"EMAIL_HOST": "mail.example", "EMAIL_FROM": "chat@example.org"}


def _set(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_without_a_host_there_is_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.mail() == {}
    _set(monkeypatch, MAIL)
    assert env.mail()["EMAIL_HOST"] == "mail.example"
    assert env.mail()["EMAIL_USE_TLS"] is True


def test_the_mail_password_comes_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("a secret\n")
    _set(monkeypatch, {**MAIL, "EMAIL_USER": "chat", "EMAIL_SECURITY": "tls"})
    monkeypatch.setenv("EMAIL_PASSWORD_FILE", str(tmp_path / "password"))
    settings = env.mail()
    assert settings["EMAIL_HOST_PASSWORD"] == "a secret"
    assert (settings["EMAIL_USE_SSL"], settings["EMAIL_USE_TLS"]) == (True, False)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"EMAIL_HOST": ""}, "EMAIL_HOST"),
        ({"EMAIL_FROM": ""}, "EMAIL_FROM"),
        ({"EMAIL_USER": "chat"}, "EMAIL_PASSWORD"),
        ({"EMAIL_PASSWORD": "a secret"}, "EMAIL_USER"),
        ({"EMAIL_SECURITY": "ssl"}, "EMAIL_SECURITY"),
        ({"EMAIL_PORT": "0"}, "EMAIL_PORT"),
    ],
)
def test_half_of_the_mail_settings_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], named: str
) -> None:
    _set(monkeypatch, {**MAIL, **change})
    with pytest.raises(env.BadSetting, match=named) as refused:
        env.mail()
    assert "secret" not in str(refused.value)
