"""The address that people type, and what stands between it and this site."""

import ssl
import time
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException

from django.conf import settings

from chatsite.doctor import web
from chatsite.running import away
from chatsite.running.findings import Finding, ok, warning, wrong
from chatsite.site_url import normal

MANY_ADDRESSES = 256  # of one entry of TRUSTED_PROXIES
DAY = 86_400  # seconds
SOON_DAYS = 14  # until a certificate ends; one that is renewed by itself is never so near
BELIEVE = "set TRUSTED_PROXIES to the address that the proxy connects from, and let it set "


def examine(_: object, seconds: float) -> Iterator[Finding]:
    yield from _of_settings()
    try:
        answer = web.get(f"{settings.SITE_URL}/", seconds)
    except ssl.SSLCertVerificationError as error:
        yield wrong(
            f"browsers refuse the certificate of {settings.SITE_URL}: {error.verify_message}",
            "give the proxy a certificate for this name, with its chain",
        )
    except (OSError, HTTPException) as error:
        yield warning(
            f"nobody answers at {settings.SITE_URL}, asked from this machine: {away.reason(error)}",
            "start the site and its proxy, or ask from where people are",
        )
    else:
        yield from _of_answer(answer)


def _of_settings() -> Iterator[Finding]:
    if settings.SECURE and not settings.TRUSTED_PROXIES:
        yield wrong(
            "SITE_URL is https, but TRUSTED_PROXIES is empty: every page redirects to itself",
            f"{BELIEVE}X-Forwarded-Proto and X-Forwarded-For",
        )
    if not settings.SECURE and not settings.TRUSTED_PROXIES and _port() != settings.PORT:
        yield warning(
            f"something stands between {settings.SITE_URL} and port {settings.PORT}, and "
            "TRUSTED_PROXIES is empty: all people together get the limits of one",
            f"{BELIEVE}X-Forwarded-For",
        )
    for network in settings.TRUSTED_PROXIES:
        if network.num_addresses > MANY_ADDRESSES:
            yield warning(
                f"TRUSTED_PROXIES has {network}: each of {network.num_addresses} addresses can "
                "claim to be any client",
                "name the addresses of the proxies alone",
            )
    if settings.SECURE:
        yield ok("cookies go over TLS alone")
    else:
        yield ok("plain http, for browsers on this machine alone")


def _of_answer(answer: web.Answer) -> Iterator[Finding]:
    if answer.expires is not None:
        yield _of_certificate((answer.expires - time.time()) / DAY)
    if _is_same(answer.location):
        yield wrong(
            f"{settings.SITE_URL} redirects to itself: the site takes the request for plain http",
            f"{BELIEVE}X-Forwarded-Proto",
        )
    elif answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
        yield wrong(
            f"{settings.SITE_URL} answers 503: the proxy has no node that is ready",
            "see what the nodes say below, and in their logs",
        )
    elif answer.status >= HTTPStatus.BAD_REQUEST:
        yield wrong(
            f"{settings.SITE_URL} answers {answer.status}",
            "see whether the proxy leads to this site, and hands on Host as it came",
        )
    else:
        yield ok(f"{settings.SITE_URL} answers")


def _of_certificate(days: float) -> Finding:
    text = f"the certificate ends in {days:.0f} days"
    return ok(text) if days > SOON_DAYS else warning(text, "renew it")


def _port() -> int:
    parts = normal(settings.SITE_URL)
    return parts.port or (443 if settings.SECURE else 80)


def _is_same(location: str) -> bool:
    return bool(location) and location.rstrip("/") == settings.SITE_URL
