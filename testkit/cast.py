"""Alice, bob and mallory with real m1 values, put into the database without sign-up pages.

`python -m testkit.cast PAIRS NAME…` enrols people in the site that the environment names, connects
the first with the second and so on, PAIRS times, and prints them: for tests and benchmarks against
a server of its own (`seeded`). NAME:20 has twenty devices; PAIRS may be `star`: the first with
everybody else.
"""

import asyncio
import json
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from chatsite.edge.wire import B32, B64, Id
from e2ee.encoding import ZERO, h
from e2ee.epochs import FIRST, parse_record
from e2ee.records import Link, parse_link
from messaging import protocol
from testkit.client.m1 import body, devicelist, envelope, epochs
from testkit.client.m1.epochs import OpenEpoch
from testkit.client.m1.keys import DeviceKeys, KemKey, SigningKey
from testkit.client.m1.proofs import socket_proof
from testkit.running import ROOT, Site

NOTHING_KNOWN = B32(h(b"of no vector"))
STAR = "star"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Device:
    """One browser: its keys, its session, and how far its counters are."""

    keys: DeviceKeys
    session: bytes  # hash of the session key
    token: str
    cookie: str  # the session key
    ctr: dict[bytes, int] = field(default_factory=dict)  # by conversation
    prev: dict[bytes, bytes] = field(default_factory=dict)  # C of the message before


@dataclass
class Person:
    name: str
    uid: bytes
    aik: SigningKey
    user_key: KemKey
    link: Link
    devices: list[Device]
    epochs: dict[bytes, OpenEpoch] = field(default_factory=dict)  # newest, by conversation
    peers: dict[bytes, Link] = field(default_factory=dict)  # by conversation

    def hello(
        self, nonce: bytes, host: str, *, device: int = 0, vec_hash: bytes = NOTHING_KNOWN
    ) -> protocol.Hello:
        mine = self.devices[device]
        proof = socket_proof(mine.keys, host=host, nonce=nonce, uid=self.uid)
        return protocol.Hello(
            version=protocol.VERSION, token=mine.token, device=Id(mine.keys.id), proof=B64(proof),
            vec_hash=B32(vec_hash),
        )  # fmt: skip

    def message(
        self,
        conv: bytes,
        text: str,
        *,
        device: int = 0,
        kind: int = 1,
        ttl: int = 0,
        at: int | None = None,
    ) -> protocol.Send:
        """A sealed text, as the outbox holds it; `at`: when it was written, by its own clock."""
        mine, epoch, mid = self.devices[device], self.epochs[conv], secrets.token_bytes(16)
        ctr = mine.ctr[conv] = mine.ctr.get(conv, 0) + 1
        peer = self.peers[conv]
        message = body.text(
            text, ts=now_ms() if at is None else at, me=(self.link.k, self.link.hash),
            peer=(peer.k, peer.hash), prev=mine.prev.get(conv),
        )  # fmt: skip
        sealed = envelope.seal(
            message, epoch=epoch, sender=self.uid, device=mine.keys.id, ctr=ctr, mid=mid,
            user_seed=self.user_key.seed, kind=kind, ttl=ttl,
        )  # fmt: skip
        mine.prev[conv] = sealed.commitment
        return protocol.Send(
            client_id=Id(mid), conv=Id(conv), after_seq=0, epoch=epoch.record.header.n, kind=kind,
            ttl=ttl, body=sealed.envelope, salt=B32(sealed.salt),
        )  # fmt: skip

    def read(self, row: protocol.Msg) -> str:
        """The text of a message. Raises M1Error for what must not be shown."""
        assert row.body
        assert row.salt
        assert row.ctr
        opened = envelope.open_sealed(
            row.body, row.salt, epoch=self.epochs[row.conv], own_uid=self.uid,
            user_seeds={self.link.g: self.user_key.seed},
        )  # fmt: skip
        return str(body.parse(opened.body, row.ctr)["body"])


def enrol(name: str, devices: int = 1) -> Person:
    """A person with listed devices, each signed in: as sign-up leaves it."""
    from django.contrib.sessions.backends.db import SessionStore

    from accounts import devices as directory
    from accounts import sessions
    from accounts.models import SessionRecord, User

    aik, user_key = SigningKey(), KemKey()
    keys = [DeviceKeys() for _ in range(devices)]
    user = User.objects.create(username=name, display_name=name.capitalize())
    listed = sorted((devicelist.listed(one, now_ms()) for one in keys), key=lambda one: one.id)
    raw = devicelist.first_link(
        uid=user.uid, aik=aik, devices=listed, user_key=user_key.public,
        recovery_key=KemKey().public, ms=now_ms(),
    )  # fmt: skip
    link = parse_link(raw)
    rows = {row.device: row for row in directory.append(user, link, "a browser")}
    person = Person(name, user.uid, aik, user_key, link, [])
    for one in keys:
        store = SessionStore()
        store.create()
        assert store.session_key
        record = SessionRecord.objects.create(
            session_id=store.session_key, hash=sessions.hash_of(store.session_key), user=user,
            device=rows[one.id], created=now_ms(), seen=now_ms(), unlocked=0, agent="a browser",
        )  # fmt: skip
        token = directory.live_token(record, now_ms())
        person.devices.append(Device(one, record.hash, token, str(store.session_key)))
    return person


