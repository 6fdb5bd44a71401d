"""Publishing epochs of a pair: what is taken, what is refused, who hears of it."""

import asyncio
import secrets
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache

from accounts import devices
from accounts.models import User
from chatsite.edge import refusals
from chatsite.edge.refusals import Unknown
from chatsite.edge.wire import Id
from chatsite.running import threads
from e2ee import epochs as records
from e2ee.encoding import ZERO
from e2ee.errors import M1Error
from e2ee.records import parse_link
from messaging import connections, conversations, epochs, http, protocol
from messaging.backends.base import EpochConflict
from messaging.domain import ContactState
from testkit.cast import Person, ask, now_ms
from testkit.client.m1 import devicelist
from testkit.client.m1 import epochs as m1
from testkit.client.m1.keys import DeviceKeys, KemKey, SigningKey
from tests.messaging.socket import arrived


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
async def fresh(alice: Person, bob: Person) -> bytes:
    """Connected, and nobody has sent yet."""
    await ask(alice, bob)
    return await ask(bob, alice)


def first(creator: Person, peer: Person, conv: bytes, **changes) -> m1.OpenEpoch:
    return made(creator, peer, conv, None, records.FIRST, **changes)


def made(
    creator: Person, peer: Person, conv: bytes, after: m1.OpenEpoch | None, reason: int, **changes
) -> m1.OpenEpoch:
    low, high = sorted([creator.link, peer.link], key=lambda link: link.uid)
    values: dict[str, Any] = {
        "conn": conv, "n": after.record.header.n + 1 if after else 0,
        "parent": None if reason == records.RESET else after,
        "previous_hash": after.record.hash if after else ZERO, "low": low, "high": high,
        "creator": creator.uid, "device": creator.devices[0].keys, "reason": reason,
        "ms": now_ms(),
    }  # fmt: skip
    return m1.create(**(values | changes))


async def publish(who: Person, conv: bytes, epoch: m1.OpenEpoch, device: int = 0) -> int:
    header = epoch.record.header
    expected = header.n - 1 if header.n else None
    keys = who.devices[device].keys
    return await epochs.publish(who.uid, keys.id, conv, epoch.record.raw, expected, now_ms())


async def new_list(who: Person, *, without: DeviceKeys | None = None) -> None:
    """Another link of the chain: one device more, or one revoked."""
    listed = [one for one in who.link.devices if without is None or one.id != without.id]
    changes: dict[str, Any] = {}
    if without:
        who.user_key = KemKey()
        changes = {"revokes": True, "user_key": who.user_key.public}
    else:
        listed.append(devicelist.listed(DeviceKeys(), now_ms()))
    raw = devicelist.next_link(
        who.link, aik=who.aik, devices=sorted(listed, key=lambda one: one.id), ms=now_ms(),
        **changes,
    )  # fmt: skip
    who.link = parse_link(raw)

    def store() -> None:
        devices.append(User.objects.get(uid=who.uid), who.link, "a browser")

    await threads.run(store)


async def start_over(who: Person) -> None:
    """An account reset, as far as the message side sees it: another chain, from k = 1."""
    who.aik, who.user_key = SigningKey(), KemKey()
    who.devices[0].keys = DeviceKeys()
    raw = devicelist.first_link(
        uid=who.uid, aik=who.aik, devices=[devicelist.listed(who.devices[0].keys, now_ms())],
        user_key=who.user_key.public, recovery_key=KemKey().public, ms=now_ms(), reset=True,
    )  # fmt: skip
    who.link = parse_link(raw)

    def store() -> None:
        user = User.objects.get(uid=who.uid)
        user.chain += 1
        user.save()
        devices.append(user, who.link, "a browser")

    await threads.run(store)


