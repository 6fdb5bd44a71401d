"""Whose presence is on whose screen. Shown at once when somebody comes, with a grace when he goes.

`tick` holds the policy: at most one change a user and PRESENCE_EVERY_SECONDS; only contacts, and
nothing of somebody who blocks the watcher, or shows nobody whether he is here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts import privacy, threads
from accounts.wire import Id
from messaging import protocol
from messaging.backends import connection_store
from messaging.domain import ContactState, Uid
from presence import registry

if TYPE_CHECKING:
    from messaging.sessions.live import Session

EVERY_MS = protocol.PRESENCE_EVERY_SECONDS * 1000


@dataclass(slots=True)
class _Shown:
    online: bool
    here: int  # when the user was last here, ms
    changed: int  # when `online` last changed, ms


class Watching:
    def __init__(self, clock: registry.Clock) -> None:
        self._clock = clock
        self._watchers: dict[Uid, set[Session]] = {}
        self._shown: dict[Uid, _Shown] = {}  # of the watched
        self._outdated: set[Session] = set()  # their contacts changed

    async def watch(self, session: "Session", users: Sequence[bytes]) -> None:
        """Replace what the session watches, and show it. Whom it may not watch is left out."""
        self.unwatch(session)
        session.watched = tuple(users)
        contacts = await connection_store().contacts(session.uid)
        known = {contact.peer: contact for contact in contacts}
        connected = [
            user
            for user in dict.fromkeys(users)
            if user in known and known[user].state is ContactState.CONNECTED
        ]
        hiding = await threads.run(privacy.hiding, connected) if connected else set()
        here = [user for user in connected if user not in hiding]  # as far as others may see
        visible = [user for user in here if not known[user].withheld]
        for user in visible:
            self._watchers.setdefault(user, set()).add(session)
        await self._tell(await self._look(visible), but=session)
        # Who hides from all looks the same to somebody he blocks.
        unknown = [protocol.Seen(user=Id(user), state="unknown") for user in sorted(hiding)]
        absent = [_absent(user) for user in here if known[user].withheld]
        if connected:
            seen = await self._seen(visible)
            session.show(protocol.Presence(users=[*seen, *absent, *unknown]))

    def unwatch(self, session: "Session") -> None:
        self._outdated.discard(session)
        for user in session.watched:
            watchers = self._watchers.get(user, set())
            watchers.discard(session)
            if not watchers:
                self._watchers.pop(user, None)
                self._shown.pop(user, None)

    def refresh(self, session: "Session") -> None:
        """The session's contacts changed: look again whom it may watch, soon."""
        if session.watched:
            self._outdated.add(session)

    async def tick(self) -> None:
        """Show what changed; call once a second."""
        for session in tuple(self._outdated):
            await self.watch(session, session.watched)
        await self._tell(await self._look(tuple(self._watchers)))

    async def _tell(self, changed: Sequence[Uid], but: "Session | None" = None) -> None:
        if not changed:
            return
        seen = dict(zip(changed, await self._seen(changed), strict=True))
        news: dict[Session, list[protocol.Seen]] = {}
        for user in changed:
            for session in self._watchers.get(user, ()):
                news.setdefault(session, []).append(seen[user])
        for session, users in news.items():
            if session is not but:
                session.show(protocol.Presence(users=users))

    async def _look(self, users: Iterable[Uid]) -> list[Uid]:
        """Bring `_shown` up to date. Whose state changed: their watchers are to be told."""
        now = self._clock()
        here = await registry.where(users, now)
        return [user for user in users if self._update(user, user in here, now)]

    def _update(self, user: Uid, here: bool, now: int) -> bool:
        shown = self._shown.get(user)
        if shown is None:
            self._shown[user] = _Shown(here, now if here else 0, now - EVERY_MS)
            return False
        shown.here = now if here else min(shown.here, now)  # the clock may have been set back:
        shown.changed = min(shown.changed, now)  # nobody stays online until it has caught up
        online = here or now - shown.here < registry.OFFLINE_GRACE_MS
        if online == shown.online or now - shown.changed < EVERY_MS:
            return False
        shown.online, shown.changed = online, now
        return True

    async def _seen(self, users: Sequence[Uid]) -> list[protocol.Seen]:
        away = [user for user in users if not self._online(user)]
        last = await threads.run(registry.last_seen, away) if away else {}
        return [
            protocol.Seen(user=Id(user), state="online")
            if self._online(user)
            else protocol.Seen(user=Id(user), state="offline", seen=last.get(user))
            for user in users
        ]

    def _online(self, user: Uid) -> bool:
        shown = self._shown.get(user)  # None: the last who watched went away meanwhile
        return shown is not None and shown.online


def _absent(user: Uid) -> protocol.Seen:
    return protocol.Seen(user=Id(user), state="offline")
