"""Typed readers of the environment. A bad or half-made value stops the start and is named.

Every variable NAME has a twin NAME_FILE that names a file holding the value, so that a secret
need not stand in the environment. Nothing else in the project reads `os.environ`.
"""

import argparse
import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult

from chatsite import keyfile, site_url

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
HSTS_SCOPES = ("host", "subdomains", "preload")  # each asks for what stands before it, too
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MAIL_SECURITY = ("starttls", "tls", "none")
MAIL_SECONDS = 10  # a mail server that does not answer delays the mails behind it
DAYS_MAX = 36_500
NODE_NAME = re.compile(r"[A-Za-z0-9.:-]{1,40}")
INSECURE = (
    "browsers give pages cryptography only on https:// and on this machine itself. Put a proxy "
    "with TLS in front and name its https:// address; or leave it at http://localhost:PORT and "
    "reach it through a tunnel, `ssh -L PORT:localhost:PORT HOST`"
)
ADMIN_PATH = re.compile(r"/[a-z0-9-]{1,40}/")
TARGET = "TO_"  # before the names of variables of the site that `copy_store` copies to
Key = tuple[str, bytes]  # kid, secret
Network = IPv4Network | IPv6Network


_variables: Mapping[str, str] = os.environ


class BadSetting(Exception):
    """A variable of the environment, or a secret's file, that the site cannot start with."""


def text(name: str, default: str | None = None) -> str:
    """The value, or the content of the file that NAME_FILE names, or the default."""
    value, path = _variables.get(name), _variables.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise BadSetting(f"{name} and {name}_FILE are both set; keep one")
    if path is not None:
        value = _content(f"{name}_FILE", Path(path))
    if value is None:
        value = default
    if value is None:
        raise BadSetting(f"{name} is missing")
    return value.strip()


def filled(name: str, default: str) -> str:
    """A text that may not be empty."""
    value = text(name, default)
    if not value:
        raise BadSetting(f"{name} is empty; leave it out, or give it a value like {default}")
    return value


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """One of few words, in upper or lower case; answered as `allowed` has it."""
    value = text(name, default)
    for word in allowed:
        if value.lower() == word.lower():
            return word
    raise BadSetting(f"{name} must be one of {', '.join(allowed)}, not {value!r}")


