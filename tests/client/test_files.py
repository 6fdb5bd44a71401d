"""Files from one person to another over a real site, and what a line does to them."""

import asyncio
import secrets
from pathlib import Path

import pytest

from e2ee.encoding import from_base64
from e2ee.errors import M1Error
from testkit.client import files
from testkit.client.api import Api, ApiError
from testkit.client.files import File
from testkit.client.m1 import blob as blobs
from testkit.client.outbound import SendRefused
from testkit.client.people import Person, nobody_alarmed
from testkit.running import Site, new_site
from tests.client.conftest import MakePerson
from tests.client.test_conversations import friends

PICTURE = File("Kanarienvogel.jpg", "image/jpeg", secrets.token_bytes(700_000), "a yellow bird")


async def test_files_of_any_size_come_to_the_other(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    sizes = (0, 1, 300_000, 5_000_000)
    sent = [File(f"{size}.bin", "application/x-test", secrets.token_bytes(size)) for size in sizes]
    with nobody_alarmed(alice, bob):
        await files.send(alice.device, bob, "for you", *sent)
        message = await bob.device.next_message()
        assert [entry["name"] for entry in message.members["att"]] == [one.name for one in sent]
        for entry, one in zip(message.members["att"], sent, strict=True):
            assert await files.fetch(bob.device, entry) == one.data
            assert await files.fetch(alice.device, entry) == one.data


async def test_what_the_server_changed_is_not_shown(someone: MakePerson, site: Site) -> None:
    alice, bob = await friends(someone)
    await files.send(alice.device, bob, "", PICTURE)
    [entry] = (await bob.device.next_message()).members["att"]
    [part] = site.var.glob(f"blobs/*/{blob_name(entry)}/0")
    changed = bytearray(part.read_bytes())
    changed[100] ^= 1
    part.write_bytes(changed)
    with pytest.raises(M1Error):
        await files.fetch(bob.device, entry)


def blob_name(entry: dict[str, str]) -> str:
    return from_base64(entry["blob"], 16).hex()


async def test_an_upload_goes_on_where_it_was_cut_off(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    api, conv = alice.device.api, alice.device.conversation(bob).conv
    ident, sealed = secrets.token_bytes(16), blobs.seal_blob(PICTURE.data, secrets.token_bytes(32))
    leave = await asyncio.to_thread(files.grant, api, conv, ident, len(sealed))
    await asyncio.to_thread(files.put, api, leave, 1, sealed[files.PART : 2 * files.PART])
    with pytest.raises(ApiError) as early:
        await asyncio.to_thread(api.post, f"/api/blobs/{ident.hex()}/whole", None, dict, proof=True)
    assert early.value.status == 409
    again = await asyncio.to_thread(files.grant, api, conv, ident, len(sealed))
    assert again.present == [(1, 1)]
    await asyncio.to_thread(files.put_all, api, again, sealed)
    last = await asyncio.to_thread(files.grant, api, conv, ident, len(sealed))
    assert last.present == [(0, 2)]


async def test_outsiders_get_neither_leave_nor_bytes(someone: MakePerson, site: Site) -> None:
    (alice, bob), mallory = await friends(someone), await someone("mallory")
    await files.send(alice.device, bob, "", PICTURE)
    [entry] = (await bob.device.next_message()).members["att"]
    with pytest.raises(ApiError) as refused:
        await files.fetch(mallory.device, entry)
    assert refused.value.status == 404
    conv = alice.device.conversation(bob).conv
    with pytest.raises(ApiError) as refused:
        await asyncio.to_thread(
            files.grant, mallory.device.api, conv, secrets.token_bytes(16), 1000
        )
    assert refused.value.status == 404
    nobody = Api(site.url)
    for headers in ({}, {"Authorization": "Live x"}, {"Cookie": alice.device.api.cookie_header()}):
        status, _ = await asyncio.to_thread(
            nobody.raw, "GET", f"/blobs/{blob_name(entry)}/0", b"", headers
        )
        assert status == 401
    nobody.close()


async def test_a_message_of_a_file_that_is_not_whole_is_refused(someone: MakePerson) -> None:
    alice, bob = await friends(someone)
    conv = alice.device.conversation(bob).conv
    entry = await asyncio.to_thread(files.upload, alice.device.api, conv, PICTURE)
    await asyncio.to_thread(alice.device.api.delete, f"/api/blobs/{blob_name(entry)}")
    real, files.upload = files.upload, lambda *_: entry
    try:
        with pytest.raises(SendRefused, match="blob"):
            await files.send(alice.device, bob, "", PICTURE)
    finally:
        files.upload = real
    await alice.device.send(bob, "without it")
    assert await bob.device.next_text() == "without it"


async def test_nothing_of_a_file_is_readable_on_the_server() -> None:
    site = new_site({"LOG_LEVEL": "DEBUG"}).start()
    words = ("Kanarienvogel im Käfig.heic", "image/x-kanari", "the canary sings", "gelbes Gefieder")
    name, mime, alt, inside = words
    try:
        alice, bob = [await Person.sign_up(site, who) for who in ("alicefiles", "bobfiles")]
        await alice.connect(bob)
        await files.send(
            alice.device, bob, "Federkleid", File(name, mime, inside.encode() * 900, alt)
        )
        [entry] = (await bob.device.next_message()).members["att"]
        assert await files.fetch(bob.device, entry) == inside.encode() * 900
        for person in (alice, bob):
            await person.close()
        site.stop()
        stored = {path: path.read_bytes() for path in site.var.rglob("*") if searched(site, path)}
        assert any("blobs" in path.parts for path in stored)
        assert any(blob_name(entry) in str(path) for path in stored)
        for word in (*words, "Federkleid", entry["fk"], entry["hash"]):
            spelled = [word.encode(), word.encode("utf-16-le"), word.encode().hex().encode()]
            for path, content in stored.items():
                assert not any(one in content for one in spelled), (word, path)
                assert word not in str(path)
    finally:
        site.remove()


def searched(site: Site, path: Path) -> bool:
    return path.is_file() and "static" not in path.relative_to(site.var).parts
