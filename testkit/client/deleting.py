"""Deleting for everyone (docs/encryption.md 4.12)."""

from chatsite.edge.wire import Id
from e2ee.envelope import KIND_SILENT
from messaging import protocol
from testkit.client.account import now_ms
from testkit.client.conversation import Message
from testkit.client.device import Device, HasUid
from testkit.client.m1 import body as bodies


async def delete(device: Device, to: HasUid | bytes, mid: bytes, *, seq: int = 0) -> Message:
    """`seq`: of the row that the server erases with it; 0 = it is asked for nothing. Raises as
    Device.send."""

    def compose(prev: bytes | None, me: bodies.Head, peer: bodies.Head) -> bytes:
        return bodies.delete(ref=mid, ts=now_ms(), me=me, peer=peer, prev=prev)

    erase = protocol.Erase(seq=seq, client_id=Id(mid)) if seq else None
    return await device.send_body(to, compose, kind=KIND_SILENT, erase=erase)
