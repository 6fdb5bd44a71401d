"""`python -m chatsite.make_secrets DIR`: make the server's secrets that are not there yet.

Run by `bin/setup`, never by the server: a server that makes up a missing secret would lock
everybody out instead of stopping. Existing files are left alone.
"""

import sys
import time
from pathlib import Path

from chatsite import env, keyfile
from e2ee import kem
from e2ee.errors import M1Error
from e2ee.moderation import ModerationKey, Published, identity, publish

# What each is for: docs/encryption.md 4.17. `django` signs sessions and CSRF tokens.
PURPOSES = (
    "django", "signin", "pepper", "franking", "nonce", "live", "fake", "ticket", "audit", "totp",
)  # fmt: skip
# Of reports (docs/encryption.md 4.10): read when somebody opens one, and by no process before. The
# published key is all that the rest of the site needs; it is signed again by each set-up that finds
# it in its last half, so a site that is set up with each release has a good one.
MODERATION_ID, MODERATION, PUBLISHED = "moderation-id", "moderation", "moderation.pub"
PUBLISHED_MS = 400 * 86_400_000
OWNER_ALONE = 0o700


def main(folder: Path) -> None:
    """`folder` is in the data folder. Both are for their owner alone, whatever the umask: the
    databases there say who talks to whom, and hold the keys of sessions."""
    for private in (folder.parent, folder):
        private.mkdir(mode=OWNER_ALONE, parents=True, exist_ok=True)
        private.chmod(OWNER_ALONE)
    for purpose in (*PURPOSES, MODERATION_ID, MODERATION):
        if not (folder / purpose).exists():
            keyfile.write(folder / purpose, f"{keyfile.new('k1')}\n")
    publish_newest(folder, time.time_ns() // 1_000_000)


def publish_newest(folder: Path, now_ms: int) -> None:
    """Sign the newest moderation key, unless that was done not long ago."""
    _, signer = env.secret(folder, MODERATION_ID)[0]
    kid, seed = env.secret(folder, MODERATION)[0]
    key = ModerationKey(kid, kem.public_key(seed), now_ms + PUBLISHED_MS)
    try:
        there = Published.read((folder / PUBLISHED).read_text())
        known = there.key()
        same = (there.identity, known.kid, known.public) == (identity(signer), kid, key.public)
        if same and known.not_after - now_ms > PUBLISHED_MS // 2:
            return
    except (OSError, ValueError, M1Error):
        pass  # none, or none that is of use
    keyfile.write(folder / PUBLISHED, publish(signer, key).text())


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except OSError as error:
        sys.exit(f"setup: CHAT_VAR: {error.filename}: {error.strerror}")
    except env.BadSetting as error:
        sys.exit(f"setup: {error}")
