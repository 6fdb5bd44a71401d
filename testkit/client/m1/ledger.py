"""What a receiver remembers to notice a server that drops, doubles or swaps (4.13)."""

from e2ee.encoding import h
from e2ee.envelope import Header
from e2ee.errors import M1Error


class Alarm(M1Error):
    """Other bytes under a name that is taken: the server, or a device, lies."""


class Ledger:
    """One conversation. `note` answers "new", "repeat" or "hole" (messages missing)."""

    def __init__(self) -> None:
        self._by_mid: dict[bytes, bytes] = {}  # mid → H(envelope)
        self._by_ctr: dict[tuple[bytes, int], bytes] = {}  # (device, ctr) → H(envelope)
        # device → ctr of its newest, and C where that is known
        self._newest: dict[bytes, tuple[int, bytes | None]] = {}
        self.tolerant = False  # rows that say nothing of themselves are missing: holes are no news

    def skip(self, device: bytes, ctr: int) -> None:
        """A row whose content is gone: its counter is used, its C is not known any more."""
        if ctr > self._newest.get(device, (0, None))[0]:
            self._newest[device] = ctr, None

    def note(self, raw: bytes, header: Header, prev: bytes | None) -> str:
        digest = h(raw)
        known = self._by_mid.get(header.mid), self._by_ctr.get((header.device, header.ctr))
        if known == (digest, digest):
            return "repeat"
        if known != (None, None):
            raise Alarm("other bytes under a message id or counter that is taken")
        return self._add(digest, header, prev)

    def _add(self, digest: bytes, header: Header, prev: bytes | None) -> str:
        ctr, commitment = self._newest.get(header.device, (0, None))
        follows = header.ctr == ctr + 1
        if follows and commitment is not None and prev != commitment:
            raise Alarm("the message does not follow the one before it")
        self._by_mid[header.mid] = digest
        self._by_ctr[header.device, header.ctr] = digest
        if header.ctr > ctr:
            self._newest[header.device] = header.ctr, header.commitment
        return "new" if follows or self.tolerant else "hole"
