"""The restore drill of the distributed engine: a backup of the running site goes into an empty one,
and people go on chatting."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from chatsite import make_secrets
from testkit.client import files
from testkit.client.people import Person, nobody_alarmed
from testkit.running import ROOT, Site, new_site
from tests.nodes.conftest import on_cassandra
from tests.nodes.test_copying import brief_and_new, hung_up
from tests.nodes.test_files import PICTURE
from tests.services import own_postgres, own_redis

ROUNDS = 300
SOON = 300.0  # of a command, on a machine that stands still now and then
REFUSED = 1
TWO_DAYS_LATER = """
import asyncio
from chatsite.running.clock import now_ms
from messaging import retention
print(asyncio.run(retention.purge(now_ms() + 2 * retention.DAY_MS, 1)))
"""


@dataclass
class Places:
    """Services with nothing in them, as many as one likes."""

    made: ExitStack = field(default_factory=ExitStack)

    def another(self) -> dict[str, str]:
        return {
            **self.made.enter_context(on_cassandra()),
            "DATABASE_URL": self.made.enter_context(own_postgres()),
            "REDIS_URL": self.made.enter_context(own_redis()).url,
            "LIVE_RATE_FACTOR": "1000",
            "NODE": "n1",
        }


@pytest.fixture
def places() -> Iterator[Places]:
    with ExitStack() as made:
        yield Places(made)


@pytest.fixture
def site(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = new_site(places.another(), tmp_path_factory.mktemp("r"))
    yield made
    made.stop()


def empty(site: Site, places: Places) -> Site:
    """A site under the same address, with other secrets and without tables."""
    var = Path(f"{site.var}-empty")
    make_secrets.main(var / "secrets")
    (var / "static").symlink_to(site.var / "static")
    return replace(site, var=var, env={**places.another(), "SITE_URL": site.url}, process=None)


async def run(site: Site, *words: object) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "ignore", "manage.py", *map(str, words)],
        cwd=ROOT, env=site._env(), capture_output=True, text=True, timeout=SOON, check=False,
    )  # fmt: skip


@asynccontextmanager
async def chattering(one: Person, other: Person) -> AsyncIterator[None]:
    """Inside, each answers the other without a pause, for a while."""

    async def go_on() -> None:
        for _ in range(ROUNDS):
            for first, second in ((one, other), (other, one)):
                await first.device.send(second, "again")
                await second.device.next_text()
                await second.device.read(first)

    talking = asyncio.create_task(go_on())
    try:
        yield
    finally:
        talking.cancel()
        with suppress(asyncio.CancelledError):
            await talking


async def before(alice: Person, bob: Person) -> dict[str, str]:
    """Words of each kind, and the picture that bob has of alice."""
    await alice.connect(bob)
    for number in range(3):
        await alice.device.send(bob, f"word {number}")
        assert await bob.device.next_text() == f"word {number}"
    await files.send(alice.device, bob, "look", PICTURE)
    [entry] = (await bob.device.next_message()).members["att"]
    await brief_and_new(alice, bob)
    picture: dict[str, str] = entry
    return picture


async def go_on(alice: Person, bob: Person, picture: dict[str, str]) -> None:
    """By their old devices, who have all that they had; so has a device that is new."""
    with nobody_alarmed(alice, bob):
        for person in (alice, bob):
            await asyncio.to_thread(person.sign_in_again)
            await person.device.connect()
        assert await files.fetch(bob.device, picture) == PICTURE.data
        await alice.device.send(bob, "still there?")
        assert await bob.device.next_text() == "still there?"
        await bob.device.send(alice, "as ever")
        assert await alice.device.next_text() == "as ever"
        new = await bob.add_device()
        wanted = ["word 0", "word 1", "word 2", "look", "for an hour", "of a new epoch"]
        assert new.conversation(alice).texts() == [*wanted, "still there?", "as ever"]
        assert await files.fetch(new, picture) == PICTURE.data


@pytest.mark.timeout(600)
async def test_a_backup_goes_into_an_empty_site_and_people_go_on(
    site: Site, places: Places, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    await asyncio.to_thread(site.start)
    people = alice, bob, carol, dave = [
        await Person.sign_up(site.url, name, receipt_seconds=0.05)
        for name in ("alice", "bob", "carol", "dave")
    ]
    picture = await before(alice, bob)
    await carol.connect(dave)
    async with chattering(carol, dave):
        done = await run(site, "backup", folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout
    assert "faults: 0" in done.stdout
    await alice.device.send(bob, "after the backup")
    assert await bob.device.next_text() == "after the backup"
    refused = await run(site, "restore", folder)
    assert (refused.returncode, "The site runs" in refused.stderr) == (REFUSED, True)
    await hung_up(*people)
    await asyncio.to_thread(site.stop)

    other = empty(site, places)
    done = await run(other, "restore", folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout
    again = await run(other, "restore", folder)
    assert (again.returncode, "There is a site already" in again.stderr) == (REFUSED, True)
    whole = await run(other, "check_store")
    assert (whole.returncode, "faults: 0" in whole.stdout) == (0, True), whole.stdout
    await asyncio.to_thread(other.start)
    try:
        await go_on(alice, bob, picture)
        await later(other, alice, bob)
        for person in people:
            await person.close()
    finally:
        await asyncio.to_thread(other.stop)
    await in_files(site, folder)
    shutil.rmtree(other.var)


async def later(site: Site, alice: Person, bob: Person) -> None:
    """The site keeps messages for a day; two days later nothing of all that is left, and people go
    on."""
    done = await run(site, "shell", "-c", TWO_DAYS_LATER)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "failed=0" in done.stdout
    new = await bob.add_device()
    assert new.conversation(alice).texts() == []
    await alice.device.send(bob, "what did we say?")
    assert await new.next_text() == "what did we say?"
    whole = await run(site, "check_store")
    assert (whole.returncode, "faults: 0" in whole.stdout) == (0, True), whole.stdout


async def in_files(site: Site, folder: Path) -> None:
    """The same backup, on the engine that needs no services."""
    var = Path(f"{site.var}-files")
    make_secrets.main(var / "secrets")
    other = Site(var, site.port, {"DATABASE_URL": ""})
    done = await run(other, "restore", folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    whole = await run(other, "check_store")
    assert (whole.returncode, "faults: 0" in whole.stdout) == (0, True), whole.stdout
