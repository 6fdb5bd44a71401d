"""Sealed user keys: which a link must bring, and who may fetch which (docs/encryption.md 4.6)."""

from collections.abc import Sequence

from accounts.models import PrevBox as PrevBoxRow
from accounts.models import User, UserKeyWrap
from accounts.protocol import DeviceWrap, PrevBox, StoredWrap, Wraps
from chatsite.edge.refusals import bad
from chatsite.edge.wire import Id
from e2ee.records import RECOVERY_DEVICE, Link


def check(
    link: Link, head: Link | None, given: Sequence[DeviceWrap], prev_box: bytes | None
) -> None:
    """Exactly what the link makes necessary: nobody who is listed may be left without the key,
    and the recovery key never. Raises Refusal `bad_link`."""
    new_generation = head is None or link.g != head.g
    before = {device.id for device in head.devices} if head else set()
    wanted = {each.id for each in link.devices if new_generation or each.id not in before}
    if head is None or new_generation or link.recovery_key != head.recovery_key:
        wanted.add(RECOVERY_DEVICE)
    if len(given) != len(wanted) or {bytes(each.device) for each in given} != wanted:
        bad("bad_link", "The link needs a wrap for just those who do not hold the user key yet.")
    if (prev_box is not None) != (new_generation and head is not None):
        bad("bad_link", "A box of the older generation comes with a new one, and only then.")


def store(
    user: User, link: Link, given: Sequence[DeviceWrap], prev_box: bytes | None = None
) -> None:
    """Called inside the transaction that stores the link."""
    for each in given:
        UserKeyWrap.objects.update_or_create(
            user=user,
            g=link.g,
            device=bytes(each.device),
            defaults={"k": link.k, "wrap": each.wrap},
        )
    if prev_box is not None:
        PrevBoxRow.objects.create(user=user, g=link.g, box=prev_box)
    kept = [RECOVERY_DEVICE, *(device.id for device in link.devices)]
    UserKeyWrap.objects.filter(user=user).exclude(device__in=kept).delete()


def read(user: User, device: bytes | None) -> Wraps:
    """Those of one device and of recovery; under a grant there is no device yet."""
    mine = [RECOVERY_DEVICE, *([device] if device else [])]
    rows = UserKeyWrap.objects.filter(user=user, device__in=mine).order_by("g", "device")
    boxes = PrevBoxRow.objects.filter(user=user).order_by("g")
    return Wraps(
        wraps=[StoredWrap(g=row.g, device=Id(row.device), k=row.k, wrap=row.wrap) for row in rows],
        prev_boxes=[PrevBox(g=row.g, box=row.box) for row in boxes],
    )
