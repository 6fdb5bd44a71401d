"""Long histories of somebody who signed up in a browser, put straight into the log.

`python -m testkit.seeding NAME LENGTH[:UNREAD]…` connects the person NAME with a new peer for each
LENGTH, who has written so many messages, and prints the conversations. The ciphertext is real:
browsers open it with every check of a receiver. `seeded` runs it against a site.
"""

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from e2ee.records import Link, parse_link
from testkit import cast
from testkit.cast import Person
from testkit.client.m1.keys import KemKey, SigningKey
from testkit.running import ROOT, Site

STEP_MS = 90_000  # between two messages of a history, which ends a minute ago
FRESH_MS = 60_000
TOGETHER = 64  # conversations at a time; also rows that one commit of the store takes
BULK = 2000  # rows an INSERT
ALIAS = "messages"


def seeded(site: Site, name: str, lengths: Sequence[int], unread: int = 0) -> list[str]:
    """Conversation ids in hex, in the order of `lengths`; of each the last `unread` are unread."""
    wanted = [f"{length}:{min(unread, length)}" for length in lengths]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "testkit.seeding", name, *wanted],
        cwd=ROOT, env=site._env(), check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return list(json.loads(done.stdout))


def words(number: int) -> str:
    """The text of the message with this seq: lengths differ, as those of people do."""
    return f"message {number} of a long history" + " and some more of it" * (number * 7 % 5)


async def converse(owner: Person, peer: Person, length: int, unread: int) -> str:
    """A conversation in which only the peer wrote: `length` messages, the last `unread` unread."""
    from messaging.backends import log

    conv = await cast.connect(peer, owner)
    if not length:
        return conv.hex()
    start = cast.now_ms() - FRESH_MS - STEP_MS * length
    await asyncio.to_thread(_write, peer, owner, conv, start, length - 1)
    await log().append(_draft(peer, owner, conv, length, start), _seal, start + STEP_MS * length)
    if read := length - unread:
        now = cast.now_ms()
        await log().mark(conv, owner.uid, peer.uid, now, got=length, read=(read, read))
    return conv.hex()


def _seal(_server_ms: int) -> tuple[str, bytes]:
    """Nobody reports these messages: a tag of the right size will do."""
    return "0", bytes(32)


def _draft(peer: Person, owner: Person, conv: bytes, seq: int, start: int) -> Any:
    from messaging.domain import Draft, EpochHead

    frame = peer.message(conv, words(seq), at=start + STEP_MS * seq)
    head = EpochHead(0, False, 0, peer.link.k, owner.link.k)
    return Draft(
        conv, frame.client_id, 0, peer.uid, owner.uid, peer.devices[0].keys.id,
        peer.devices[0].ctr[conv], frame.kind, 0, head, 0, frame.body, frame.salt,
    )  # fmt: skip


def _write(peer: Person, owner: Person, conv: bytes, start: int, count: int) -> None:
    from messaging.backends.sql.models import Conversation, ConversationHead

    rows = _rows(peer, owner, conv, start, count)
    while some := list(islice(rows, BULK)):
        Conversation.objects.using(ALIAS).bulk_create(some)
    heads = ConversationHead.objects.using(ALIAS).filter(conversation_id=conv)
    mine = "ord1" if peer.uid < owner.uid else "ord2"
    heads.update(last_seq=count, last_time=start + STEP_MS * count, **{mine: count})


def _rows(peer: Person, owner: Person, conv: bytes, start: int, count: int) -> Iterator[Any]:
    from messaging.backends.sql.models import Conversation

    for seq in range(1, count + 1):
        time = start + STEP_MS * seq
        one = _draft(peer, owner, conv, seq, start)
        kid, tag = _seal(time)
        yield Conversation(
            conversation_id=conv, seq=seq, client_id=one.client_id, time=time, sender=peer.uid,
            device=one.device, ctr=one.ctr, ord=seq, kind=one.kind, epoch=0, flags=0, expires=None,
            text=one.text, salt=one.salt, url="", tag=tag, tag_kid=kid,
        )  # fmt: skip


def owner_of(name: str) -> Person:
    """What others know of the person: a uid and the newest device list, but no key."""
    from accounts.models import DeviceListLink, User

    user = User.objects.get(username=name)
    newest = DeviceListLink.objects.filter(user=user).latest("chain", "k")
    link: Link = parse_link(bytes(newest.link))
    return Person(name, bytes(user.uid), SigningKey(), KemKey(), link, [])


async def _converse_all(owner: Person, peers: Sequence[Person], wanted: Sequence[str]) -> list[str]:
    convs: list[str] = []
    for at in range(0, len(peers), TOGETHER):
        some = zip(peers[at : at + TOGETHER], wanted[at : at + TOGETHER], strict=True)
        told = [(peer, *text.partition(":")) for peer, text in some]
        convs += await asyncio.gather(
            *(converse(owner, peer, int(length), int(unread)) for peer, length, _, unread in told)
        )
    return convs


def main(name: str, wanted: list[str]) -> None:
    import django
    from django.db.transaction import atomic

    django.setup()
    owner = owner_of(name)
    with atomic():
        peers = [cast.enrol(f"{name}-{secrets.token_hex(4)}") for number in range(len(wanted))]
    print(json.dumps(asyncio.run(_converse_all(owner, peers, wanted))))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
