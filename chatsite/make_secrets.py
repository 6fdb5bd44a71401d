"""`python -m chatsite.make_secrets DIR`: make the server's secrets that are not there yet.

Run by `bin/setup`, never by the server: a server that makes up a missing secret would lock
everybody out instead of stopping. Existing files are left alone.
"""

import base64
import os
import secrets
import sys
from pathlib import Path

# What each is for: encryption.md 4.17. `django` signs sessions and CSRF tokens.
PURPOSES = ("django", "signin", "pepper", "franking", "nonce", "live", "fake")


def main(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
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
    main(Path(sys.argv[1]))
