"""Backups: a folder with both databases, the secrets, pictures and files, and a manifest.

The databases in it are those of a site in files, whatever the engine. `manifest.py` says what is
there. Of a site in files `making.py` writes one while people go on, and `restoring.py` puts one
back; where servers have the data, `exporting.py` and `importing.py` do. docs/backup.md is for
operators, ADR 15 and ADR 38 say why.
"""


class Problem(Exception):
    """Why it is not done, in a sentence for the operator. Nothing was changed."""


class Failed(Problem):
    """It began and could not be finished; what it had written is removed again."""
