"""`python -m chatsite.make_secrets DIR`: make the server's secrets that are not there yet.

Run by `bin/setup`, never by the server: a server that makes up a missing secret would lock
everybody out instead of stopping. Existing files are left alone.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

# What each is for: docs/encryption.md 4.17. `django` signs sessions and CSRF tokens.
PURPOSES = ("django", "signin", "pepper", "franking", "nonce", "live", "fake", "ticket", "audit")
OWNER_ALONE = 0o700


def main(folder: Path) -> None:
    """`folder` is in the data folder. Both are for their owner alone, whatever the umask: the
    databases there say who talks to whom, and hold the keys of sessions."""
    for private in (folder.parent, folder):
        private.mkdir(mode=OWNER_ALONE, parents=True, exist_ok=True)
        private.chmod(OWNER_ALONE)
    for purpose in PURPOSES:
        if not (folder / purpose).exists():
            _write(folder / purpose)


def _write(path: Path) -> None:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    partial = path.with_suffix(".new")  # renamed when whole: an interrupted run leaves no half key
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"k1:{key}\n")
    partial.rename(path)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except OSError as error:
        sys.exit(f"setup: CHAT_VAR: {error.filename}: {error.strerror}")
