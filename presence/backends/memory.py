"""Presence in this process, with the same leases as anywhere else."""

from collections.abc import Iterable

from presence.backends.base import ENTRY_MS, LEASE_MS, Entry, PresenceRegistry


class MemoryPresence(PresenceRegistry):
    def __init__(self) -> None:
        self._leases: dict[str, tuple[str, int]] = {}  # node → incarnation, when it ends
        self._entries: dict[bytes, dict[bytes, Entry]] = {}  # user → device → entry

    async def lease(self, node: str, incarnation: str, now: int) -> None:
        self._leases[node] = (incarnation, now + LEASE_MS)

    async def release(self, node: str, incarnation: str) -> None:
        if self._leases.get(node, ("", 0))[0] == incarnation:
            del self._leases[node]

    async def put(self, entry: Entry) -> None:
        self._entries.setdefault(entry.user, {})[entry.device] = entry

    async def remove(self, user: bytes, device: bytes, conn: bytes) -> None:
        devices = self._entries.get(user, {})
        if device in devices and devices[device].conn == conn:
            del devices[device]
            if not devices:
                del self._entries[user]

    async def where(self, users: Iterable[bytes], now: int) -> dict[bytes, list[Entry]]:
        found = {user: self._living(user, now) for user in users if user in self._entries}
        return {user: entries for user, entries in found.items() if entries}

    async def everyone(self, now: int) -> list[Entry]:
        return [entry for user in tuple(self._entries) for entry in self._living(user, now)]

    def _living(self, user: bytes, now: int) -> list[Entry]:
        return [entry for entry in self._entries[user].values() if self._is_live(entry, now)]

    def _is_live(self, entry: Entry, now: int) -> bool:
        incarnation, ends = self._leases.get(entry.node, ("", 0))
        return incarnation == entry.incarnation and now < ends and now < entry.heartbeat + ENTRY_MS
