"""Keys of reports, made by bin/setup (docs/encryption.md 4.10).

Read when they are needed: the published key when somebody reports, the seeds when somebody who may
opens a report. So a process that opens none never holds what opens one, and a new key counts
without a restart.
"""

from django.conf import settings

from chatsite.running.clock import now_ms
from e2ee.moderation import Published


def published() -> Published | None:
    """What browsers get. None where this site takes no reports: nobody would read them, or the key
    is missing, spoilt or past its time."""
    if not settings.TAKES_REPORTS:
        return None
    try:
        found = Published.read(settings.MODERATION_KEY.read_text())
        return found if found.key().not_after > now_ms() else None
    except (OSError, ValueError):
        return None


def seed(kid: str) -> bytes | None:
    """What opens reports that were sealed to this kid; None where it is gone."""
    return dict(settings.MODERATION_SEEDS()).get(kid)
