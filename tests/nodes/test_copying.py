"""A whole site goes to the other engine and back, with people who notice nothing of it."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chatsite.copying import checkpoint
from messaging import protocol
from messaging.http import Invites, MakeInvite, NewInvite
from testkit.client.device import Device
from testkit.client.m1 import body as bodies
from testkit.client.people import Person, nobody_alarmed
from testkit.running import ROOT, Site, free_port, new_site
from tests.keyspace import drop, own_keyspace
from tests.services import own_bucket, own_postgres, own_redis
from tests.strangers import strangers

STRANGERS = 80  # pairs besides, so that a copy takes a while
SOON = 300.0  # of a command, on a machine that stands still now and then
HOUR = 3_600  # seconds


@dataclass
class Move:
    """Two engines and where each keeps its data; one site is on one of them at a time."""

    site: Site
    distributed: dict[str, str]
    back: Path

    def copy(self, to: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(to, *words),
            cwd=ROOT, env={**self.site._env(), **env}, capture_output=True, text=True,
            timeout=SOON, check=False,
        )  # fmt: skip

    def from_elsewhere(self) -> subprocess.CompletedProcess[str]:
        """Back, on another machine of the site."""
        var = self.back.with_name("elsewhere")
        var.mkdir(mode=0o700)
        (var / "secrets").symlink_to(self.site.var / "secrets")
        return self.copy("embedded", CHAT_VAR=str(var), TO_CHAT_VAR=str(self.back))

    def begin(self, to: str, *words: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command(to, *words),
            cwd=ROOT, env={**self.site._env(), **env}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    @property
    def there(self) -> dict[str, str]:
        return {f"TO_{name}": value for name, value in self.distributed.items()}

    def _command(self, to: str, *words: str) -> list[str]:
        return [sys.executable, "-W", "ignore", "manage.py", "copy_store", "--to", to, *words]


@pytest.fixture
def move(tmp_path: Path, django_db_blocker: Any) -> Iterator[Move]:
    options = own_keyspace()
    with (
        own_postgres() as url,
        own_redis() as redis,
        own_bucket() as bucket,
        django_db_blocker.unblock(),
    ):
        port = free_port()
        common = {"SITE_URL": f"http://localhost:{port}", "LIVE_RATE_FACTOR": "1000"}
        site = new_site({**common, "DATABASE_URL": ""}, tmp_path)
        site.port = port
        distributed = {
            "DATABASE_URL": url,
            "REDIS_URL": redis.url,
            **bucket,
            "CASSANDRA_HOSTS": ",".join(options["HOSTS"]),
            "CASSANDRA_KEYSPACE": options["KEYSPACE"],
        }
        try:
            yield Move(site, distributed, tmp_path / "back")
        finally:
            site.stop()
            drop(options)
            shutil.rmtree(site.var, ignore_errors=True)


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.long)])
def home(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the site ends on the engine where it began: a DATABASE_URL, or its own files."""
    if request.param == "SQLite":
        yield ""
        return
    with own_postgres() as url:
        yield url


async def same_as_before(person: Person) -> None:
    """Nothing of the state comes again: the server has exactly what the device knows."""
    device: Device = person.device
    device.frames.clear()
    await device.connect()
    assert not any(isinstance(frame, protocol.State) for frame in device.frames)
    assert any(isinstance(frame, protocol.Same) for frame in device.frames)


async def hung_up(*people: Person) -> None:
    for person in people:
        if person.device.live is not None:
            await person.device.live.hang_up()


async def brief_and_new(alice: Person, bob: Person) -> None:
    """A message that disappears, and one of a new epoch."""

    def brief(prev: bytes | None, me: bodies.Head, peer: bodies.Head) -> bytes:
        return bodies.text("for an hour", ts=1, me=me, peer=peer, prev=prev)

    await alice.device.send_body(bob, brief, ttl=HOUR)
    assert await bob.device.next_text() == "for an hour"
    await bob.device.rotate(alice)
    await bob.device.send(alice, "of a new epoch")
    assert await alice.device.next_text() == "of a new epoch"


async def talk(alice: Person, bob: Person, carol: Person) -> None:
    """Everything that leaves a record somewhere."""
    for first, second in ((alice, bob), (bob, carol)):
        await first.connect(second)
        for number in range(3):
            await first.device.send(second, f"{first.name} {number}")
            assert await second.device.next_text() == f"{first.name} {number}"
        said = await second.device.send(first, "an answer")
        assert await first.device.next_text() == "an answer"
        await first.device.react(second, "🙂", ref=said.mid)
        await second.device.next_message()
        await first.device.read(second)
    await brief_and_new(alice, bob)
    await alice.act(bob, "clear", upto=1)
    await carol.act(bob, "block", seen=3)
    await bob.device.send(carol, "nobody hears this")
    await asyncio.to_thread(
        alice.device.api.post, "/api/invites", MakeInvite(connects=False), NewInvite, proof=True
    )


