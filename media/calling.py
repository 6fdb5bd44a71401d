"""Calls as a browser makes them, which knows an address and nothing else."""

import http.client
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings

SECONDS = 10.0  # of one call


def call(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> http.client.HTTPResponse:  # fmt: skip
    """The answer, which was read. Raises OSError and HTTPException."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context()  # browsers know what the machine knows
        if ca := settings.S3["CA_FILE"]:
            context.load_verify_locations(ca)
        link: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.netloc, timeout=seconds, context=context
        )
    else:
        link = http.client.HTTPConnection(parts.netloc, timeout=seconds)
    try:
        link.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, headers or {})
        answer = link.getresponse()
        answer.read()
        return answer
    finally:
        link.close()


def pages_may(
    method: str, url: str, headers: Mapping[str, str], origin: str, seconds: float = SECONDS
) -> bool:
    """Whether browsers let pages of `origin` make this call: what they ask before it (CORS)."""
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = ",".join(sorted(map(str.lower, headers)))
    answer = call("OPTIONS", url, None, asked, seconds)
    if answer.getheader("Access-Control-Allow-Origin") not in {origin, "*"}:
        return False
    methods = _listed(answer, "Access-Control-Allow-Methods")
    allowed = _listed(answer, "Access-Control-Allow-Headers")
    return method.lower() in methods and all(
        "*" in allowed or name.lower() in allowed for name in headers
    )


def _listed(answer: http.client.HTTPResponse, name: str) -> set[str]:
    return {word.strip().lower() for word in (answer.getheader(name) or "").split(",")}
