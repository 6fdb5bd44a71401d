"""`python -m tests.chatsite.to_nobody`: every command says its help into a pipe that nobody reads.

Prints as JSON how each ended, and what it said to standard error.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings

SERVER = "serve"  # goes on without a reader


def commands() -> list[str]:
    """Those of the site, not of Django."""
    ours = (Path(one.path) for one in apps.get_app_configs())
    return sorted(
        {
            file.stem
            for app in ours
            if app.is_relative_to(settings.BASE_DIR) and ".venv" not in app.parts
            for file in (app / "management/commands").glob("[a-z]*.py")
            if file.stem != SERVER
        }
    )


def ended(name: str) -> tuple[int, str]:
    """The exit status of a process that is forked off this one."""
    with tempfile.TemporaryFile() as said:
        if not (child := os.fork()):
            reads, writes = os.pipe()
            os.close(reads)
            os.dup2(writes, 1)
            os.dup2(said.fileno(), 2)
            sys.argv = ["manage.py", name, "--help"]
            code: object = "it went on"
            try:
                __import__("manage").main()
            except SystemExit as end:
                code = end.code
            finally:
                os._exit(code if isinstance(code, int) else 1)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read().decode()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    django.setup()
    print(json.dumps({name: ended(name) for name in commands()}))  # noqa: T201


if __name__ == "__main__":
    main()
