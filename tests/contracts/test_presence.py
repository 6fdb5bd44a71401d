"""What every PresenceRegistry keeps, with a moved clock."""

import secrets

import pytest

from presence.backends.base import ENTRY_MS, LEASE_MS, Entry, PresenceRegistry
from presence.backends.memory import MemoryPresence

NOW = 1_790_000_000_000


@pytest.fixture(params=[MemoryPresence])
def registry(request: pytest.FixtureRequest) -> PresenceRegistry:
    """Each adapter in turn."""
    adapter: type[PresenceRegistry] = request.param
    return adapter()


def entry(user: bytes, node: str = "n1", incarnation: str = "a", heartbeat: int = NOW) -> Entry:
    random = secrets.token_bytes
    return Entry(user, random(16), node, incarnation, random(8), heartbeat)


async def test_a_device_on_a_living_node_is_found(registry: PresenceRegistry) -> None:
    alice, nobody = secrets.token_bytes(16), secrets.token_bytes(16)
    phone, laptop = entry(alice), entry(alice)
    await registry.lease("n1", "a", NOW)
    await registry.put(phone)
    await registry.put(laptop)
    found = await registry.where([alice, nobody], NOW)
    assert found.keys() == {alice}
    assert {one.device for one in found[alice]} == {phone.device, laptop.device}
    assert {one.device for one in await registry.everyone(NOW)} >= {phone.device, laptop.device}


async def test_a_dead_nodes_users_are_gone_when_its_lease_ends(registry: PresenceRegistry) -> None:
    alice = secrets.token_bytes(16)
    await registry.lease("n1", "a", NOW)
    await registry.put(entry(alice))
    assert await registry.where([alice], NOW + LEASE_MS - 1)
    assert not await registry.where([alice], NOW + LEASE_MS)
    await registry.lease("n1", "a", NOW + LEASE_MS)  # it only slept
    assert await registry.where([alice], NOW + LEASE_MS)


async def test_a_restarted_node_does_not_vouch_for_what_it_held(registry: PresenceRegistry) -> None:
    alice = secrets.token_bytes(16)
    await registry.lease("n1", "a", NOW)
    await registry.put(entry(alice))
    await registry.lease("n1", "b", NOW)
    assert not await registry.where([alice], NOW)
    assert not await registry.everyone(NOW)


async def test_late_clean_up_spares_the_new_login(registry: PresenceRegistry) -> None:
    alice, device = secrets.token_bytes(16), secrets.token_bytes(16)
    await registry.lease("n1", "a", NOW)
    await registry.lease("n2", "a", NOW)
    old = Entry(alice, device, "n1", "a", b"old", NOW)
    new = Entry(alice, device, "n2", "a", b"new", NOW)
    await registry.put(old)
    await registry.put(new)
    await registry.remove(alice, device, b"old")
    assert (await registry.where([alice], NOW))[alice] == [new]
    await registry.remove(alice, device, b"new")
    await registry.remove(alice, device, b"new")  # repeating has no effect
    assert not await registry.where([alice], NOW)


async def test_an_entry_that_nobody_refreshes_lapses(registry: PresenceRegistry) -> None:
    alice = secrets.token_bytes(16)
    await registry.put(entry(alice))
    await registry.lease("n1", "a", NOW + ENTRY_MS - 1)
    assert await registry.where([alice], NOW + ENTRY_MS - 1)
    assert not await registry.where([alice], NOW + ENTRY_MS)


async def test_a_released_lease_is_over_but_not_its_successors(registry: PresenceRegistry) -> None:
    alice = secrets.token_bytes(16)
    await registry.lease("n1", "b", NOW)
    await registry.put(entry(alice, incarnation="b"))
    await registry.release("n1", "a")
    assert await registry.where([alice], NOW)
    await registry.release("n1", "b")
    assert not await registry.where([alice], NOW)
