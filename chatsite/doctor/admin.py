"""Whether staff reach the admin, and whether it knows where they come from."""

from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException

from django.conf import settings

from chatsite.doctor import web
from chatsite.edge.addresses import LOCALHOST
from chatsite.running import away
from chatsite.running.findings import Finding, ok, warning, wrong


def examine(_: object, seconds: float) -> Iterator[Finding]:
    """Nothing where there is no admin."""
    if not settings.ADMIN_URL:
        return
    try:
        answer = web.get(f"{settings.ADMIN_URL}login/", seconds)
    except (OSError, HTTPException) as error:
        yield warning(
            f"nobody answers at {settings.ADMIN_URL}, asked from this machine: "
            f"{away.reason(error)}",
            "start the site and its proxy, or ask from where staff are",
        )
    else:
        yield _of(answer.status)


def _of(status: int) -> Finding:
    if status == HTTPStatus.FORBIDDEN:
        return wrong(
            f"the proxy before {settings.ADMIN_URL} does not say whose request it is: nobody is "
            "let into the admin",
            "let it set X-Forwarded-For",
        )
    if status == HTTPStatus.NOT_FOUND and not _is_for_this_machine():
        return ok(f"{settings.ADMIN_URL} answers; this machine is not in ADMIN_NETWORKS")
    if status != HTTPStatus.OK:
        return wrong(
            f"{settings.ADMIN_URL} answers {status}",
            "see whether the proxy leads this name to this site, and hands on Host as it came",
        )
    return ok(f"{settings.ADMIN_URL} answers")


def _is_for_this_machine() -> bool:
    return any(each in network for each in LOCALHOST for network in settings.ADMIN_NETWORKS)
