"""A wrong or half-made value stops the start, and the message names it."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatsite import env
from chatsite.make_secrets import PURPOSES
from chatsite.make_secrets import main as make_secrets
from tests.running import ROOT


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
        "http://x:0",
    ],
)
def test_a_site_address_is_an_origin(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SITE_URL", "https://chat.example:8443/")
    assert env.origin("SITE_URL", "").netloc == "chat.example:8443"
    monkeypatch.setenv("SITE_URL", value)
    with pytest.raises(env.BadSetting, match="SITE_URL"):
        env.origin("SITE_URL", "")


def test_a_database_address_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://ann:p%40ss@db:5433/chat")
    database = env.postgres("DATABASE_URL")
    assert database is not None
    assert (database["USER"], database["PASSWORD"]) == ("ann", "p@ss")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db", "5433", "chat")
    for wrong in ("mysql://db/chat", "postgres://db", "postgres://db:x/chat", "sqlite:///x"):
        monkeypatch.setenv("DATABASE_URL", wrong)
        with pytest.raises(env.BadSetting, match="DATABASE_URL"):
            env.postgres("DATABASE_URL")


def test_secrets_are_made_once_and_are_for_the_owner_alone(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")
    first = {purpose: env.secret(tmp_path / "secrets", purpose) for purpose in PURPOSES}
    make_secrets(tmp_path / "secrets")
    assert first == {purpose: env.secret(tmp_path / "secrets", purpose) for purpose in PURPOSES}
    assert len({key for ((_, key),) in first.values()}) == len(PURPOSES)
    assert all((tmp_path / "secrets" / p).stat().st_mode & 0o777 == 0o600 for p in PURPOSES)


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


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHAT_ENGINE", "quantum"),
        ("REDIS_URL", "redis://localhost"),
        ("PORT", "eight"),
        ("SITE_URL", "chat"),
        ("CHAT_VAR", "/nonexistent"),
    ],
)
def test_the_site_does_not_start_on_a_bad_setting(variable: str, value: str) -> None:
    command = [sys.executable, "manage.py", "check"]
    clean = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert clean.returncode == 0, clean.stderr.decode()
    wrong = {**os.environ, variable: value}
    run = subprocess.run(command, cwd=ROOT, env=wrong, capture_output=True, check=False)
    named = b"secret" if variable == "CHAT_VAR" else variable.encode()
    assert run.returncode == 1
    assert run.stderr.startswith(b"settings: ")
    assert named in run.stderr
    assert b"Traceback" not in run.stderr


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
