#!/usr/bin/env python
"""Django's command line; `manage.py serve` runs the site."""

import gc
import os
import sys

from chatsite.env import BadSetting, take_options


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    if sys.argv[1:2] == ["serve"]:
        gc.disable()  # until it serves: what a start makes stays, and each look at it all costs
        take_options(sys.argv[2:])
    from django.core.management import execute_from_command_line
    from django.db import DatabaseError

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as error:
        sys.exit(f"settings: {error}")
    except DatabaseError as error:
        from chatsite.running import away

        if not away.is_away(error):
            raise
        sys.exit(f"a database is away (DATABASE_URL): {away.reason(error)}")


if __name__ == "__main__":
    main()
