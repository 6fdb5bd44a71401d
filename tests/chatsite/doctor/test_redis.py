"""What doctor says of a real Redis with one thing that is wrong."""

import time
from collections.abc import Callable, Iterator

import pytest
from redis import Redis as Driver

from chatsite import redis_check
from chatsite.running.findings import Level
from chatsite.running.needs import Unfit
from tests.chatsite.doctor.asked import expect, expect_well, found
from tests.services import Redis, own_redis

CHECK = "chatsite.redis_check.examine"


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    with own_redis() as redis:
        yield redis


@pytest.fixture
def redis(server: Redis) -> Iterator[Redis]:
    """All of it as services/redis.conf says, whatever the test before did to it."""
    if server.process is None or server.process.poll() is not None:
        server.start()
    with Driver.from_url(server.url) as driver:
        before = {name: driver.config_get(name)[name] for name in CHANGED}
        yield server
        server.resume()
        if server.process.poll() is None:
            driver.execute_command("REPLICAOF", "NO", "ONE")
            for name, value in before.items():
                driver.config_set(name, value)


CHANGED = ("maxmemory", "maxmemory-policy", "save", "appendonly")


def evicting(driver: Driver) -> None:
    driver.config_set("maxmemory-policy", "allkeys-lru")


def unbounded(driver: Driver) -> None:
    driver.config_set("maxmemory", 0)


def nearly_full(driver: Driver) -> None:
    driver.config_set("maxmemory", int(driver.info()["used_memory"] / 0.95))


def saving(driver: Driver) -> None:
    driver.config_set("save", "60 1")


def logging(driver: Driver) -> None:
    driver.config_set("appendonly", "yes")


def a_copy(driver: Driver) -> None:
    driver.execute_command("REPLICAOF", "127.0.0.1", "1")


@pytest.mark.parametrize(
    ("spoil", "level", "words"),
    [
        (evicting, Level.WRONG, "its maxmemory-policy is allkeys-lru and must be noeviction"),
        (unbounded, Level.WARNING, "it has no maxmemory"),
        (nearly_full, Level.WRONG, "it is nearly full"),
        (saving, Level.WARNING, "it writes to the disk who is connected"),
        (logging, Level.WARNING, "it writes to the disk who is connected"),
        (a_copy, Level.WRONG, "it is a copy of 127.0.0.1 and takes nothing"),
    ],
)
def test_what_is_wrong_is_said(
    redis: Redis, spoil: Callable[[Driver], None], level: Level, words: str
) -> None:
    expect_well(found(CHECK, redis.url))
    with Driver.from_url(redis.url) as driver:
        spoil(driver)
        expect(found(CHECK, redis.url), level, words)


def test_a_wrong_password_is_said_and_not_shown(redis: Redis) -> None:
    findings = found(CHECK, redis.url.replace("//", "//chat:not-this-one@"))
    expect(findings, Level.WRONG, "Redis refuses REDIS_URL")
    assert "not-this-one" not in str(findings)


def test_one_that_is_away_is_said(redis: Redis) -> None:
    redis.kill()
    expect(found(CHECK, redis.url), Level.WRONG, "does not answer: Error 111 connecting to")


def test_one_that_hangs_costs_its_time_and_no_more(redis: Redis) -> None:
    redis.pause()
    [finding] = found("tests.chatsite.doctor.test_redis.patient", redis.url, seconds=0.5)
    assert finding.text == "did not end within 0.5 s"
    assert finding.level is Level.WRONG


def patient(url: str, _: float) -> Iterator[None]:
    """A check that does not look at the clock."""
    with Driver.from_url(url) as driver:
        driver.ping()
    yield


def test_a_cluster_is_refused() -> None:
    with own_redis("--cluster-enabled", "yes") as cluster:
        expect(found(CHECK, cluster.url), Level.WRONG, "is a cluster, which is not supported")
        with pytest.raises(Unfit, match="is a cluster, which is not supported"):
            redis_check.check(cluster.url)  # as `serve` asks


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [(2, Level.WARNING, "s behind this one"), (-60, Level.WRONG, "ahead of this one")],
)
def test_a_clock_that_is_wrong_is_said(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, seconds: int, level: Level, words: str
) -> None:
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + seconds)
    expect(found(CHECK, redis.url), level, words)
