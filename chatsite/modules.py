"""Which modules an entry module reaches: read from the import statements of collected files.

The import map of a page names those alone, and the page asks for them all at once: otherwise a
browser learns of each only after it has read the one before.
"""

import posixpath
import re
from collections.abc import Callable
from functools import cache

from django.contrib.staticfiles.storage import staticfiles_storage

OWN, LAZY = "js/", "vendor/"  # an import() of a vendored module waits until somebody needs it

_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\w])//[^\n]*", re.DOTALL)
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*["'](\.{1,2}/[^"']+)["']""")
_IMPORT_CALL = re.compile(r"""\bimport\(\s*["'](\.{1,2}/[^"']+)["']""")


@cache
def needed(entry: str) -> tuple[str, ...]:
    """Paths of `entry` and of all that it imports at once, sorted."""
    return _closure(entry, lambda path: [p for p in _called(path) if not p.startswith(LAZY)])


@cache
def reachable(entry: str) -> tuple[str, ...]:
    """And those that it may import later."""
    return _closure(entry, _called)


def _closure(entry: str, also: Callable[[str], list[str]]) -> tuple[str, ...]:
    seen, queue = {entry}, [entry]
    while queue:
        path = queue.pop()
        new = {*_imported(path), *also(path)} - seen
        seen |= new
        queue += new
    return tuple(sorted(seen))


@cache
def _imported(path: str) -> list[str]:
    return [_resolve(path, name) for name in _IMPORT.findall(_code(path))]


@cache
def _called(path: str) -> list[str]:
    return [_resolve(path, name) for name in _IMPORT_CALL.findall(_code(path))]


def _code(path: str) -> str:
    """Types in comments look like imports; vendored files may be one long line without any."""
    with staticfiles_storage.open(staticfiles_storage.stored_name(path)) as file:  # type: ignore[attr-defined]
        text = file.read().decode()
    return _COMMENT.sub("", text) if path.startswith(OWN) else text


def _resolve(path: str, name: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
