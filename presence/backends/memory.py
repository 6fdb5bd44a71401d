"""Presence in this process, with the same leases as anywhere else."""

from collections.abc import Iterable, Sequence

from presence.backends.base import (
    ENTRY_MS,
    LEASE_MS,
    Entry,
    Joined,
    PresenceRegistry,
    Renewed,
)


class MemoryPresence(PresenceRegistry):
    def __init__(self) -> None:
        self._leases: dict[str, tuple[str, int]] = {}  # node → incarnation, when it ends
        self._entries: dict[bytes, dict[bytes, Entry]] = {}  # user → device → entry
        self._revoked: dict[bytes, tuple[str, int]] = {}  # subject → reason, until

    async def lease(self, node: str, incarnation: str, now: int) -> None:
        self._leases[node] = (incarnation, now + LEASE_MS)

    async def renew(self, node: str, incarnation: str, now: int, former: str = "") -> Renewed:
        self._revoked = {key: one for key, one in self._revoked.items() if now < one[1]}
        holder, ends = self._leases.get(node, ("", 0))
        if holder not in ("", incarnation, former) and now < ends:
            return Renewed(mine=False)
        await self.lease(node, incarnation, now)
        self._leases = {name: one for name, one in self._leases.items() if now < one[1] + ENTRY_MS}
        lapsed = (f"{name} {one[0]}" for name, one in self._leases.items() if one[1] <= now)
        return Renewed(forgot=not holder, lapsed=frozenset(lapsed))

    async def release(self, node: str, incarnation: str) -> None:
        if self._leases.get(node, ("", 0))[0] == incarnation:
            del self._leases[node]

    async def join(self, entry: Entry, subjects: Sequence[bytes], now: int) -> Joined:
        for subject in subjects:
            reason, until = self._revoked.get(subject, ("", 0))
            if now < until:
                return Joined(revoked=reason)
        devices = self._entries.setdefault(entry.user, {})
        older = devices.get(entry.device)
        devices[entry.device] = entry
        return Joined(older=older)

    async def refresh(self, entries: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in entries if not self._refreshed(entry)]

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

    async def nodes(self, now: int) -> dict[str, int]:
        return {name: ends for name, (_, ends) in self._leases.items() if now < ends + ENTRY_MS}

    async def revoke(self, subject: bytes, reason: str, until: int) -> None:
        self._revoked[subject] = (reason, until)

    async def pardon(self, subject: bytes) -> None:
        self._revoked.pop(subject, None)

    def _refreshed(self, entry: Entry) -> bool:
        devices = self._entries.setdefault(entry.user, {})
        known = devices.setdefault(entry.device, entry)
        if known.conn != entry.conn:
            return False
        devices[entry.device] = entry
        return True

    def _living(self, user: bytes, now: int) -> list[Entry]:
        return [entry for entry in self._entries[user].values() if self._is_live(entry, now)]

    def _is_live(self, entry: Entry, now: int) -> bool:
        incarnation, ends = self._leases.get(entry.node, ("", 0))
        return incarnation == entry.incarnation and now < ends and now < entry.heartbeat + ENTRY_MS
