"""The server with something broken in it, which a checker must find.

`python -m tests.chaos.mutant NAME COMMAND…` is `manage.py COMMAND…` after the change called NAME;
`none` changes nothing. What can be broken on which engine is in mutants/.
"""

import os
import sys
from pathlib import Path

from tests.chaos import clock


def main(name: str, command: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    clock.install(Path(os.environ["CHAT_VAR"], "clock"))
    import django
    from django.conf import settings
    from django.core.management import execute_from_command_line

    django.setup()
    if name != "none":
        import pytest

        from tests.chaos.mutants import MUTANTS

        mutants = MUTANTS[settings.ENGINE]
        if name not in mutants:
            sys.exit(f"{name} breaks another engine; of this one: {', '.join(mutants)}")
        mutants[name](pytest.MonkeyPatch())
    execute_from_command_line(["manage.py", *command])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
