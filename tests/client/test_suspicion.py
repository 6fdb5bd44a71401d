"""What the client does when the server, or a contact, lies to it. Nothing runs but the client."""

from dataclasses import dataclass
from typing import Any

import pytest

from chatsite.edge.wire import B32, Id
from e2ee.encoding import ZERO
from e2ee.epochs import FIRST
from e2ee.records import Link, parse_link
from messaging.protocol import Msg
from testkit.client.account import Opened
from testkit.client.api import Api
from testkit.client.device import Device
from testkit.client.directory import Directory, IdentityChanged, Known
from testkit.client.epochbook import Book
from testkit.client.keyring import KeyRing
from testkit.client.m1 import body, devicelist, envelope, epochs
from testkit.client.m1.envelope import Sealed
from testkit.client.m1.keys import DeviceKeys, KemKey, SigningKey

CONV = bytes(range(16))
NOWHERE = "http://localhost:9"  # what must not be asked is asked in vain


@dataclass
class Actor:
    uid: bytes
    keys: DeviceKeys
    user_key: KemKey
    link: Link

    @classmethod
    def born(cls, uid: bytes) -> "Actor":
        keys, user_key = DeviceKeys(), KemKey()
        raw = devicelist.first_link(
            uid=uid, aik=SigningKey(), devices=[devicelist.listed(keys, 1)],
            user_key=user_key.public, recovery_key=KemKey().public, ms=1,
        )  # fmt: skip
        return cls(uid, keys, user_key, parse_link(raw))

    @property
    def head(self) -> body.Head:
        return self.link.k, self.link.hash


class Stage:
    """Bob's device, and alice as the server shows her there."""

    def __init__(self) -> None:
        self.alice, self.bob = Actor.born(b"\xaa" * 16), Actor.born(b"\xbb" * 16)
        self.epoch = epochs.create(
            conn=CONV, n=0, parent=None, previous_hash=ZERO, low=self.alice.link,
            high=self.bob.link, creator=self.alice.uid, device=self.alice.keys, reason=FIRST, ms=1,
        )  # fmt: skip
        self.device = self._device_of(self.bob)
        self.prev: bytes | None = None

    def _device_of(self, actor: Actor) -> Device:
        ring = KeyRing(actor.uid, {1: actor.user_key})
        device = Device(Api(NOWHERE), Opened(actor.uid, actor.keys, ring, [actor.link]))
        device.directory.known[self.alice.uid] = Known([self.alice.link])
        device.know(CONV, self.alice.uid)
        book = Book(CONV, self.alice.uid)
        book.open[0], book.head, book.asked = self.epoch, 0, True
        device.epochs.books[CONV] = book
        return device

    def sealed(self, text: str, ctr: int, **changed: Any) -> Sealed:
        """A text of alice's; `changed` is what mallory changes before it is sealed."""
        members = body.text(
            text, ts=1, me=changed.pop("me", self.alice.head), peer=self.bob.head,
            prev=changed.pop("prev", self.prev),
        )  # fmt: skip
        given: dict[str, Any] = {
            "epoch": self.epoch, "sender": self.alice.uid, "device": self.alice.keys.id,
            "ctr": ctr, "mid": bytes([ctr]) * 16, "user_seed": self.alice.user_key.seed,
        }  # fmt: skip
        sealed = envelope.seal(changed.pop("raw", members), **{**given, **changed})
        self.prev = sealed.commitment
        return sealed

    async def show(self, sealed: Sealed, seq: int, **changed: Any) -> None:
        header = sealed.header
        frame: dict[str, Any] = {
            "conv": Id(CONV), "seq": seq, "client_id": Id(header.mid), "sender": Id(header.sender),
            "device": Id(header.device), "ctr": header.ctr, "time": 1, "ord": seq,
            "kind": header.kind, "epoch": header.n, "ttl": header.ttl, "body": sealed.envelope,
            "salt": B32(sealed.salt),
        }  # fmt: skip
        await self.device.inbound.offer(
            self.device.conversations[CONV], Msg(**{**frame, **changed})
        )

    @property
    def texts(self) -> list[str]:
        return self.device.conversations[CONV].texts()

    @property
    def alarms(self) -> list[str]:
        return [str(error) for _, _, error in self.device.alarms]


@pytest.fixture
async def stage():
    stage = Stage()
    yield stage
    await stage.device.close()


async def test_honest_messages_raise_no_alarm(stage: Stage) -> None:
    for seq in (1, 2, 3):
        await stage.show(stage.sealed(f"m{seq}", seq), seq)
    assert stage.texts == ["m1", "m2", "m3"]
    assert not stage.alarms
    assert not stage.device.conversations[CONV].missing


