"""The user keys of one account: every generation a device has opened (4.6)."""

from collections.abc import Mapping, Sequence

from accounts.protocol import Wraps
from e2ee.errors import BadKey
from e2ee.records import Link
from testkit.client.m1 import userkeys
from testkit.client.m1.keys import KemKey


class KeyRing:
    def __init__(self, uid: bytes, keys: Mapping[int, KemKey] | None = None) -> None:
        self.uid = uid
        self.keys: dict[int, KemKey] = dict(keys or {})  # by generation

    @property
    def newest(self) -> tuple[int, KemKey]:
        g = max(self.keys)
        return g, self.keys[g]

    @property
    def seeds(self) -> dict[int, bytes]:
        return {g: key.seed for g, key in self.keys.items()}

    def open_all(self, wraps: Wraps, links: Sequence[Link], receiver: bytes, key: KemKey) -> None:
        """Open the newest wrap for `receiver`, then walk back through the boxes."""
        chain = {link.k: link for link in links}
        mine = [wrap for wrap in wraps.wraps if wrap.device == receiver]
        if not mine:
            raise BadKey("the server keeps no user key for this device")
        newest = max(mine, key=lambda wrap: wrap.g)
        link = chain[newest.k]
        if link.g != newest.g or newest.g != links[-1].g:
            raise BadKey("the newest wrap is of another generation than the list")
        self.keys[newest.g] = userkeys.open_wrap(link, receiver, key, newest.wrap)
        boxes = {box.g: box.box for box in wraps.prev_boxes}
        for g in range(newest.g, 1, -1):
            if g - 1 not in self.keys:
                seed = self.keys[g].seed
                older = userkeys.open_previous(seed, boxes[g], uid=self.uid, g=g)
                self.keys[g - 1] = KemKey(older)
