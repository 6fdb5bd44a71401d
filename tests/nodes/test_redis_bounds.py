"""What a site leaves in Redis: nothing stays for ever, and who comes again and again takes no more
room than who came once."""

import asyncio
from collections import Counter
from urllib.parse import urlsplit

from redis import Redis as Driver

from accounts.protocol import Notes
from chatsite.running.jobs import LEASE_SECONDS
from media.sweep import ORPHANS_SECONDS
from tests.nodes.conftest import Nodes, Pair, at

LONGEST_MS = 1000 * (ORPHANS_SECONDS + LEASE_SECONDS)  # of what is done once a day
TIMES = 20  # that a device comes again; more devices than that no account has
KINDS = {"nodes", "clocks", "p", "rv", "c"}  # by what stands behind the name of the site


def lives(nodes: Nodes) -> dict[str, int]:
    """All keys, and how many ms each has to live; below 0 for ever."""
    with Driver.from_url(nodes.redis.url, decode_responses=True) as driver:
        keys = list(driver.scan_iter(count=1000))
        with driver.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.pttl(key)
            found = dict(zip(keys, pipe.execute(), strict=True))
    return {key: ttl for key, ttl in found.items() if ttl != -2}  # lapsed meanwhile


def kinds(nodes: Nodes, keys: dict[str, int]) -> Counter[str]:
    site = urlsplit(nodes.first.env["SITE_URL"]).netloc
    assert all(key.startswith(f"{site}:") for key in keys)  # several sites may share a Redis
    return Counter(key.removeprefix(f"{site}:").split(":")[0] for key in keys)


async def uses_everything(nodes: Nodes, pair: Pair) -> None:
    alice, bob = pair.alice.device, pair.bob.device
    await alice.watch(pair.bob)
    await alice.typing(pair.bob)
    for number in range(10):
        await alice.send(pair.bob, f"{number}")
        assert await bob.next_text() == f"{number}"
    await bob.read(pair.alice)
    for _ in range(10):  # a nonce each
        await asyncio.to_thread(alice.api.ask, "GET", "/api/notes", None, Notes, proof=True)
    laptop = await pair.alice.add_device(online=False)
    line = (await at(nodes.second, laptop)).line
    await pair.alice.revoke(laptop)
    await line.wait_closed()
    carol = await nodes.sign_up(nodes.first, "carol")
    line = carol.device.line
    await asyncio.to_thread(nodes.first.manage, "suspend", carol.name)
    await line.wait_closed()
    await carol.close()


async def test_every_key_has_a_time_to_live(nodes: Nodes, pair: Pair) -> None:
    await uses_everything(nodes, pair)
    keys = lives(nodes)
    assert kinds(nodes, keys).keys() == KINDS
    with Driver.from_url(nodes.redis.url) as driver:  # the control: one that stays is found
        driver.set("stays", "for ever")
        assert lives(nodes)["stays"] < 0
        driver.delete("stays")
    assert [key for key, ttl in keys.items() if ttl < 0] == []
    assert max(keys.values()) <= LONGEST_MS


async def test_who_comes_again_and_again_takes_no_more_room(nodes: Nodes, pair: Pair) -> None:
    """One device on both nodes in turns, and others beside it."""
    device = pair.alice.device
    await pair.alice.add_device(online=False)
    before = kinds(nodes, lives(nodes))
    for number in range(TIMES):
        await at((nodes.first, nodes.second)[number % 2], device)
    after = kinds(nodes, lives(nodes))
    assert all(after[kind] <= before[kind] for kind in ("nodes", "clocks", "p", "rv"))
    assert after["c"] - before["c"] < TIMES  # of limits one each, whatever they count
    with Driver.from_url(nodes.redis.url) as driver:
        [entries] = driver.scan_iter(f"*:p:{pair.alice.uid.hex()}", count=1000)
        assert driver.hlen(entries) == 1
