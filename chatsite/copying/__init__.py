"""A site on one engine becomes a site on another: `manage.py copy_store`.

`sites.py` says from where to where, `accounts.py` copies what is relational, `conversations.py` the
message store, `blobs.py` pictures and files, each with its comparison; `checkpoint.py` remembers
what is done. docs/operations.md is for operators, ADR 36 says why.
"""


class Problem(Exception):
    """Why it is not done, in a sentence for the operator."""


class Interrupted(Problem):
    """It began. What is copied stays, and the same command goes on from there."""
