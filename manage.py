#!/usr/bin/env python
"""Django's command line; `manage.py serve` runs the site."""

import os
import sys

from chatsite.env import BadSetting


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as error:
        sys.exit(f"settings: {error}")


if __name__ == "__main__":
    main()
