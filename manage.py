#!/usr/bin/env python
"""Django's command line; `manage.py serve` runs the site."""

import errno
import gc
import os
import signal
import sys
from contextlib import suppress
from typing import Any, NoReturn

from chatsite.env import BadSetting, take_options
from chatsite.running import pipes

INTERRUPTED = 130  # as shells have it
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # whose errors name no file


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    try:
        _run()
    except BadSetting as error:
        sys.exit(f"settings: {error}")
    except pipes.ReaderGone:
        sys.exit(pipes.NOBODY_READS)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one waits for nothing
        with suppress(pipes.ReaderGone):
            print("interrupted", file=sys.stderr, flush=True)  # noqa: T201
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 -- a bug is raised again
        _end(error)
    finally:
        pipes.let_go()


def _run() -> None:
    hears = pipes.fill()
    from django.core.management import execute_from_command_line

    if sys.argv[1:2] == ["serve"]:
        gc.disable()  # until it serves: what a start makes stays, and each look at it all costs
        take_options(sys.argv[2:])
        return execute_from_command_line(sys.argv)
    # What is half done is tidied up, as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not hears:
        sys.exit("standard output is closed; to hear nothing, send it to /dev/null")
    pipes.watch()
    try:
        execute_from_command_line(sys.argv)
    finally:
        sys.stdout.flush()  # or what cannot be written is told after the end, by nobody


def _end(error: Exception) -> NoReturn:
    """What no command can help, in a sentence. Else it is a bug, with all that tells where."""
    from django.db import DatabaseError, connections

    from chatsite import needs
    from chatsite.running import away
    from chatsite.running.needs import Unfit
    from media.stores import StoreAway
    from messaging.backends.base import Busy

    driver: Any = connections["default"].Database  # type: ignore[attr-defined]
    if isinstance(error, DatabaseError | driver.Error):
        if away.is_away(error):
            sys.exit(f"a database is away (DATABASE_URL): {away.reason(error)}")
        try:
            needs.database("default")
        except Unfit as unfit:
            sys.exit(f"{unfit}")
    if isinstance(error, Busy):
        sys.exit(f"the message store does not answer: {away.reason(error.__cause__ or error)}")
    if isinstance(error, StoreAway):
        sys.exit(f"the store of files does not answer: {error}")
    if isinstance(error, OSError) and (error.filename or error.errno in FULL):
        sys.exit(f"{error.filename or 'what was to be written'}: {error.strerror}")
    raise error


if __name__ == "__main__":
    main()
