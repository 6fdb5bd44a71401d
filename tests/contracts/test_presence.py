"""What every PresenceRegistry keeps, with a moved clock. What one process says, another reads."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from presence.backends.base import ENTRY_MS, LEASE_MS, Entry, PresenceRegistry, Renewed
from presence.backends.memory import MemoryPresence
from presence.backends.redis import RedisPresence
from tests.contracts import factories
from tests.services import shared_redis

NOW = 1_790_000_000_000
Make = factories.Make[PresenceRegistry]


@asynccontextmanager
async def memory(count: int) -> AsyncIterator[list[PresenceRegistry]]:
    """In the memory of one process, which has one for all."""
    yield [MemoryPresence()] * count


@asynccontextmanager
async def redis(count: int) -> AsyncIterator[list[PresenceRegistry]]:
    url, site = shared_redis(), factories.new_site()
    made = [RedisPresence(url, site) for _ in range(count)]
    yield list(made)
    for one in made:
        await one.close()


make = factories.factory(memory, redis)


def entry(user: bytes, node: str = "n1", incarnation: str = "a", heartbeat: int = NOW) -> Entry:
    random = secrets.token_bytes
    return Entry(user, random(16), node, incarnation, random(8), heartbeat)


async def test_a_device_on_a_living_node_is_found(make: Make) -> None:
    here, there = await make(2)
    alice, nobody = secrets.token_bytes(16), secrets.token_bytes(16)
    phone, laptop = entry(alice), entry(alice)
    await here.lease("n1", "a", NOW)
    await here.join(phone, [], NOW)
    await here.join(laptop, [], NOW)
    found = await there.where([alice, nobody], NOW)
    assert found.keys() == {alice}
    assert {one.device for one in found[alice]} == {phone.device, laptop.device}
    assert {one.device for one in await there.everyone(NOW)} >= {phone.device, laptop.device}


async def test_a_dead_nodes_users_are_gone_when_its_lease_ends(make: Make) -> None:
    here, there = await make(2)
    alice = secrets.token_bytes(16)
    await here.lease("n1", "a", NOW)
    await here.join(entry(alice), [], NOW)
    assert await there.where([alice], NOW + LEASE_MS - 1)
    assert not await there.where([alice], NOW + LEASE_MS)
    await here.lease("n1", "a", NOW + LEASE_MS)  # it only slept
    assert await there.where([alice], NOW + LEASE_MS)


async def test_a_restarted_node_does_not_vouch_for_what_it_held(make: Make) -> None:
    here, there = await make(2)
    alice = secrets.token_bytes(16)
    await here.lease("n1", "a", NOW)
    await here.join(entry(alice), [], NOW)
    await here.lease("n1", "b", NOW)
    assert not await there.where([alice], NOW)
    assert not await there.everyone(NOW)


async def test_a_lease_is_renewed_unless_another_process_has_the_name(make: Make) -> None:
    here, there = await make(2)
    await here.lease("n1", "a", NOW)
    assert replace(await here.renew("n1", "a", NOW + 1), offset=0) == Renewed()
    await there.lease("n1", "b", NOW + 2)  # it may follow one that crashed
    assert not (await here.renew("n1", "a", NOW + 3)).mine
    assert not (await here.renew("n1", "c", NOW + 3, former="a")).mine
    assert (await there.renew("n1", "b", NOW + 3)).mine
    late = NOW + 3 + LEASE_MS
    assert (await here.renew("n1", "a", late)).mine  # the other one is gone


async def test_a_node_that_slept_follows_itself(make: Make) -> None:
    here, there = await make(2)
    alice = secrets.token_bytes(16)
    await here.lease("n1", "a", NOW)
    await here.join(entry(alice), [], NOW)
    assert (await here.renew("n1", "b", NOW + 1, former="a")).mine
    assert not await there.where([alice], NOW + 1)


async def test_a_renewal_tells_what_was_forgotten(make: Make) -> None:
    here, _ = await make(2)
    assert (await here.renew("n1", "a", NOW)).forgot
    assert not (await here.renew("n1", "a", NOW + 1)).forgot


async def test_a_renewal_tells_whose_lease_ended_without_a_word(make: Make) -> None:
    here, there = await make(2)
    await here.lease("n1", "a", NOW)
    for node in ("n2", "n3"):
        await there.lease(node, "b", NOW)
    await there.release("n3", "b")
    later = NOW + LEASE_MS
    assert (await here.renew("n1", "a", later - 1)).lapsed == frozenset()
    assert (await here.renew("n1", "a", later)).lapsed == {"n2 b"}
    await there.lease("n2", "c", later)
    assert (await here.renew("n1", "a", later)).lapsed == frozenset()
    assert (await here.renew("n1", "a", later + ENTRY_MS + LEASE_MS)).lapsed == frozenset()


async def test_late_clean_up_spares_the_new_login(make: Make) -> None:
    here, there = await make(2)
    alice, device = secrets.token_bytes(16), secrets.token_bytes(16)
    await here.lease("n1", "a", NOW)
    await there.lease("n2", "a", NOW)
    old = Entry(alice, device, "n1", "a", b"old", NOW)
    new = Entry(alice, device, "n2", "a", b"new", NOW)
    await here.join(old, [], NOW)
    await there.join(new, [], NOW)
    await here.remove(alice, device, b"old")
    assert await there.where([alice], NOW) == {alice: [new]}
    await there.remove(alice, device, b"new")
    await there.remove(alice, device, b"new")  # repeating has no effect
    assert not await there.where([alice], NOW)


async def test_an_entry_that_nobody_refreshes_lapses(make: Make) -> None:
    here, there = await make(2)
    alice = secrets.token_bytes(16)
    await here.join(entry(alice), [], NOW)
    await here.lease("n1", "a", NOW + ENTRY_MS - 1)
    assert await there.where([alice], NOW + ENTRY_MS - 1)
    assert not await there.where([alice], NOW + ENTRY_MS)


async def test_a_released_lease_is_over_but_not_its_successors(make: Make) -> None:
    here, there = await make(2)
    alice = secrets.token_bytes(16)
    await here.lease("n1", "b", NOW)
    await here.join(entry(alice, incarnation="b"), [], NOW)
    await here.release("n1", "a")
    assert await there.where([alice], NOW)
    await here.release("n1", "b")
    assert not await there.where([alice], NOW)


async def test_a_new_session_takes_the_place_of_its_devices_older_one(make: Make) -> None:
    here, there = await make(2)
    alice, device = secrets.token_bytes(16), secrets.token_bytes(16)
    await here.lease("n1", "a", NOW)
    await there.lease("n2", "a", NOW)
    old = Entry(alice, device, "n1", "a", b"old", NOW)
    new = Entry(alice, device, "n2", "a", b"new", NOW + 1)
    assert (await here.join(old, [], NOW)).older is None
    assert (await there.join(new, [], NOW)).older == old
    assert (await there.where([alice], NOW))[alice] == [new]


async def test_a_refresh_does_not_take_back_what_another_node_has_taken(make: Make) -> None:
    here, there = await make(2)
    alice, device = secrets.token_bytes(16), secrets.token_bytes(16)
    await here.lease("n1", "a", NOW)
    await there.lease("n2", "a", NOW)
    other = entry(alice)
    old = Entry(alice, device, "n1", "a", b"old", NOW)
    new = Entry(alice, device, "n2", "a", b"new", NOW)
    for registry, one in ((here, other), (here, old), (there, new)):
        await registry.join(one, [], NOW)
    later = replace(old, heartbeat=NOW + 60_000)
    assert await here.refresh([later, replace(other, heartbeat=NOW + 60_000)]) == [later]
    found = {one.conn: one for one in (await there.where([alice], NOW))[alice]}
    assert found == {b"new": new, other.conn: replace(other, heartbeat=NOW + 60_000)}


async def test_a_refresh_brings_back_what_the_registry_forgot(make: Make) -> None:
    here, there = await make(2)
    alice = secrets.token_bytes(16)
    await here.lease("n1", "a", NOW)
    mine = entry(alice)
    assert await here.refresh([mine]) == []
    assert (await there.where([alice], NOW))[alice] == [mine]
    assert await here.refresh([]) == []


async def test_what_is_revoked_does_not_join_until_its_time_is_over(make: Make) -> None:
    here, there = await make(2)
    alice, subject, other = (secrets.token_bytes(16) for _ in range(3))
    await here.lease("n1", "a", NOW)
    await here.revoke(subject, "device", NOW + 1000)
    mine = entry(alice)
    assert (await there.join(mine, [other, subject], NOW)).revoked == "device"
    assert not await there.where([alice], NOW)
    assert (await there.join(mine, [other], NOW)).revoked is None
    assert (await there.join(mine, [subject], NOW + 1000)).revoked is None


async def test_a_pardon_takes_a_revocation_back(make: Make) -> None:
    here, there = await make(2)
    alice, subject = secrets.token_bytes(16), secrets.token_bytes(16)
    await here.revoke(subject, "suspended", NOW + 1000)
    await here.pardon(subject)
    await here.pardon(subject)  # repeating has no effect
    assert (await there.join(entry(alice), [subject], NOW)).revoked is None


async def test_of_two_that_join_at_once_one_stays_and_the_other_is_told(make: Make) -> None:
    here, there = await make(2)
    alice, device = secrets.token_bytes(16), secrets.token_bytes(16)
    for registry, node in ((here, "n1"), (there, "n2")):
        await registry.lease(node, "a", NOW)
    one, two = [Entry(alice, device, node, "a", node.encode(), NOW) for node in ("n1", "n2")]
    joined = await asyncio.gather(here.join(one, [], NOW), there.join(two, [], NOW))
    [stays] = (await there.where([alice], NOW))[alice]
    gave_way = [answer.older for answer in joined if answer.older is not None]
    assert [*gave_way, stays] in ([one, two], [two, one])


async def test_one_call_asks_for_many(make: Make) -> None:
    here, there = await make(2)
    await here.lease("n1", "a", NOW)
    entries = [entry(secrets.token_bytes(16)) for _ in range(300)]
    for one in entries:
        await here.join(one, [], NOW)
    later = [replace(one, heartbeat=NOW + 60_000) for one in entries]
    assert await here.refresh(later) == []
    found = await there.where([one.user for one in entries], NOW)
    assert found == {one.user: [one] for one in later}


async def test_sites_do_not_hear_of_each_other(make: Make) -> None:
    """Each call of the factory is another site."""
    [ours], [theirs] = await make(1), await make(1)
    alice, subject = secrets.token_bytes(16), secrets.token_bytes(16)
    await ours.lease("n1", "a", NOW)
    await ours.join(entry(alice), [], NOW)
    await ours.revoke(subject, "device", NOW + 1000)
    assert not await theirs.where([alice], NOW)
    assert (await theirs.join(entry(alice), [subject], NOW)).revoked is None


async def test_operators_see_when_each_lease_ends(make: Make) -> None:
    here, there = await make(2)
    await here.lease("n1", "a", NOW)
    await there.lease("n2", "a", NOW + 1000)
    assert await here.nodes(NOW) == {"n1": NOW + LEASE_MS, "n2": NOW + LEASE_MS + 1000}
    assert await here.nodes(NOW + LEASE_MS + ENTRY_MS) == {"n2": NOW + LEASE_MS + 1000}
    await here.release("n1", "a")
    assert list(await there.nodes(NOW)) == ["n2"]