class TestPublish:
    async def test_the_first_to_send_makes_the_first(self, alice, bob, fresh):
        epoch = first(bob, alice, fresh)
        at_alice = await arrived(alice)
        assert await publish(bob, fresh, epoch) == 0
        assert (await at_alice.next(protocol.Epoch)).n == 0
        head, rows = await newest(alice, fresh)
        assert (head, [row.record for row in rows]) == (0, [epoch.record.raw])

    async def test_repeating_it_succeeds(self, alice, bob, fresh):
        epoch = first(alice, bob, fresh)
        assert [await publish(alice, fresh, epoch) for _ in range(2)] == [0, 0]

    async def test_two_at_once_leave_one_and_the_loser_sees_it(self, alice, bob, fresh):
        one, other = first(alice, bob, fresh), first(bob, alice, fresh)
        answers = await asyncio.gather(
            publish(alice, fresh, one), publish(bob, fresh, other), return_exceptions=True
        )
        [lost] = [answer for answer in answers if isinstance(answer, EpochConflict)]
        _, [row] = await newest(alice, fresh)
        assert (lost.head, lost.record) == (0, row.record)
        assert row.record == (one if answers[0] == 0 else other).record.raw

    async def test_a_number_too_high_loses(self, alice, bob, conv):
        head = alice.epochs[conv]
        later = made(alice, bob, conv, head, records.AGE, n=2)
        with pytest.raises(EpochConflict) as lost:
            await publish(alice, conv, later)
        assert (lost.value.head, lost.value.record) == (0, head.record.raw)

    async def test_so_does_one_before_there_is_any(self, alice, bob, fresh):
        early = made(alice, bob, fresh, first(alice, bob, fresh), records.AGE)
        with pytest.raises(EpochConflict) as lost:
            await publish(alice, fresh, early)
        assert (lost.value.head, lost.value.record) == (None, None)

    async def test_strangers_and_the_merely_asked_have_none(self, alice, bob, mallory):
        conv = await ask(alice, bob)
        with pytest.raises(conversations.NotConnected):
            await publish(alice, conv, first(alice, bob, conv))
        with pytest.raises(Unknown):
            await publish(mallory, conv, first(mallory, bob, conv))

    async def test_who_is_blocked_publishes_and_nobody_hears(self, alice, bob, conv):
        await connections.act(bob.uid, alice.uid, "block", ContactState.CONNECTED, now_ms())
        at_bob = await arrived(bob)
        second = made(alice, bob, conv, alice.epochs[conv], records.ON_DEMAND)
        assert await publish(alice, conv, second) == 1
        assert await at_bob.silence() == []


class TestForged:
    """Each begins with a record that would be taken, and changes one thing."""

    async def refused(self, who: Person, conv: bytes, epoch: m1.OpenEpoch, device: int = 0) -> None:
        with pytest.raises(M1Error):
            await publish(who, conv, epoch, device)
        head, _ = await newest(who, conv)
        assert head is None

    async def test_in_the_name_of_the_other(self, alice, bob, fresh):
        await self.refused(alice, fresh, first(bob, alice, fresh))

    async def test_by_another_device_of_mine(self, alice, bob, fresh):
        await self.refused(alice, fresh, first(alice, bob, fresh), device=1)

    async def test_by_a_device_that_is_not_listed(self, alice, bob, fresh):
        stranger = DeviceKeys(alice.devices[0].keys.id)
        await self.refused(alice, fresh, first(alice, bob, fresh, device=stranger))

    async def test_for_another_conversation(self, alice, bob, fresh):
        await self.refused(alice, fresh, first(alice, bob, secrets.token_bytes(16)))

    async def test_sealed_to_a_third(self, alice, bob, mallory, fresh):
        low, high = sorted([alice.link, mallory.link], key=lambda link: link.uid)
        await self.refused(alice, fresh, first(alice, bob, fresh, low=low, high=high))

    async def test_to_a_list_that_was_never_stored(self, alice, bob, fresh):
        raw = devicelist.next_link(
            bob.link, aik=bob.aik, devices=list(bob.link.devices), ms=now_ms()
        )
        forged = replace(bob, link=parse_link(raw))
        with pytest.raises(epochs.StaleList):
            await publish(alice, fresh, first(alice, forged, fresh))

    async def test_to_a_list_before_the_first(self, alice, bob, fresh):
        forged = replace(bob, link=replace(bob.link, k=0))
        with pytest.raises(epochs.StaleList):
            await publish(alice, fresh, first(alice, forged, fresh))

    async def test_with_a_signature_of_something_else(self, alice, bob, fresh):
        whole = first(alice, bob, fresh).record
        other = first(alice, bob, fresh).record
        raw = whole.raw[:-64] + other.signature
        with pytest.raises(M1Error):
            await epochs.publish(alice.uid, alice.devices[0].keys.id, fresh, raw, None, now_ms())

    async def test_after_another_history(self, alice, bob, conv):
        other = first(alice, bob, conv)
        with pytest.raises(M1Error):
            await publish(alice, conv, made(alice, bob, conv, other, records.AGE))

    async def test_at_another_place_than_expected(self, alice, bob, conv):
        second = made(alice, bob, conv, alice.epochs[conv], records.AGE)
        keys = alice.devices[0].keys
        with pytest.raises(M1Error):
            await epochs.publish(alice.uid, keys.id, conv, second.record.raw, None, now_ms())
        assert await publish(alice, conv, second) == 1