def killed_in_the_middle(copying: subprocess.Popen[str], var: Path) -> int:
    """How many conversations it had copied."""
    path, count = var / checkpoint.NAME, 0
    while copying.poll() is None:
        with closing(sqlite3.connect(path)) as there:
            try:
                [[count]] = there.execute("SELECT count(*) FROM copied")
            except sqlite3.OperationalError:  # not made yet, or being written
                continue
        if count:
            copying.kill()
            break
    said, _ = copying.communicate()
    assert copying.returncode == -9, said
    return count


async def still(alice: Person, bob: Person, carol: Person, words: str) -> None:
    """They are where they were, and go on."""
    people = (alice, bob, carol)
    before = [len(person.device.conversation(bob).messages) for person in (alice, carol)]
    with nobody_alarmed(*people):
        for person in people:
            await same_as_before(person)
        after = [len(person.device.conversation(bob).messages) for person in (alice, carol)]
        assert after == before
        await alice.device.send(bob, words)
        assert await bob.device.next_text() == words
        await bob.device.send(alice, f"{words} too")
        assert await alice.device.next_text() == f"{words} too"
        row = bob.device.row(alice)
        await bob.device.read(alice)
        await alice.device.until(lambda: alice.device.row(bob).peer_read >= row.last_seq - 1)
        found = await asyncio.to_thread(alice.device.api.get, "/api/invites", Invites, proof=True)
        assert len(found.invites) == 1


async def settle(site: Site, *people: Person) -> None:
    """What was on its way is stored, and everybody knows it."""
    await hung_up(*people)
    await asyncio.to_thread(site.stop)
    await asyncio.to_thread(site.start)
    for person in people:
        await person.device.connect()
    await hung_up(*people)
    await asyncio.to_thread(site.stop)


@pytest.mark.timeout(900)
async def test_a_site_goes_to_the_other_engine_and_back(move: Move, home: str) -> None:
    site = move.site.start()
    url = site.env["SITE_URL"]
    alice, bob, carol = people = [
        await Person.sign_up(url, name, receipt_seconds=0.05) for name in ("alice", "bob", "carol")
    ]
    await talk(alice, bob, carol)
    refused = await asyncio.to_thread(move.copy, "distributed", **move.there)
    assert (refused.returncode, "The site runs. Stop it first" in refused.stderr) == (1, True)
    await settle(site, *people)
    await strangers(site.var, STRANGERS)

    tried = await asyncio.to_thread(move.copy, "distributed", "--dry-run", **move.there)
    assert f"{STRANGERS + 2} conversations would be copied" in tried.stdout, tried.stderr
    copying = move.begin("distributed", "--sessions", **move.there)
    assert await asyncio.to_thread(killed_in_the_middle, copying, site.var) < STRANGERS
    done = await asyncio.to_thread(move.copy, "distributed", "--sessions", **move.there)
    assert "The copy is complete and equal" in done.stdout, done.stderr

    embedded = dict(site.env)
    site.env = {
        **{name: value for name, value in embedded.items() if name != "DATABASE_URL"},
        **{"CHAT_ENGINE": "distributed", "NODE": "n1", **move.distributed},
    }
    await asyncio.to_thread(site.start)
    await still(alice, bob, carol, "on the other engine")
    refused = await asyncio.to_thread(move.from_elsewhere)
    assert (refused.returncode, "n1 of the site runs" in refused.stderr) == (1, True)
    await settle(site, *people)

    (site.var / checkpoint.NAME).unlink()
    taken = await asyncio.to_thread(move.copy, "embedded")
    assert (taken.returncode, "There is a site already" in taken.stderr) == (1, True)
    (site.var / checkpoint.NAME).unlink()
    there = {"TO_CHAT_VAR": str(move.back), **({"TO_DATABASE_URL": home} if home else {})}
    done = await asyncio.to_thread(move.copy, "embedded", **there)
    assert "The copy is complete and equal" in done.stdout, done.stderr

    (move.back / "static").symlink_to(site.var / "static")
    again = replace(site, var=move.back, env={**embedded, "DATABASE_URL": home}, process=None)
    await asyncio.to_thread(again.start)
    try:
        for person in people:
            await asyncio.to_thread(person.sign_in_again)
        await still(alice, bob, carol, "and home again")
    finally:
        await asyncio.gather(*(person.close() for person in people))
        await asyncio.to_thread(again.stop)