def integer(name: str, default: int, low: int, high: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or not low <= int(value) <= high:
        raise BadSetting(f"{name} must be a whole number from {low} to {high}, not {value!r}")
    return int(value)


def days(name: str, least: int) -> int:
    """After how many days something goes; 0, where nothing is said = never. Fewer than `least` are
    refused: people would lose what they still use."""
    value = integer(name, 0, 0, DAYS_MAX)
    if 0 < value < least:
        raise BadSetting(f"{name} must be 0, for never, or at least {least} days, not {value}")
    return value


def boolean(name: str, default: bool) -> bool:
    value = text(name, "true" if default else "false").lower()
    if value not in TRUE | FALSE:
        raise BadSetting(f"{name} must be true or false, not {value!r}")
    return value in TRUE


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def folder(name: str, default: Path) -> Path:
    """Absolute; a relative one starts in the current folder."""
    return Path(filled(name, str(default))).absolute()


def networks(name: str) -> list[Network]:
    """Addresses and networks of IPv4 and IPv6, separated by commas."""
    try:
        found = [ip_network(word) for word in words(name)]
    except ValueError as error:
        raise BadSetting(
            f"{name} must be addresses or networks such as 127.0.0.1, 10.1.0.0/16: {error}"
        ) from error
    if any(network.prefixlen == 0 for network in found):
        raise BadSetting(f"{name} names every address there is; name those you trust alone")
    return found


def refuse(name: str, instead: str) -> None:
    """A variable of an earlier version, which has no effect any more."""
    if text(name, ""):
        raise BadSetting(f"{name} is gone: {instead}")


def node(name: str) -> str:
    """The name of a process among those of the site; empty = not given."""
    value = text(name, "")
    if value and not NODE_NAME.fullmatch(value):
        raise BadSetting(f"{name} must be 1 to 40 letters, digits, dots, colons or dashes")
    return value


def origin(name: str, default: str) -> SplitResult:
    """scheme://host[:port], as browsers write it; plain http on this machine alone."""
    parts = _origin(name, text(name, default))
    if parts.scheme == "http" and not site_url.is_loopback(str(parts.hostname)):
        raise BadSetting(f"{name} is {parts.geturl()!r}: {INSECURE}")
    return parts


def origins(name: str) -> list[str]:
    """A list of them, separated by commas."""
    return [_origin(name, word).geturl() for word in words(name)]


def admin(name: str, site: SplitResult) -> tuple[str, str, str]:
    """Where the admin answers: its address, which ends in "/", its host where that is its own,
    without a port, and its path. All empty: it is off. It is a host name of its own, so that a hole
    in the admin opens no chat; on this machine alone it may be a path of the site."""
    value = text(name, "")
    if not value:
        return "", "", ""
    if value.startswith("/"):
        path = f"/{value.strip('/')}/"
        if not site_url.is_loopback(str(site.hostname)) or not ADMIN_PATH.fullmatch(path):
            raise BadSetting(
                f"{name} is {value!r}: a path such as /admin is for a site on this machine alone; "
                "give the admin a host name of its own, such as https://admin.chat.example"
            )
        return site.geturl() + path, "", path
    parts = origin(name, value)
    if parts.hostname == site.hostname:
        raise BadSetting(f"{name} names the host of the site itself; the admin needs its own")
    return f"{parts.geturl()}/", parts.netloc.removesuffix(f":{parts.port}"), "/"


def admin_networks(name: str, admin_url: str) -> list[Network]:
    """From where staff come; this machine, where nothing is said."""
    found = networks(name)
    if found and not admin_url:
        raise BadSetting(f"{name} is set, but ADMIN_URL is missing: there is no admin")
    return found or [ip_network("127.0.0.0/8"), ip_network("::1/128")]


def _origin(name: str, value: str) -> SplitResult:
    try:
        return site_url.normal(value)
    except ValueError as error:
        raise BadSetting(f"{name} must look like https://chat.example, not {value!r}") from error


def mail() -> dict[str, object]:
    """Django's settings of mail, or none where no EMAIL_HOST is named: then no mail is sent."""
    host, sender = text("EMAIL_HOST", ""), text("EMAIL_FROM", "")
    user, password = text("EMAIL_USER", ""), text("EMAIL_PASSWORD", "")
    security = text("EMAIL_SECURITY", "")
    port = integer("EMAIL_PORT", 587, 1, 65535)
    if not host:
        if sender or user or password or security:
            raise BadSetting("EMAIL_HOST is missing, although other EMAIL_ variables are set")
        return {}
    if "@" not in sender:
        raise BadSetting("EMAIL_FROM must be the address that mail comes from")
    if bool(user) != bool(password):
        raise BadSetting("EMAIL_USER and EMAIL_PASSWORD belong together; one is missing")
    security = choice("EMAIL_SECURITY", "starttls", MAIL_SECURITY)
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


def take_options(arguments: Sequence[str]) -> None:
    """`serve --host H --port N` sets HOST and PORT before the settings are read: the address of
    the site and the origins it trusts follow from them."""
    options = argparse.ArgumentParser(prog="manage.py serve", add_help=False)
    options.add_argument("--host")
    options.add_argument("--port")
    for option, value in vars(options.parse_known_args(arguments)[0]).items():
        if value is not None:
            os.environ.pop(f"{option.upper()}_FILE", None)
            os.environ[option.upper()] = value
    if text("PORT", "") == "0":
        os.environ.pop("PORT_FILE", None)
        os.environ["PORT"] = str(_free_port())


def _free_port() -> int:
    """One that nobody listens on now. What follows from it is read before it is taken."""
    with socket.create_server(("", 0)) as probe:
        return int(probe.getsockname()[1])


def with_var(folder: Path) -> dict[str, str]:
    """The environment of a command with its data in `folder`."""
    others = {name: value for name, value in os.environ.items() if name != "CHAT_VAR_FILE"}
    return {**others, "CHAT_VAR": str(folder)}


def of_target(engine: str, ours: Sequence[str]) -> dict[str, str]:
    """The environment of the site that is copied to: what TO_NAME says is its NAME, the rest is as
    here, but for `ours`, which say where the data of this one is."""
    named = {n: v for n, v in os.environ.items() if n.startswith(TARGET)}
    given = {name.removeprefix(TARGET): value for name, value in named.items()}
    left = {name.removesuffix("_FILE") for name in given} | {*ours, "CHAT_ENGINE"}
    kept = {n: v for n, v in os.environ.items() if n.removesuffix("_FILE") not in left}
    return {**kept, **given, "CHAT_ENGINE": engine}


def in_files(folder: Path, places: Sequence[str]) -> dict[str, str]:
    """The environment of a command on the data in `folder`, whatever `places` say of ours."""
    left = {*places, "CHAT_ENGINE", "CHAT_VAR", "MEDIA_TRANSFER"}
    kept = {n: v for n, v in os.environ.items() if n.removesuffix("_FILE") not in left}
    return {**kept, "CHAT_ENGINE": "embedded", "CHAT_VAR": str(folder)}


def ours() -> dict[str, str]:
    return dict(os.environ)


@contextmanager
def reading(variables: Mapping[str, str]) -> Iterator[None]:
    """Inside, another environment than ours is read."""
    global _variables
    before, _variables = _variables, variables
    try:
        yield
    finally:
        _variables = before


def secret(folder: Path, purpose: str) -> list[Key]:
    """The keys of `folder/purpose` (chatsite/keyfile.py), the one in use first."""
    path = folder / purpose
    content = _content(f"the secret {purpose!r}", path, hint="; run bin/setup")
    try:
        return keyfile.in_order_of_use(keyfile.parse(content))
    except keyfile.BadKeys as error:
        raise BadSetting(f"{path} {error}") from error


def secret_if_there(folder: Path, purpose: str) -> list[Key]:
    """The same; none where the file is missing or spoilt."""
    try:
        return secret(folder, purpose)
    except BadSetting:
        return []


def _content(name: str, path: Path, hint: str = "") -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise BadSetting(f"{name}: cannot read {path} ({error.strerror}){hint}") from error
