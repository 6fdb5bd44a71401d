"""Whether a Redis can be used: see chatsite/running/needs.py."""

from redis import Redis
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError

from chatsite.running.needs import Unfit

SECONDS = 1.0  # for one command, or to connect
KEEPS = "noeviction"


def check(url: str) -> None:
    try:
        with Redis.from_url(
            url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=None
        ) as redis:
            known = redis.info()
    except (AuthenticationError, AuthorizationError, NoPermissionError) as error:
        raise Unfit(f"Redis refuses REDIS_URL or REDIS_CACHE_URL: {error}") from error
    if known["cluster_enabled"]:
        raise Unfit("this Redis is a cluster, which is not supported: name a single one")
    if known["maxmemory_policy"] != KEEPS and known["maxmemory"]:
        raise Unfit(
            f"this Redis throws away what is in use when it is full: "
            f"its maxmemory-policy is {known['maxmemory_policy']} and must be {KEEPS}"
        )
