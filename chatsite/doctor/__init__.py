"""What `manage.py doctor` does: each check in turn, none for longer than it may take."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from django.utils.module_loading import import_string

from chatsite.running import away
from chatsite.running.findings import Finding, wrong
from chatsite.running.needs import Unfit

Examine = Callable[[Any, float], Iterable[Finding]]
Found = SimpleQueue[Finding | None]  # None: there is no more


class Check(NamedTuple):
    """`path` names a function of `where`, and of the seconds that it has."""

    name: str
    path: str
    where: Any = None


OF_EVERY_SITE = (
    Check("This machine", "chatsite.doctor.machine.examine"),
    Check("Address", "chatsite.doctor.address.examine"),
    Check("Sign-ups", "chatsite.doctor.signups.examine"),
    Check("Admin", "chatsite.doctor.admin.examine"),
)


def examine(checks: Iterable[Check], seconds: float) -> Iterator[tuple[str, Finding]]:
    """The findings of each check, by its name."""
    for check in checks:
        for finding in _found(check, seconds):
            yield check.name, finding


def _found(check: Check, seconds: float) -> Iterator[Finding]:
    """A thread that hangs is left behind: it ends with the command."""
    found: Found = SimpleQueue()
    arguments = (import_string(check.path), check.where, seconds, found)
    threading.Thread(target=_examined, args=arguments, daemon=True).start()
    until = time.monotonic() + seconds
    while True:
        try:
            finding = found.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            yield wrong(
                f"did not end within {seconds:g} s",
                "see whether it runs and is reached from here; --seconds waits longer",
            )
            return
        if finding is None:
            return
        yield finding


def _examined(examine: Examine, where: Any, seconds: float, found: Found) -> None:
    try:
        for finding in examine(where, seconds):
            found.put(finding)
    except Unfit as unfit:
        found.put(wrong(str(unfit), "mend that; the site refuses to start with it"))
    except Exception as error:  # noqa: BLE001 -- each driver has its own
        said = away.reason(error.__cause__ or error)
        found.put(wrong(f"does not answer: {said}", "start it, or name another in the settings"))
    finally:
        found.put(None)
