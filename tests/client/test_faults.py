"""kill -9 while both write: nothing that was promised is missing, nothing stands twice."""

import asyncio
from collections.abc import Iterator
from http.client import HTTPException

import pytest

from testkit.client.live import Closed
from testkit.client.people import Person, nobody_alarmed
from testkit.running import Site, new_site

EACH = 40  # messages a person writes unless the server dies first
SOON = 8  # messages after which the server is killed


@pytest.fixture
def site() -> Iterator[Site]:
    site = new_site({"LIVE_RATE_FACTOR": "1000"}).start()
    yield site
    site.remove()


async def write(person: Person, to: Person, promised: list[str]) -> None:
    """Until the line breaks; `promised` holds what the server has acknowledged."""
    for i in range(EACH):
        text = f"{person.name} {i}"
        try:
            await person.device.send(to, text)
        except (Closed, OSError, HTTPException):
            return
        promised.append(text)


@pytest.mark.parametrize("by_calls", [False, True], ids=["socket", "calls"])
async def test_nothing_promised_is_lost_and_nothing_stands_twice(
    site: Site, by_calls: bool
) -> None:
    alice, bob = await asyncio.gather(
        *(Person.sign_up(site, name, by_calls=by_calls) for name in ("alice", "bob"))
    )
    await alice.connect(bob)
    promised: list[str] = []
    with nobody_alarmed(alice, bob):
        writing = asyncio.gather(write(alice, bob, promised), write(bob, alice, promised))
        await alice.device.until(lambda: len(promised) >= SOON)
        await asyncio.to_thread(site.kill)
        await writing
        assert len(promised) < 2 * EACH, "the server died too late to prove anything"
        for person in (alice, bob):
            await person.device.line.close()
        await asyncio.to_thread(site.start)
        await asyncio.gather(alice.device.connect(), bob.device.connect())
        last = await alice.device.send(bob, "the last")
        await bob.device.until(lambda: bob.device.conversation(alice).have == last.seq)
    texts = alice.device.conversation(bob).texts()
    assert bob.device.conversation(alice).texts() == texts
    assert len(texts) == len(set(texts))
    assert set(promised) <= set(texts)
    assert not alice.device.conversation(bob).missing
    assert not bob.device.conversation(alice).missing
    await asyncio.gather(alice.close(), bob.close())
