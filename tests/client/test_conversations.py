"""Two people, their devices and a real site, through everything a conversation goes through."""

import asyncio

import pytest

from chatsite.edge.wire import Id
from messaging import http, protocol
from testkit.client.api import Api, ApiError
from testkit.client.live import Closed
from testkit.client.outbound import SendRefused
from testkit.client.people import Person, nobody_alarmed
from testkit.running import Site
from tests.client.conftest import MakePerson

pytestmark = pytest.mark.parametrize("by_calls", [False, True], ids=["socket", "calls"])


async def friends(someone: MakePerson, **device: object) -> tuple[Person, Person]:
    alice, bob = await asyncio.gather(someone("alice", **device), someone("bob", **device))
    await alice.connect(bob)
    return alice, bob


async def test_two_people_talk(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    with nobody_alarmed(alice, bob):
        await alice.device.send(bob, "hello")
        assert await bob.device.next_text() == "hello"
        answer = await bob.device.send(alice, "grüß dich 👋")
        assert await alice.device.next_text() == "grüß dich 👋"
        await alice.device.react(bob, "👍", ref=answer.mid)
        assert (await bob.device.next_message()).type == "react"
    for person, peer in ((alice, bob), (bob, alice)):
        assert person.device.conversation(peer).texts() == ["hello", "grüß dich 👋"]
        assert not person.device.conversation(peer).missing


async def test_both_write_first_at_once(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    with nobody_alarmed(alice, bob):
        await asyncio.gather(alice.device.send(bob, "from a"), bob.device.send(alice, "from b"))
        await alice.device.next_text()
        await bob.device.next_text()
    both = alice.device.conversation(bob).texts()
    assert sorted(both) == ["from a", "from b"]
    assert bob.device.conversation(alice).texts() == both


async def test_both_ask_in_the_same_instant(someone: MakePerson) -> None:
    alice, bob = await asyncio.gather(someone("alice"), someone("bob"))
    await asyncio.gather(alice.act(bob, "request"), bob.act(alice, "request"))
    (one,), (other,) = await asyncio.gather(alice.connections(), bob.connections())
    assert (one.state, other.state) == (3, 3)
    assert one.conv == other.conv


async def test_two_rotate_at_once(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    with nobody_alarmed(alice, bob):
        await alice.device.send(bob, "before")
        await bob.device.next_text()
        await asyncio.gather(alice.device.rotate(bob), bob.device.rotate(alice))
        await asyncio.gather(alice.device.send(bob, "from a"), bob.device.send(alice, "from b"))
        assert await bob.device.next_text() == "from a"
        assert await alice.device.next_text() == "from b"
    books = [
        person.device.epochs.books[person.device.conversation(peer).conv]
        for person, peer in ((alice, bob), (bob, alice))
    ]
    one, other = (book.open[book.head or 0].record.hash for book in books)
    assert one == other


async def test_receipts_rise_to_what_was_shown(someone: MakePerson) -> None:
    alice, bob = await friends(someone, receipt_seconds=0.1)
    sent = await alice.device.send(bob, "hello")
    await bob.device.next_text()
    await alice.device.until(lambda: alice.device.row(bob).peer_got == sent.seq)
    assert alice.device.row(bob).peer_read == 0
    assert bob.device.row(alice).unread == 1
    await bob.device.read(alice)
    await alice.device.until(lambda: alice.device.row(bob).peer_read == sent.seq)
    assert bob.device.row(alice).unread == 0


async def test_what_was_missed_is_fetched_on_the_next_line(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    with nobody_alarmed(alice, bob):
        await bob.device.line.close()
        texts = [f"message {i}" for i in range(60)]
        for text in texts:
            await alice.device.send(bob, text)
        with pytest.raises(Closed):
            await bob.device.send(alice, "into the void")
        await bob.device.connect()
    await alice.device.until(lambda: len(alice.device.conversation(bob).messages) == 61)
    assert bob.device.conversation(alice).texts() == [*texts, "into the void"]
    assert alice.device.conversation(bob).texts() == [*texts, "into the void"]


async def test_the_same_state_is_not_sent_again(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    await alice.device.send(bob, "hello")
    await bob.device.next_text()
    await bob.device.line.close()
    await bob.device.connect()  # may bring a state: receipts were on their way
    await bob.device.line.close()
    await bob.device.connect()
    assert isinstance(bob.device.frames[-1], protocol.Same)


async def test_a_second_browser_opens_the_whole_history(someone: MakePerson) -> None:
    alice, bob = await friends(someone, password="correct horse battery staple")
    with nobody_alarmed(alice, bob):
        await alice.device.send(bob, "one")
        await bob.device.send(alice, "two")
        await alice.device.rotate(bob)
        await alice.device.send(bob, "three")
        second = await alice.add_device()
        assert second.conversation(bob).texts() == ["one", "two", "three"]
        await bob.device.send(alice, "to both")
        assert await second.next_text() == "to both"
        await second.send(bob, "from the second")
        await alice.device.until(
            lambda: alice.device.conversation(bob).texts()[-1] == "from the second"
        )
    assert alice.device.conversation(bob).messages[-1].mine


async def test_the_recovery_code_enrols_too(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    await alice.device.send(bob, "kept")
    by_code = await alice.add_device(by_code=True)
    assert by_code.conversation(bob).texts() == ["kept"]


async def test_a_revoked_device_is_cut_off_and_reads_nothing_new(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    stolen = await alice.add_device()
    await bob.device.send(alice, "before")
    assert await stolen.next_text() == "before"
    await alice.revoke(stolen)
    assert await stolen.line.wait_closed() == protocol.CLOSE_REVOKED
    with nobody_alarmed(alice, bob):
        await bob.device.send(alice, "after")
        assert [await alice.device.next_text() for _ in range(2)] == ["before", "after"]
    epoch = alice.device.epochs.books[alice.device.conversation(bob).conv]
    assert (epoch.head or 0) > 0
    named = epoch.open[epoch.head or 0].record.header
    side = named.low if named.low.uid == alice.uid else named.high
    assert side.g == 2
    assert 2 not in stolen.account.ring.keys
    with pytest.raises(ApiError) as refused:
        await asyncio.to_thread(stolen.api.get, "/api/wraps", object, proof=True)
    assert refused.value.status in (401, 403)


async def test_after_the_end_of_a_connection_nothing_is_sent(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    await alice.device.send(bob, "last")
    assert await bob.device.next_text() == "last"
    await bob.act(alice, "block", seen=3)
    promised = await alice.device.send(bob, "into silence")  # a block does not show
    assert promised.seq == 2
    with pytest.raises(SendRefused):
        await bob.device.send(alice, "from the blocker")


async def test_mallory_finds_nothing_of_theirs(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    mallory = await someone("mallory")
    await alice.device.send(bob, "private")
    conv = alice.device.conversation(bob).conv
    answers = []
    for asked in (conv, bytes(16)):
        body = http.ReadEpochs(conversations=[http.EpochsWanted(conv=Id(asked))])
        answers.append(
            await asyncio.to_thread(
                mallory.device.api.post, "/api/epochs/read", body, http.Epochs, proof=True
            )
        )
    assert answers[0] == answers[1] == http.Epochs(conversations=[])
    page = await mallory.device.line.page(conv)
    assert isinstance(page, protocol.Error)
    assert page.code == "unknown"
    own = await alice.device.line.page(conv)  # the control: it is there
    assert isinstance(own, protocol.Page)
    assert len(own.rows) == 1


async def test_a_cookie_alone_proves_nothing(someone: MakePerson, site: Site) -> None:
    alice = await someone("alice")
    stolen = Api(site.url)
    stolen.cookies = dict(alice.device.api.cookies)
    path = "/api/wraps"
    assert (await asyncio.to_thread(stolen.raw, "GET", path))[0] == 403
    proof = {"X-Device-Proof": await asyncio.to_thread(alice.device.api.prove, "GET", path, b"")}
    assert (await asyncio.to_thread(stolen.raw, "GET", path, b"", proof))[0] == 200
    assert (await asyncio.to_thread(stolen.raw, "GET", path, b"", proof))[0] == 403  # used up
    stolen.close()