async def test_a_row_out_of_order_waits_for_those_before_it(stage: Stage) -> None:
    one, two = stage.sealed("one", 1), stage.sealed("two", 2)
    await stage.show(two, 2)
    assert stage.texts == []
    await stage.show(one, 1)
    assert stage.texts == ["one", "two"]
    await stage.show(one, 1)  # a repeat of what is old
    assert stage.texts == ["one", "two"]
    assert not stage.alarms


async def test_a_dropped_message_shows_as_a_hole(stage: Stage) -> None:
    one, _, three = (stage.sealed(f"m{n}", n) for n in (1, 2, 3))
    await stage.show(one, 1)
    await stage.show(three, 2)
    assert stage.device.conversations[CONV].missing == [2]


async def test_a_replayed_message_is_noticed(stage: Stage) -> None:
    one = stage.sealed("one", 1)
    await stage.show(one, 1)
    await stage.show(stage.sealed("other", 1, prev=None), 2)
    assert stage.texts == ["one"]
    assert "taken" in stage.alarms[0]


async def test_messages_exchanged_by_the_server_are_noticed(stage: Stage) -> None:
    one, two = stage.sealed("one", 1), stage.sealed("two", 2)
    await stage.show(one, 1)
    await stage.show(stage.sealed("two", 2, prev=two.commitment), 2)
    assert stage.texts == ["one"]
    assert "does not follow" in stage.alarms[0]


@pytest.mark.parametrize(
    "lie",
    [
        {"sender": Id(b"\xbb" * 16)},
        {"device": Id(b"\x01" * 16)},
        {"client_id": Id(b"\x77" * 16)},
        {"ctr": 2},
        {"kind": 2},
        {"ttl": 60},
        {"salt": B32(bytes(32))},
    ],
    ids=lambda lie: next(iter(lie)),
)
async def test_a_frame_that_says_something_else_is_refused(
    stage: Stage, lie: dict[str, Any]
) -> None:
    await stage.show(stage.sealed("one", 1), 1, **lie)
    assert stage.texts == []
    assert stage.alarms


async def test_the_contact_cannot_plant_a_message_of_mine(stage: Stage) -> None:
    """Alice knows the epoch secret and has the server's help; she lacks bob's user key."""
    forged = stage.sealed("I owe alice a house", 1, sender=stage.bob.uid, device=stage.bob.keys.id)
    await stage.show(forged, 1)
    assert stage.texts == []
    assert "none of my devices" in stage.alarms[0]


async def test_a_body_against_the_rules_is_not_shown(stage: Stage) -> None:
    await stage.show(stage.sealed("", 1, raw=b'{"t":"text","body":"x"}'), 1)
    assert stage.texts == []
    assert stage.alarms


async def test_what_counts_as_something_else_is_not_shown(stage: Stage) -> None:
    await stage.show(stage.sealed("", 1, prev=None, kind=2), 1)
    heads = {"me": stage.alice.head, "peer": stage.bob.head}
    loud = body.react("👍", ref=bytes(16), ts=1, prev=None, **heads)
    await stage.show(stage.sealed("", 1, raw=loud, prev=None), 2)
    assert stage.texts == []
    assert ["count as something else" in alarm for alarm in stage.alarms] == [True, True]


async def test_a_split_view_shows_with_the_first_honest_message(stage: Stage) -> None:
    """Alice was shown another list of her own account than bob was: a ghost device."""
    await stage.show(stage.sealed("hello", 1, me=(1, bytes(32))), 1)
    assert stage.texts == []
    assert "another list" in stage.alarms[0]


async def test_an_erased_row_is_neither_hole_nor_alarm(stage: Stage) -> None:
    one, two, three = (stage.sealed(f"m{n}", n) for n in (1, 2, 3))
    await stage.show(one, 1)
    await stage.show(two, 2, gone="erased", body=None, salt=None)
    await stage.show(three, 3)
    assert stage.texts == ["m1", "m3"]
    assert not stage.alarms
    assert not stage.device.conversations[CONV].missing


def test_another_identity_stops_the_sender_until_he_agrees() -> None:
    old, new = Actor.born(b"\xaa" * 16), DeviceKeys()
    reset = parse_link(
        devicelist.first_link(
            uid=old.uid, aik=SigningKey(), devices=[devicelist.listed(new, 1)],
            user_key=KemKey().public, recovery_key=KemKey().public, ms=2, reset=True,
        )
    )  # fmt: skip
    directory = Directory(Api(NOWHERE))
    known = directory.known[old.uid] = Known([old.link])
    assert directory.of(old.uid).head == old.link
    known.reset = list(devicelist.follow(old.uid, old.link, [reset.raw]).links)
    with pytest.raises(IdentityChanged):
        directory.of(old.uid)
    directory.agree(old.uid)
    assert directory.of(old.uid).head == reset
    assert directory.of(old.uid).at(1, old.link.hash) == old.link  # old epochs name it
