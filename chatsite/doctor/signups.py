"""Whether signing up asks for a proof of work now, and why."""

from collections.abc import Iterator

from accounts import work
from chatsite.running.clock import now_ms
from chatsite.running.findings import Finding, ok, warning


def examine(_where: None, _seconds: float) -> Iterator[Finding]:
    now = now_ms()
    wanted, said = work.demand(now), work.said(now).removesuffix(".")
    if wanted.asked and wanted.why == "rate":
        yield warning(
            said,
            "see who signs up: manage.py stats, the admin. REGISTRATION=approval, invite or closed "
            "stops what work only slows down (docs/operations.md)",
        )
    else:
        yield ok(said)
