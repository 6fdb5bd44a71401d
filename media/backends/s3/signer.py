"""Addresses that anybody may call for a while, signed on this machine.

AWS Signature Version 4 in the query, as "Authenticating Requests: Using Query Parameters" of the
Amazon S3 API Reference has it. boto3's client makes the same in ten times the CPU, which was an
eighth of what a part costs that is read; tests hold every address to its.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, urlsplit

from chatsite.running.clock import now_ms
from media.stores import SIGNED_SECONDS

ALGORITHM = "AWS4-HMAC-SHA256"
PORTS = {"http": ":80", "https": ":443"}  # which clients do not name


class Signer:
    def __init__(self, s3: dict[str, str], endpoint: str) -> None:
        """`s3`: settings.S3. `endpoint`: where those who call reach the server."""
        parts = urlsplit(endpoint)
        self._host = parts.netloc.lower().removesuffix(PORTS[parts.scheme])  # as clients say it
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._folder = f"{parts.path.rstrip('/')}/{s3['BUCKET']}"
        self._region, self._name, self._secret = s3["REGION"], s3["ACCESS_KEY"], s3["SECRET_KEY"]

    def sign(
        self,
        method: str,
        key: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> str:
        """`key`: hexadecimal digits, slashes. `headers`: which the caller sends exactly so."""
        time = f"{datetime.fromtimestamp(now_ms() / 1000, UTC):%Y%m%dT%H%M%SZ}"
        scope = f"{time[:8]}/{self._region}/s3/aws4_request"
        signed = {
            "host": self._host,
            **{name.lower(): one for name, one in (headers or {}).items()},
        }
        names = ";".join(sorted(signed))
        asked = {
            **(query or {}),
            "X-Amz-Algorithm": ALGORITHM,
            "X-Amz-Credential": f"{self._name}/{scope}",
            "X-Amz-Date": time,
            "X-Amz-Expires": str(SIGNED_SECONDS),
            "X-Amz-SignedHeaders": names,
        }
        pairs, path = [_pair(*item) for item in asked.items()], f"{self._folder}/{key}"
        lines = [
            method, path, "&".join(sorted(pairs)),
            *(f"{name}:{signed[name]}" for name in sorted(signed)), "", names, "UNSIGNED-PAYLOAD",
        ]  # fmt: skip
        digest = sha256("\n".join(lines).encode()).hexdigest()
        said = f"{ALGORITHM}\n{time}\n{scope}\n{digest}"
        signature = _hmac(_day_key(self._secret, scope), said).hex()
        return f"{self._origin}{path}?{'&'.join([*pairs, f'X-Amz-Signature={signature}'])}"


@lru_cache(4)  # of yesterday, today, and two accounts
def _day_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, said: str) -> bytes:
    return hmac.digest(key, said.encode(), "sha256")


def _pair(name: str, value: str) -> str:
    return f"{name}={quote(value, safe='-_.~')}"