async def connect(a: Person, b: Person) -> bytes:
    """Request and acceptance, and the first epoch: as the first message finds it."""
    from messaging.backends import connection_store

    conv = await ask(a, b)
    await ask(b, a)
    epoch = first_epoch(a, b, conv)
    await connection_store().advance(conv, new_epoch(epoch))
    a.epochs[conv] = b.epochs[conv] = epoch
    a.peers[conv], b.peers[conv] = b.link, a.link
    return conv


def first_epoch(a: Person, b: Person, conv: bytes) -> OpenEpoch:
    """Made by a, published nowhere."""
    low, high = (a.link, b.link) if a.uid < b.uid else (b.link, a.link)
    return epochs.create(
        conn=conv, n=0, parent=None, previous_hash=ZERO, low=low, high=high, creator=a.uid,
        device=a.devices[0].keys, reason=FIRST, ms=now_ms(),
    )  # fmt: skip


async def ask(a: Person, b: Person) -> bytes:
    from messaging.backends import connection_store

    pair = await connection_store().ask(a.uid, b.uid, secrets.token_bytes(16), now_ms())
    return pair.conv


def new_epoch(epoch: OpenEpoch, *, forced: bool = False) -> Any:
    from messaging.domain import NewEpoch

    header = epoch.record.header
    return NewEpoch(header.n, epoch.record.raw, forced, now_ms(), header.low.k, header.high.k)


def seeded(site: Site, *names: str, pairs: int = 0, star: bool = False) -> list[Person]:
    """People of a site that runs, or will, with its own database; the first 2·pairs connected, or
    the first with everybody else."""
    connected = STAR if star else str(pairs)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "testkit.cast", connected, *names],
        cwd=ROOT, env=site._env(), check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return [_unpacked(person) for person in json.loads(done.stdout)]


def _packed(person: Person) -> dict[str, Any]:
    return {
        "name": person.name,
        "uid": person.uid.hex(),
        "aik": person.aik.seed.hex(),
        "user_key": person.user_key.seed.hex(),
        "link": person.link.raw.hex(),
        "devices": [_packed_device(one) for one in person.devices],
        "epochs": {
            conv.hex(): [epoch.record.raw.hex(), epoch.secret.hex(), person.peers[conv].raw.hex()]
            for conv, epoch in person.epochs.items()
        },
    }


def _packed_device(one: Device) -> list[str]:
    keys = one.keys
    seeds = [keys.id.hex(), keys.signing.seed.hex(), keys.kem.seed.hex()]
    return [*seeds, one.session.hex(), one.token, one.cookie]


def _unpacked(packed: dict[str, Any]) -> Person:
    raw = bytes.fromhex
    person = Person(
        packed["name"], raw(packed["uid"]), SigningKey(raw(packed["aik"])),
        KemKey(raw(packed["user_key"])), parse_link(raw(packed["link"])), [],
    )  # fmt: skip
    for ident, dsk, dkk, session, token, cookie in packed["devices"]:
        keys = DeviceKeys(raw(ident), SigningKey(raw(dsk)), KemKey(raw(dkk)))
        person.devices.append(Device(keys, raw(session), token, cookie))
    for conv, (record, secret, peer) in packed["epochs"].items():
        person.epochs[raw(conv)] = OpenEpoch(parse_record(raw(record)), raw(secret))
        person.peers[raw(conv)] = parse_link(raw(peer))
    return person


async def _connect_pairs(people: list[Person], connected: str) -> None:
    if connected == STAR:
        pairs = [(people[0], other) for other in people[1:]]
    else:
        some = people[: 2 * int(connected)]
        pairs = list(zip(some[::2], some[1::2], strict=True))
    for one, other in pairs:
        await connect(one, other)


def _name_and_devices(text: str) -> tuple[str, int]:
    name, _, devices = text.partition(":")
    return name, int(devices or 1)


def main(connected: str, names: list[str]) -> None:
    import django
    from django.db.transaction import atomic

    django.setup()
    with atomic():
        people = [enrol(*_name_and_devices(name)) for name in names]
    asyncio.run(_connect_pairs(people, connected))
    print(json.dumps([_packed(person) for person in people]))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
