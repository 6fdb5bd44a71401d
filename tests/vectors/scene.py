"""The cast of docs/encryption.md 4.19: A and B, their keys, links and epochs."""

from e2ee.encoding import ZERO
from e2ee.epochs import AGE, FIRST
from e2ee.records import Link, ListedDevice, parse_link
from testkit.client.m1 import devicelist, epochs
from testkit.client.m1.epochs import OpenEpoch
from testkit.client.m1.keys import DeviceKeys, KemKey, SigningKey

T = 1_760_000_000_000
CONN = bytes(range(16))
A, B = b"\xaa" * 16, b"\xbb" * 16
NONCE = b"\x0c" * 12
MID = b"\x33" * 16
HOST = "chat.example"
CODE = "0123456789ABCDEFGHJKMNPQRSTVWX"
LINK_SECRET = "0123456789ABCDEFGHJKMNPQ"


def seed(byte: int) -> bytes:
    return bytes([byte]) * 32


AIK_A, AIK_B = SigningKey(seed(0xA1)), SigningKey(seed(0xB1))
DEVICE_A = DeviceKeys(b"\xd1" * 16, SigningKey(seed(0xA2)), KemKey(seed(0xA3)))
DEVICE_B = DeviceKeys(b"\xdb" * 16, SigningKey(seed(0xB2)), KemKey(seed(0xB3)))
DEVICE_A2 = DeviceKeys(b"\xd2" * 16, SigningKey(seed(0xA6)), KemKey(seed(0xA7)))
UK_A, UK_B = KemKey(seed(0xA4)), KemKey(seed(0xB4))
UK_A2 = KemKey(seed(0xA8))
RECOVERY_A, RECOVERY_B = KemKey(seed(0xA5)), KemKey(seed(0xB5))
ENTRY_A: ListedDevice = devicelist.listed(DEVICE_A, T)
ENTRY_A2: ListedDevice = devicelist.listed(DEVICE_A2, T + 1)

LINK_A1: Link = parse_link(
    devicelist.first_link(
        uid=A,
        aik=AIK_A,
        devices=[ENTRY_A],
        user_key=UK_A.public,
        recovery_key=RECOVERY_A.public,
        ms=T,
    )
)
LINK_B1: Link = parse_link(
    devicelist.first_link(
        uid=B,
        aik=AIK_B,
        devices=[devicelist.listed(DEVICE_B, T)],
        user_key=UK_B.public,
        recovery_key=RECOVERY_B.public,
        ms=T,
    )
)
LINK_A2: Link = parse_link(
    devicelist.next_link(LINK_A1, aik=AIK_A, devices=[ENTRY_A, ENTRY_A2], ms=T + 1)
)


def _stand_in(n: int, reason: int, parent: OpenEpoch | None, x: bytes) -> OpenEpoch:
    """An epoch of 4.19: its wraps are stand-ins, so that every byte is fixed."""
    header = epochs.build_header(
        conn=CONN,
        n=n,
        parent=parent.record.header.n if parent else None,
        previous_hash=parent.record.hash if parent else ZERO,
        low=LINK_A1,
        high=LINK_B1,
        creator=A,
        device=DEVICE_A.id,
        reason=reason,
        ms=T + n,
    )
    secret = epochs.derive_secret(header, x, parent)
    record = epochs.assemble(
        header, epochs.kcv(secret), b"\xe1" * 1168, b"\xe2" * 1168, DEVICE_A.signing
    )
    return OpenEpoch(record, secret)


EPOCH_0 = _stand_in(0, FIRST, None, seed(0x01))
EPOCH_1 = _stand_in(1, AGE, EPOCH_0, seed(0x02))
