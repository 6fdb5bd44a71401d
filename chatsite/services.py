"""Where the services of a site are, and how they are reached: as env.py reads the environment."""

import re
import ssl
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from chatsite import site_url
from chatsite.env import BadSetting, choice, filled, integer, text, words
from chatsite.running.sentinels import sentinels

AUTHORITY = "DATABASE_CA"
REDIS_SCHEMES = ("redis", "rediss")  # plain, and with TLS
KEYSPACE = re.compile(r"[a-z][a-z0-9_]{0,47}")
COPIES = 3  # of each row, where there are as many hosts


def postgres(name: str) -> dict[str, Any] | None:
    """Django's dictionary for postgres://user:password@host:port/name, or None when unset."""
    value, ca = text(name, ""), authority(AUTHORITY)
    if not value and ca:
        raise BadSetting(f"{AUTHORITY} is set, but {name} is not: no database is reached by it")
    if not value:
        return None
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:  # its text may hold the password
        raise BadSetting(f"{name} has brackets or a port that cannot be") from None
    database = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not database or parts.query:
        raise BadSetting(f"{name} must look like postgres://user:password@host:5432/database")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": _verified(ca),
    }


def authority(name: str) -> str:
    """A file with the certificate of an authority, by its absolute path; empty where none is named:
    that of a service of one's own is known to no machine."""
    value = text(name, "")
    if not value:
        return ""
    path = Path(value).absolute()
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadSetting(f"{name}: {path} holds no certificate ({reason})") from error
    return str(path)


def _verified(ca: str) -> dict[str, str]:
    """Of libpq: without a file it talks in the clear to a server that has no TLS."""
    return {"sslmode": "verify-full", "sslrootcert": ca} if ca else {}


def redis(name: str, default: str = "") -> str:
    """The address of a Redis, as its driver reads it; `default` when unset."""
    value = text(name, "")
    if not value:
        return default
    _require_redis(name, value)
    ca = authority("REDIS_CA")
    if ca and not value.startswith("rediss"):
        raise BadSetting(f"REDIS_CA is set, but {name} is not rediss://, which has TLS")
    return f"{value}?{urlencode({'ssl_ca_certs': ca})}" if ca else value


def _require_redis(name: str, value: str) -> None:
    try:
        good = "?" not in value and (sentinels(value) is not None or _is_one(urlsplit(value)))
    except ValueError:  # its text may hold the password
        raise BadSetting(f"{name} has hosts, brackets or a port that cannot be") from None
    if not good:
        raise BadSetting(
            f"{name} must look like redis://user:password@host:6379/0, or "
            "redis+sentinel://user:password@host:26379,host:26379/SERVICE/0; rediss has TLS"
        )


def _is_one(parts: SplitResult) -> bool:
    number = parts.path.lstrip("/")
    good = parts.scheme in REDIS_SCHEMES and bool(parts.hostname) and parts.port != 0
    return good and (number.isdecimal() or not number)


def cassandra() -> dict[str, object] | None:
    """settings.CASSANDRA, or None when no host is named."""
    hosts = words("CASSANDRA_HOSTS")
    user, password = text("CASSANDRA_USERNAME", ""), text("CASSANDRA_PASSWORD", "")
    if not hosts:
        return None
    if bool(user) != bool(password):
        raise BadSetting("CASSANDRA_USERNAME and CASSANDRA_PASSWORD belong together")
    keyspace = filled("CASSANDRA_KEYSPACE", "chat")
    if not KEYSPACE.fullmatch(keyspace):
        raise BadSetting(f"CASSANDRA_KEYSPACE must match {KEYSPACE.pattern}, not {keyspace!r}")
    dc = filled("CASSANDRA_DC", "dc1")
    copies = _pairs("CASSANDRA_REPLICATION", f"{dc}:{min(len(hosts), COPIES)}", ":")
    if dc not in copies or not all(one.isdecimal() and int(one) for one in copies.values()):
        raise BadSetting(f"CASSANDRA_REPLICATION must say how many copies, such as {dc}:{COPIES}")
    return {
        "HOSTS": hosts,
        "PORT": integer("CASSANDRA_PORT", 9042, 1, 65535),
        "KEYSPACE": keyspace,
        "USERNAME": user,
        "PASSWORD": password,
        "REPLICATION": {center: int(one) for center, one in copies.items()},
        "DC": dc,
        "ADDRESS_MAP": _pairs("CASSANDRA_ADDRESS_MAP", "", "="),
        "CA_FILE": authority("CASSANDRA_CA"),
    }