class TestLists:
    async def test_a_list_that_only_grew_may_still_be_named(self, alice, bob, conv):
        before = replace(bob)
        await new_list(bob)
        second = made(alice, before, conv, alice.epochs[conv], records.AGE)
        assert await publish(alice, conv, second) == 1

    async def test_a_retired_list_may_not(self, alice, bob, conv):
        before = replace(bob)
        await new_list(bob, without=bob.devices[1].keys)
        with pytest.raises(epochs.StaleList):
            await publish(
                alice, conv, made(alice, before, conv, alice.epochs[conv], records.REVOKES)
            )
        second = made(alice, bob, conv, alice.epochs[conv], records.REVOKES)
        assert await publish(alice, conv, second) == 1

    async def test_a_revoked_device_cannot_publish(self, alice, bob, conv):
        lost = alice.devices[1].keys
        await new_list(alice, without=lost)
        forged = made(alice, bob, conv, alice.epochs[conv], records.REVOKES, device=lost)
        with pytest.raises(M1Error):
            await publish(alice, conv, forged, device=1)


class TestReset:
    async def test_the_old_list_counts_no_more(self, alice, bob, conv):
        before = replace(bob, devices=list(bob.devices))
        await new_list(bob)
        await start_over(bob)
        with pytest.raises(epochs.StaleList):
            await publish(alice, conv, made(alice, before, conv, alice.epochs[conv], records.AGE))
        second = made(alice, bob, conv, alice.epochs[conv], records.RESET)
        assert await publish(alice, conv, second) == 1

    async def test_nothing_passes_under_the_epoch_before(self, alice, bob, conv):
        """Although the new list has a lower number than the one that the epoch names."""
        await new_list(bob)
        second = made(alice, bob, conv, alice.epochs[conv], records.AGE)
        await publish(alice, conv, second)
        alice.epochs[conv] = second
        at_alice, at_bob = await arrived(alice), await arrived(bob)
        at_alice.send(alice.message(conv, "before"))
        await at_bob.next(protocol.Msg)
        await start_over(bob)
        at_alice.send(alice.message(conv, "to somebody who is gone"))
        assert (await at_alice.next(protocol.StaleEpoch)).head == 1

    async def test_both_in_either_order_and_it_goes_on(self, alice, bob, conv):
        await start_over(alice)
        await start_over(bob)
        second = made(bob, alice, conv, bob.epochs[conv], records.RESET)
        assert await publish(bob, conv, second) == 1
        await start_over(bob)
        assert await publish(alice, conv, made(alice, bob, conv, second, records.RESET)) == 2

    async def test_a_reset_is_never_stalled_and_believed_once(self, alice, bob, conv):
        """k falls with a reset, and it is newer all the same."""
        await new_list(alice)
        for _ in range(10):
            epoch = made(alice, bob, conv, alice.epochs[conv], records.ON_DEMAND)
            await publish(alice, conv, epoch)
            alice.epochs[conv] = epoch
        await start_over(bob)
        exempt = made(alice, bob, conv, alice.epochs[conv], records.RESET)
        await publish(alice, conv, exempt)
        with pytest.raises(refusals.Refusal):
            await publish(alice, conv, made(alice, bob, conv, exempt, records.RESET))


class TestFloor:
    async def test_forced_it_retires_the_old_epoch_at_once(self, alice, bob, conv):
        at_alice, at_bob = await arrived(alice), await arrived(bob)
        at_alice.send(alice.message(conv, "under the old key"))
        await at_bob.next(protocol.Msg)
        await new_list(bob, without=bob.devices[1].keys)
        await publish(bob, conv, made(bob, alice, conv, bob.epochs[conv], records.REVOKES))
        at_alice.send(alice.message(conv, "still under the old key"))
        assert (await at_alice.next(protocol.StaleEpoch)).head == 1
        assert not [f for f in await at_bob.silence() if isinstance(f, protocol.Msg)]

    async def test_otherwise_the_old_one_is_good_for_a_while(self, alice, bob, conv):
        at_alice, at_bob = await arrived(alice), await arrived(bob)
        await publish(bob, conv, made(bob, alice, conv, bob.epochs[conv], records.AGE))
        at_alice.send(alice.message(conv, "on its way when the key changed"))
        await at_alice.next(protocol.Sent)
        await at_bob.next(protocol.Msg)


