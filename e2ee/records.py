"""Device-list links (4.3): parse, verify, chain rules; sizes of the sealed records.

Policy lives in `check_first`, `check_next` and `check_restart`. One hash chain per
account, each link a full snapshot signed by the account identity key (AIK).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from e2ee import kem, signatures
from e2ee.encoding import NO_U32, SUITE, ZERO, h, parse, uint
from e2ee.errors import BadLink

MAX_DEVICES: Final = 20
DEVICE_LEN: Final = 1303
FLAG_REVOKES: Final = 1
FLAG_RESET: Final = 2

VAULT_LEN: Final = 92
RK_WRAP_LEN: Final = 60
PREV_BOX_LEN: Final = 60
ES_BOX_LEN: Final = 60
NOTE_LEN: Final = 284
RECOVERY_DEVICE: Final = bytes(16)
"""Stands for "the recovery key" where a user-key wrap names a device."""

FACTOR_CODE: Final = 1
FACTOR_PASSWORD: Final = 2
FACTOR_PASSKEY: Final = 3

DEVICE_LABEL: Final = "m1:dev"
DEVICE_WIDTHS: Final = (16, 32, 1, kem.PUBLIC_KEY_LEN, 8)
LINK_LABEL: Final = "m1:list"
LINK_WIDTHS: Final = (
    16, 4, 32, 32, None, 4, kem.PUBLIC_KEY_LEN, kem.PUBLIC_KEY_LEN, 1, 8,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ListedDevice:
    id: bytes
    signing_key: bytes
    kem_key: bytes
    added_ms: int


@dataclass(frozen=True, slots=True)
class Link:
    """One link of a chain. `raw` is link‖sig, the bytes that are stored, sent and hashed."""

    raw: bytes
    uid: bytes
    k: int
    previous_hash: bytes
    aik: bytes
    devices: tuple[ListedDevice, ...]
    g: int
    user_key: bytes
    recovery_key: bytes
    flags: int
    ms: int

    @property
    def hash(self) -> bytes:
        return h(self.raw)

    @property
    def revokes(self) -> bool:
        return bool(self.flags & FLAG_REVOKES)

    @property
    def reset(self) -> bool:
        return bool(self.flags & FLAG_RESET)

    def device(self, device_id: bytes) -> ListedDevice | None:
        return next((each for each in self.devices if each.id == device_id), None)


def verify_link(raw: bytes) -> Link:
    """Parse a link from outside: shape, every key in it, and AIK's signature.

    Says nothing of its place in a chain: one of the three checks below must follow.
    """
    link = parse_link(raw)
    signatures.verify(link.aik, raw[-signatures.SIGNATURE_LEN :], _signed_bytes(raw))
    for device in link.devices:
        signatures.check_public_key(device.signing_key)
        kem.check_public_key(device.kem_key)
    kem.check_public_key(link.user_key)
    kem.check_public_key(link.recovery_key)
    return link


def parse_link(raw: bytes) -> Link:
    """Parse without verifying: for links that were verified before they were stored."""
    uid, k, previous_hash, aik, devices, g, user_key, recovery_key, flags, ms = parse(
        _signed_bytes(raw), LINK_LABEL, LINK_WIDTHS
    )
    link = Link(
        raw, uid, uint(k), previous_hash, aik, _parse_devices(devices), uint(g), user_key,
        recovery_key, flags[0], uint(ms),
    )  # fmt: skip
    _check_shape(link)
    return link


def check_first(link: Link, uid: bytes) -> None:
    """The link of a sign-up."""
    _check_start(link, uid)
    if link.flags:
        raise BadLink("a first link has no flags")


def check_next(link: Link, head: Link) -> None:
    """The link that follows `head` in the same chain."""
    if link.k != head.k + 1:
        raise BadLink("k is not that of the predecessor + 1")
    if link.previous_hash != head.hash:
        raise BadLink("the hash is not that of the predecessor")
    if link.uid != head.uid:
        raise BadLink("the link names another account")
    if link.aik != head.aik:
        raise BadLink("another identity key without a reset")
    if link.reset:
        raise BadLink("a reset starts again at k = 1")
    _check_generation(link, head)


def check_restart(link: Link, head: Link) -> None:
    """The one exception: after an account reset a new chain replaces that of `head`."""
    check_reset_start(link, head.uid)
    if link.aik == head.aik:
        raise BadLink("a reset brings another identity key")


def check_reset_start(link: Link, uid: bytes) -> None:
    """The first link after a reset, for a reader who has pinned nothing yet."""
    _check_start(link, uid)
    if not link.reset:
        raise BadLink("a second first link without reset")
    if link.revokes:
        raise BadLink("a first link has nothing to revoke")


def _check_start(link: Link, uid: bytes) -> None:
    if link.uid != uid:
        raise BadLink("the link names another account")
    if link.k != 1 or link.previous_hash != ZERO:
        raise BadLink("a chain starts at k = 1 without predecessor")
    if link.g != 1:
        raise BadLink("the user key of a first link is generation 1")


def _check_generation(link: Link, head: Link) -> None:
    same_key = link.user_key == head.user_key
    if link.g == head.g:
        if not same_key:
            raise BadLink("another user key under the same generation")
        if link.revokes:
            raise BadLink("a revocation needs a new user key")
    elif link.g != head.g + 1:
        raise BadLink("the generation is neither that of the predecessor nor the next")
    elif same_key:
        raise BadLink("a new generation with the old user key")


def _signed_bytes(raw: bytes) -> bytes:
    return raw[: -signatures.SIGNATURE_LEN]


def _parse_devices(joined: bytes) -> tuple[ListedDevice, ...]:
    count, rest = divmod(len(joined), DEVICE_LEN)
    if rest or not 1 <= count <= MAX_DEVICES:
        raise BadLink(f"a link lists 1 to {MAX_DEVICES} devices")
    return tuple(
        _parse_device(joined[start : start + DEVICE_LEN])
        for start in range(0, len(joined), DEVICE_LEN)
    )


def _parse_device(record: bytes) -> ListedDevice:
    device_id, signing_key, suite, kem_key, added = parse(record, DEVICE_LABEL, DEVICE_WIDTHS)
    if suite[0] != SUITE:
        raise BadLink("unknown suite of a device")
    return ListedDevice(device_id, signing_key, kem_key, uint(added))


def _check_shape(link: Link) -> None:
    ids = [device.id for device in link.devices]
    if any(left >= right for left, right in pairwise(ids)):
        raise BadLink("devices are sorted by id and none is listed twice")
    if RECOVERY_DEVICE in ids:
        raise BadLink("sixteen zero bytes are no device id")
    if not 1 <= link.k < NO_U32 or not 1 <= link.g < NO_U32:
        raise BadLink("k and g count from 1")
    if link.flags & ~(FLAG_REVOKES | FLAG_RESET):
        raise BadLink("unknown flags")
