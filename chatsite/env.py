"""Typed readers of the environment. A bad or half-made value stops the start and is named.

Every variable NAME has a twin NAME_FILE that names a file holding the value, so that a secret
need not stand in the environment. Nothing else in the project reads `os.environ`.
"""

import base64
import binascii
import os
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
MAIL_SECURITY = ("starttls", "tls", "none")
MAIL_SECONDS = 10  # a mail server that does not answer holds up the mails behind it
Key = tuple[str, bytes]  # kid, secret


class BadSetting(Exception):
    """A variable of the environment, or a secret's file, that the site cannot start with."""


def text(name: str, default: str | None = None) -> str:
    """The value, or the content of the file that NAME_FILE names, or the default."""
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise BadSetting(f"{name} and {name}_FILE are both set; keep one")
    if path is not None:
        value = _content(f"{name}_FILE", Path(path))
    if value is None:
        value = default
    if value is None:
        raise BadSetting(f"{name} is missing")
    return value.strip()


def integer(name: str, default: int, low: int, high: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or not low <= int(value) <= high:
        raise BadSetting(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return int(value)


def boolean(name: str, default: bool) -> bool:
    value = text(name, "true" if default else "false").lower()
    if value not in TRUE | FALSE:
        raise BadSetting(f"{name} must be true or false, not {value!r}")
    return value in TRUE


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def origin(name: str, default: str) -> SplitResult:
    """scheme://host[:port] and nothing after it."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    try:
        port_is_fine = parts.port is None or 0 < parts.port < 65536
    except ValueError:
        port_is_fine = False
    bare = not (parts.path or parts.query or parts.fragment or parts.username)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not bare or not port_is_fine:
        raise BadSetting(f"{name} must look like https://chat.example, not {value!r}")
    return parts


def postgres(name: str) -> dict[str, object] | None:
    """Django's dictionary for postgres://user:password@host:port/name, or None when unset."""
    value = text(name, "")
    if not value:
        return None
    parts = urlsplit(value)
    database = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not database or parts.query:
        raise BadSetting(f"{name} must look like postgres://user:password@host:5432/database")
    try:
        port = parts.port
    except ValueError as error:
        raise BadSetting(f"{name} has a port that is not a number") from error
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
    }


def mail() -> dict[str, object]:
    """Django's settings of mail, or none where no EMAIL_HOST is named: then no mail is sent."""
    host, sender = text("EMAIL_HOST", ""), text("EMAIL_FROM", "")
    user, password = text("EMAIL_USER", ""), text("EMAIL_PASSWORD", "")
    security = text("EMAIL_SECURITY", "starttls" if host else "")
    port = integer("EMAIL_PORT", 587, 1, 65535)
    if not host:
        if sender or user or password or security:
            raise BadSetting("EMAIL_HOST is missing, although other EMAIL_ variables are set")
        return {}
    if "@" not in sender:
        raise BadSetting("EMAIL_FROM must be the address that mail comes from")
    if bool(user) != bool(password):
        raise BadSetting("EMAIL_USER and EMAIL_PASSWORD belong together; one is missing")
    if security not in MAIL_SECURITY:
        raise BadSetting(f"EMAIL_SECURITY must be one of {', '.join(MAIL_SECURITY)}")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": host,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": user,
        "EMAIL_HOST_PASSWORD": password,
        "EMAIL_USE_TLS": security == "starttls",
        "EMAIL_USE_SSL": security == "tls",
        "EMAIL_TIMEOUT": MAIL_SECONDS,
        "DEFAULT_FROM_EMAIL": sender,
    }


def secret(folder: Path, purpose: str) -> list[Key]:
    """The keys of `folder/purpose`: lines `kid:base64` of 32 bytes, newest first."""
    path = folder / purpose
    lines = _content(f"the secret {purpose!r}", path, hint="; run bin/setup").split()
    keys = [_key(path, line) for line in lines]
    if not keys or len({kid for kid, _ in keys}) != len(keys):
        raise BadSetting(f"{path} must hold one key a line, each with a kid of its own")
    return keys


def _key(path: Path, line: str) -> Key:
    kid, _, encoded = line.partition(":")
    try:
        value = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        value = b""
    if not kid.isalnum() or len(value) != 32:
        raise BadSetting(f"{path} has a line that is not kid:base64 of 32 bytes")
    return kid, value


def _content(name: str, path: Path, hint: str = "") -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise BadSetting(f"{name}: cannot read {path} ({error.strerror}){hint}") from error
