"""Settings of a site whose processes share PostgreSQL and Redis, for tests of what happens between
them: the message store is that of the embedded engine."""

import os
from pathlib import Path

from chatsite import engines, services

NAME = "several"


def _several(var: Path) -> engines.Settings:
    redis = services.redis("REDIS_URL")
    return {**engines.embedded(var), **engines.several(redis, redis)}


engines.ENGINES[NAME] = _several
os.environ["CHAT_ENGINE"] = NAME

from chatsite.settings import *  # noqa: E402, F403 -- what it reads stands above
