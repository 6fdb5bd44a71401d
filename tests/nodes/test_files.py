"""Pictures over two nodes of the distributed engine: from alice to N1, into the object storage, by
their URL in the conversation to N2, and to bob. Nothing of them is readable on the way."""

import asyncio
import secrets
from collections.abc import Iterator

import pytest

from e2ee.encoding import from_base64
from testkit.client import files
from testkit.client.api import ApiError
from testkit.client.files import File
from testkit.client.m1 import blob as blobs
from testkit.client.people import nobody_alarmed
from tests.nodes.conftest import Nodes, Pair, on_cassandra, two_nodes
from tests.services import objects

WORDS = ("Kanarienvogel im Käfig.heic", "image/x-kanari", "the canary sings", "gelbes Gefieder")
PICTURE = File(WORDS[0], WORDS[1], WORDS[3].encode() * 40_000, WORDS[2])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with on_cassandra() as engine, two_nodes(tmp_path_factory.mktemp("n"), engine) as nodes:
        yield nodes


async def test_a_picture_goes_by_the_object_storage_to_the_other_node(
    nodes: Nodes, pair: Pair
) -> None:
    alice, bob = pair.alice.device, pair.bob.device
    with nobody_alarmed(pair.alice, pair.bob):
        sent = await files.send(alice, pair.bob, "Federkleid", PICTURE)
        message = await bob.next_message()
        [entry] = message.members["att"]
        assert await files.fetch(bob, entry) == PICTURE.data
        blob = from_base64(entry["blob"], 16).hex()
        stored = await asyncio.to_thread(objects, nodes.first.env)
        mine = {name: data for name, data in stored.items() if blob in name}
        assert sum(map(len, mine.values())) == blobs.sealed_size(len(PICTURE.data))
        for word in (*WORDS, "Federkleid", entry["fk"]):
            for name, data in stored.items():
                assert word.encode() not in data
                assert word not in name
            assert word.encode() not in nodes.first.log.read_bytes()
            assert word.encode() not in nodes.second.log.read_bytes()
    mallory = await nodes.sign_up(nodes.second, f"mallory{secrets.token_hex(3)}")
    with pytest.raises(ApiError) as refused:
        await files.fetch(mallory.device, entry)
    assert refused.value.status == 404
    await mallory.close()
    assert sent.seq == message.seq


async def test_an_upload_goes_on_at_another_node(nodes: Nodes, pair: Pair) -> None:
    alice = pair.alice.device
    ident, sealed = secrets.token_bytes(16), blobs.seal_blob(PICTURE.data, secrets.token_bytes(32))
    leave = await asyncio.to_thread(files.grant, alice.api, pair.conv, ident, len(sealed))
    await asyncio.to_thread(files.put, alice.api, leave, 0, sealed[: files.PART])
    alice.api.come_by(f"localhost:{nodes.second.port}")
    again = await asyncio.to_thread(files.grant, alice.api, pair.conv, ident, len(sealed))
    assert again.present == [(0, 0)]
    await asyncio.to_thread(files.put, alice.api, leave, 1, sealed[files.PART : 2 * files.PART])
    await asyncio.to_thread(files.put_all, alice.api, again, sealed)
    done = await asyncio.to_thread(
        alice.api.post, f"/api/blobs/{ident.hex()}/whole", None, type(again), proof=True
    )
    assert done.state == "whole"


async def test_an_operator_proves_that_every_file_is_there(nodes: Nodes, pair: Pair) -> None:
    await files.send(pair.alice.device, pair.bob, "", PICTURE)
    said = await asyncio.to_thread(nodes.second.manage_says, "prune_attachments", "--check")
    assert "0 of them lost, 0 broken" in said
