"""What can be broken between nodes: in Redis, in the layer, and in what a node knows."""

import time
from typing import Any
from weakref import WeakKeyDictionary

import pytest

ROUTES_SECONDS = 10.0


def core_layer(patch: pytest.MonkeyPatch) -> None:
    """The other channel layer of channels_redis, which keeps groups and messages in Redis."""
    from channels_redis.core import RedisChannelLayer

    from chatsite import redis_layer

    patch.setattr(redis_layer, "RedisPubSubChannelLayer", RedisChannelLayer)


def presence_by_user(patch: pytest.MonkeyPatch) -> None:
    """When one device of a person leaves, the person is gone."""
    from presence.backends import redis

    patch.setitem(redis._SCRIPTS, "remove", "redis.call('DEL', KEYS[1])")


def gaps_ignored(patch: pytest.MonkeyPatch) -> None:
    """Frames are missing, and nobody asks what was in them."""
    from messaging.hub import Hub

    patch.setattr(Hub, "_missed", lambda self: None)


def caches_kept(patch: pytest.MonkeyPatch) -> None:
    """After a gap clients compare, and sessions go on with what they knew."""
    from messaging.sessions.live import Session

    def recheck(self: Any, within: float) -> None:
        self.node.compare_soon(self, within)

    patch.setattr(Session, "recheck", recheck)


def routes_kept(patch: pytest.MonkeyPatch) -> None:
    """Where somebody is, is asked every ten seconds."""
    from messaging.routes import Routes

    real, kept = Routes.of, WeakKeyDictionary[Any, dict[bytes, tuple[float, Any]]]()

    async def remembered(self: Any, users: list[bytes]) -> Any:
        known, now = kept.setdefault(self, {}), time.monotonic()
        asked = [one for one in users if one not in known or now > known[one][0] + ROUTES_SECONDS]
        found = await real(self, asked) if asked else {}
        known.update({one: (now, found.get(one, [])) for one in asked})
        return {one: known[one][1] for one in users}

    patch.setattr(Routes, "of", remembered)


ALL = (core_layer, presence_by_user, gaps_ignored, caches_kept, routes_kept)
