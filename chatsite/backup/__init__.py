"""Backups of the embedded engine: a folder with both databases, the secrets and a manifest.

`manifest.py` says what is in such a folder, `making.py` writes one while the site runs,
`restoring.py` puts one back. docs/backup.md is for operators, ADR 15 says why.
"""


class Problem(Exception):
    """Why it is not done, in a sentence for the operator. Nothing was changed."""


class Failed(Problem):
    """It began and could not be finished; what it had written is removed again."""
