"""What this machine gives the site: descriptors, room, its secrets and its static files."""

import os
import resource
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage

from chatsite.door.places import SPARE_DESCRIPTORS
from chatsite.edge.limits import DAY
from chatsite.running.clock import now_ms
from chatsite.running.findings import Finding, ok, warning, wrong
from moderation import keys

CONNECTIONS_MIN, CONNECTIONS_FEW = 256, 4096  # a page that is open holds one
FREE_MIN, FREE_FEW = 200 * 1024**2, 2 * 1024**3  # bytes
KEY_DAYS_FEW = 30
DAY_MS = DAY * 1000
OURS, ADJUSTED = "js/", (".css", ".js")  # of the others, collectstatic changes what they name
COLLECT = "run bin/setup, or manage.py collectstatic, and start the nodes again"


def examine(_: object, __: float) -> Iterator[Finding]:
    yield _descriptors()
    yield _disk(settings.VAR)
    yield from _secrets(settings.VAR / "secrets")
    if settings.TAKES_REPORTS:
        yield _key_of_reports()
    yield _static_files()


def _descriptors() -> Finding:
    """`serve` raises the soft limit to the hard one."""
    connections = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - SPARE_DESCRIPTORS
    text = f"{max(0, connections)} connections fit into a process's limit of descriptors"
    todo = "raise it: LimitNOFILE=65536 of systemd, or ulimit -Hn"
    if connections < CONNECTIONS_MIN:
        return wrong(text, todo)
    return ok(text) if connections >= CONNECTIONS_FEW else warning(text, todo)


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"{free / 1024**3:.1f} GiB are free for {folder}"
    if free < FREE_MIN:
        return wrong(text, "make room: what does not fit is refused")
    return ok(text) if free >= FREE_FEW else warning(text, "make room before it is full")


def _secrets(folder: Path) -> Iterator[Finding]:
    """For their owner alone, who is also who runs the site."""
    bad = [path for path in (folder.parent, folder, *sorted(folder.iterdir())) if _is_open(path)]
    for path in bad:
        yield wrong(
            f"{path} can be read by others than its owner, or belongs to another user",
            f"chmod go= {path}, and chown it to the user that the site runs as",
        )
    if not bad:
        yield ok(f"{folder} is for its owner alone")


def _key_of_reports() -> Finding:
    """bin/setup signs it again long before its time is over."""
    todo = "run bin/setup: without a good one nobody can report anything"
    published = keys.published()
    if published is None:
        return wrong(f"{settings.MODERATION_KEY} is missing, spoilt or past its time", todo)
    days = (published.key().not_after - now_ms()) // DAY_MS
    text = f"reports are sealed to a key that is good for {days} more days"
    return ok(text) if days >= KEY_DAYS_FEW else warning(text, todo)


def _is_open(path: Path) -> bool:
    found = path.stat()
    return bool(stat.S_IMODE(found.st_mode) & 0o077) or found.st_uid not in (os.getuid(), 0)


_collected: Any = staticfiles_storage


def _static_files() -> Finding:
    """All are collected, and those that can be compared are of this release."""
    for finder in get_finders():
        for name, storage in finder.list([]):
            collected = _collected.hashed_files.get(name.replace(os.sep, "/"), "")
            if not collected or not Path(settings.STATIC_ROOT, collected).is_file():
                return wrong(f"the static file {name} is not collected", COLLECT)
            served_as_it_is = name.startswith(OURS) or not name.endswith(ADJUSTED)
            if served_as_it_is and _hash(storage, name) not in collected:
                return wrong(f"the static file {name} is that of another release", COLLECT)
    return ok(f"{len(_collected.hashed_files)} static files are collected")


def _hash(storage: Any, name: str) -> str:
    with storage.open(name) as file:
        return str(_collected.file_hash(name, file))