S3_NEEDED = ("S3_BUCKET", "S3_ENDPOINT_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY")
S3_MORE = ("S3_REGION", "S3_PUBLIC_ENDPOINT", "S3_CA")
TRANSFERS = ("node", "direct")  # of parts of files: through the processes of the site, or past them
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def s3() -> dict[str, str] | None:
    """settings.S3, or None when nothing of it is named."""
    given = {name: text(name, "") for name in S3_NEEDED}
    missing = [name for name, value in given.items() if not value]
    named = [name for name in (*S3_NEEDED, *S3_MORE) if text(name, "")]
    if not named:
        return None
    if missing:
        raise BadSetting(f"{named[0]} is set, but {' and '.join(missing)} is missing: all or none")
    if not BUCKET.fullmatch(given["S3_BUCKET"]):
        raise BadSetting(f"S3_BUCKET must match {BUCKET.pattern}, not {given['S3_BUCKET']!r}")
    endpoint, ca = _endpoint("S3_ENDPOINT_URL"), authority("S3_CA")
    if ca and not endpoint.startswith("https:"):
        raise BadSetting("S3_CA is set, but S3_ENDPOINT_URL is not https://, which has TLS")
    return {
        "BUCKET": given["S3_BUCKET"],
        "ENDPOINT_URL": endpoint,
        "PUBLIC_ENDPOINT": _public("S3_PUBLIC_ENDPOINT"),
        "ACCESS_KEY": given["S3_ACCESS_KEY"],
        "SECRET_KEY": given["S3_SECRET_KEY"],
        "REGION": filled("S3_REGION", "us-east-1"),
        "CA_FILE": ca,
    }


def transfer(site: SplitResult, s3: dict[str, str]) -> Literal["node", "direct"]:
    """settings.MEDIA_TRANSFER. `site`: SITE_URL."""
    direct = choice("MEDIA_TRANSFER", "node", TRANSFERS) == "direct"
    name = "S3_PUBLIC_ENDPOINT"
    public = s3.get("PUBLIC_ENDPOINT", "")
    if direct and not public:
        raise BadSetting(f"MEDIA_TRANSFER is direct, but {name} is missing: browsers go there")
    if public == site.geturl():
        raise BadSetting(f"{name} must be another origin than SITE_URL: files come from strangers")
    if site.scheme == "https" and public.startswith("http:"):
        raise BadSetting(f"{name} must be https://, as SITE_URL is: browsers call nothing else")
    return "direct" if direct else "node"


def _public(name: str) -> str:
    """An endpoint as browsers write it."""
    value = _endpoint(name)
    try:
        return site_url.normal(value).geturl() if value else ""
    except ValueError:
        raise BadSetting(f"{name} names no host that a browser can call") from None


def _endpoint(name: str) -> str:
    """Where an S3 server is, as http://host:port; empty when unset."""
    value = text(name, "")
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # its text may hold a key
        good = False
    if value and (not good or parts.path.strip("/") or parts.query or "@" in parts.netloc):
        raise BadSetting(f"{name} must look like https://host:port, and keys are named elsewhere")
    return value.rstrip("/")


def _pairs(name: str, default: str, between: str) -> dict[str, str]:
    """A list of a:b, separated by commas."""
    pairs = [word.rpartition(between) for word in words(name, default)]
    if not all(left and right for left, _, right in pairs):
        raise BadSetting(f"{name} must be a list of NAME{between}VALUE, separated by commas")
    return {left: right for left, _, right in pairs}
