"""Building and following device lists (4.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from e2ee import records
from e2ee.encoding import SUITE, ZERO, cat, u8, u32, u64
from e2ee.errors import BadLink
from e2ee.records import Link, ListedDevice
from testkit.client.m1.keys import DeviceKeys, SigningKey

MAX_BEHIND = 64


@dataclass(frozen=True)
class Followed:
    """The result of following a chain: the head, and what the user must be told."""

    head: Link
    links: tuple[Link, ...]
    changed: bool
    needs_blocking_screen: bool


def first_link(
    *, uid: bytes, aik: SigningKey, devices: Sequence[ListedDevice], user_key: bytes,
    recovery_key: bytes, ms: int, reset: bool = False,
) -> bytes:  # fmt: skip
    return build_link(
        uid=uid, k=1, previous_hash=ZERO, aik=aik, devices=devices, g=1, user_key=user_key,
        recovery_key=recovery_key, flags=records.FLAG_RESET if reset else 0, ms=ms,
    )  # fmt: skip


def next_link(
    head: Link, *, aik: SigningKey, devices: Sequence[ListedDevice], ms: int,
    user_key: bytes | None = None, recovery_key: bytes | None = None, revokes: bool = False,
) -> bytes:  # fmt: skip
    """Another `user_key` makes the next generation; left out, the old one stays."""
    return build_link(
        uid=head.uid, k=head.k + 1, previous_hash=head.hash, aik=aik, devices=devices,
        g=head.g + (user_key is not None), user_key=user_key or head.user_key,
        recovery_key=recovery_key or head.recovery_key,
        flags=records.FLAG_REVOKES if revokes else 0, ms=ms,
    )  # fmt: skip


def listed(keys: DeviceKeys, added_ms: int) -> ListedDevice:
    return ListedDevice(keys.id, keys.signing.public, keys.kem.public, added_ms)


def build_link(
    *, uid: bytes, k: int, previous_hash: bytes, aik: SigningKey,
    devices: Sequence[ListedDevice], g: int, user_key: bytes, recovery_key: bytes, flags: int,
    ms: int,
) -> bytes:  # fmt: skip
    """link‖sig; checks nothing, so that tests can build what must be refused."""
    unsigned = cat(
        records.LINK_LABEL, uid, u32(k), previous_hash, aik.public,
        b"".join(map(device_record, devices)), u32(g), user_key, recovery_key, u8(flags),
        u64(ms),
    )  # fmt: skip
    return unsigned + aik.sign(unsigned)


def device_record(device: ListedDevice) -> bytes:
    return cat(
        records.DEVICE_LABEL, device.id, device.signing_key, u8(SUITE), device.kem_key,
        u64(device.added_ms),
    )  # fmt: skip


def follow(uid: bytes, pin: Link | None, raw_links: Sequence[bytes]) -> Followed:
    """Check the links a server sent against what is pinned; raises BadLink and friends.

    Without a pin the links must start at k = 1 (trust on first use). With one, they
    start after it, or at k = 1 with `reset`, which needs the user's consent.
    """
    links = tuple(map(records.verify_link, raw_links))
    if not links:
        return _unchanged(pin)
    if pin is None:
        _check_first_contact(links[0], uid)
        needs_blocking_screen = False
    elif links[0].k == 1:
        _check_replacement(links[0], pin)
        needs_blocking_screen = True
    else:
        records.check_next(links[0], pin)
        needs_blocking_screen = False
    for earlier, later in pairwise(links):
        records.check_next(later, earlier)
    return Followed(links[-1], links, pin is not None, needs_blocking_screen)


def _unchanged(pin: Link | None) -> Followed:
    if pin is None:
        raise BadLink("a first contact needs the whole chain")
    return Followed(pin, (), changed=False, needs_blocking_screen=False)


def _check_first_contact(link: Link, uid: bytes) -> None:
    """A contact met after a reset starts with a reset link: nothing is pinned yet."""
    if link.reset:
        records.check_reset_start(link, uid)
    else:
        records.check_first(link, uid)


def _check_replacement(link: Link, pin: Link) -> None:
    if link.hash == pin.hash or not link.reset:
        raise BadLink("k goes backwards")
    records.check_restart(link, pin)
