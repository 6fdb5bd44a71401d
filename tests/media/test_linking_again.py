"""`manage.py check_store --repair files`: a message gets back the file that it names."""

from media import auditing
from media.auditing import Truth
from media.models import Blob, BlobLink, State
from messaging.backends import log
from testkit.cast import Person, now_ms
from tests.media.carrying import get, uploaded
from tests.media.test_messages import message
from tests.messaging.socket import arrived
from tests.messaging.test_messages import send


async def truth() -> Truth:
    return await auditing.audit(lambda *_: None, now_ms(), dry=True)


async def test_a_lost_link_is_made_again_and_members_alone_read(
    alice: Person, bob: Person, mallory: Person, conv: bytes
) -> None:
    blob = (await uploaded(alice, conv, b"x" * 100)).blob
    frame = message(alice, conv, blob)
    sent = await send(await arrived(alice), frame)
    await BlobLink.objects.filter(blob__blob=blob).adelete()
    assert (await get(bob, blob)).status == 404
    [lost] = [one for one in (await truth()).unlinked if one.blob == blob]
    assert (lost.row.seq, lost.row.conv) == (sent.seq, conv)
    assert await auditing.link_again([lost, lost], now_ms()) == 2
    link = await BlobLink.objects.aget(blob__blob=blob)
    assert (link.client_id, link.expires, link.withheld) == (frame.client_id, None, False)
    assert (
        await log().find(conv, link.client_id, link.after_seq) is not None
    )  # the sweep's question
    assert blob not in (await truth()).lost
    assert (await get(bob, blob)).status == 200
    assert (await get(mallory, blob)).status == 404


async def test_a_file_that_is_gone_or_anothers_is_not_linked(
    alice: Person, bob: Person, conv: bytes
) -> None:
    gone, others = [(await uploaded(alice, conv, b"x" * 100)).blob for _ in range(2)]
    at_alice = await arrived(alice)
    for blob in (gone, others):
        await send(at_alice, message(alice, conv, blob))
    await BlobLink.objects.filter(blob__blob__in=[gone, others]).adelete()
    suspects = [one for one in (await truth()).unlinked if one.blob in (gone, others)]
    await Blob.objects.filter(blob=gone).aupdate(state=State.DELETING)
    await Blob.objects.filter(blob=others).aupdate(owner=bob.uid)
    found = await truth()
    assert {gone, others} <= found.lost
    assert not {gone, others} & {one.blob for one in found.unlinked}
    assert await auditing.link_again(suspects, now_ms()) == 0