class TestLimit:
    async def rotate(self, who: Person, peer: Person, conv: bytes, count: int, reason: int) -> None:
        for _ in range(count):
            epoch = made(who, peer, conv, who.epochs[conv], reason)
            await publish(who, conv, epoch)
            who.epochs[conv] = peer.epochs[conv] = epoch

    async def test_ten_an_hour_each(self, alice, bob, conv):
        await self.rotate(alice, bob, conv, 10, records.ON_DEMAND)
        with pytest.raises(refusals.Refusal) as refused:
            await self.rotate(alice, bob, conv, 1, records.ON_DEMAND)
        assert (refused.value.status, refused.value.code) == (429, "rate")
        await self.rotate(bob, alice, conv, 1, records.ON_DEMAND)

    async def test_a_revocation_is_never_stalled(self, alice, bob, conv):
        await self.rotate(alice, bob, conv, 10, records.ON_DEMAND)
        await new_list(alice, without=alice.devices[1].keys)
        await self.rotate(alice, bob, conv, 1, records.REVOKES)

    @pytest.mark.parametrize("reason", [records.REVOKES, records.RESET])
    async def test_but_is_believed_once(self, alice, bob, conv, reason):
        await self.rotate(alice, bob, conv, 10, reason)
        with pytest.raises(refusals.Refusal):
            await self.rotate(alice, bob, conv, 1, reason)

    async def test_nor_is_the_answer_to_a_bad_record(self, alice, bob, conv):
        await self.rotate(alice, bob, conv, 10, records.ON_DEMAND)
        await self.rotate(bob, alice, conv, 1, records.ON_DEMAND)
        await self.rotate(alice, bob, conv, 1, records.BAD_KCV)
        with pytest.raises(refusals.Refusal):
            await self.rotate(alice, bob, conv, 1, records.BAD_KCV)


class TestRead:
    async def test_before_the_first(self, alice, fresh):
        assert await newest(alice, fresh) == (None, [])

    async def test_each_has_its_share(self, alice, bob, conv, fresh):
        await publish(alice, conv, made(alice, bob, conv, alice.epochs[conv], records.AGE))
        assert [row.n for row in (await newest(alice, conv)).rows] == [1, 0]
        many = {secrets.token_bytes(16): None for _ in range(protocol.EPOCHS_MAX - 1)}
        found = await epochs.newest(alice.uid, {conv: None, **many}, 50)
        assert [row.n for row in found[conv].rows] == [1]
        assert [row.n for row in (await epochs.newest(alice.uid, {conv: 0}, 50))[conv].rows] == [0]

    async def test_outsiders_read_nothing(self, alice, mallory, conv):
        assert conv in await epochs.newest(alice.uid, {conv: None}, 50)
        assert await epochs.newest(mallory.uid, {conv: None}, 50) == {}


class TestBoxes:
    async def test_each_reads_his_own(self, alice, bob, conv):
        await epochs.put_boxes(alice.uid, [box(conv, 0)])
        _, [mine] = await newest(alice, conv)
        _, [theirs] = await newest(bob, conv)
        assert (mine.g, mine.box, theirs.box) == (1, b"x" * 60, None)

    async def test_not_of_an_epoch_that_is_not_there(self, alice, conv):
        with pytest.raises(Unknown):
            await epochs.put_boxes(alice.uid, [box(conv, 1)])

    async def test_outsiders_write_nothing(self, mallory, conv):
        with pytest.raises(Unknown):
            await epochs.put_boxes(mallory.uid, [box(conv, 0)])


async def newest(who: Person, conv: bytes) -> epochs.Newest:
    return (await epochs.newest(who.uid, {conv: None}, 50))[conv]


def box(conv: bytes, n: int) -> http.EpochBox:
    return http.EpochBox(conv=Id(conv), n=n, g=1, box=b"x" * 60)
