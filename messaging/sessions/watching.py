"""Whose presence is on whose screen. Shown at once when somebody comes, later when they go.

`tick` holds the policy: at most one change a user and PRESENCE_EVERY_SECONDS; only contacts, and
nothing of somebody who blocks the watcher, or hides whether they are here. While other nodes are
out of reach, their people are unknown, and never offline.
"""

import asyncio
import logging
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from accounts import privacy
from chatsite.edge.wire import Id
from chatsite.running import threads
from messaging import protocol
from messaging.backends import connection_store
from messaging.domain import Contact, ContactState, Uid
from messaging.hub import Hub, Receiver
from presence import registry

REGISTRY_SECONDS = 1.0  # for the registry, before somebody is shown as unknown
EVERY_MS = protocol.PRESENCE_EVERY_SECONDS * 1000

logger = logging.getLogger(__name__)


class Watcher(Receiver, Protocol):
    """A live session, as this module sees it."""

    watched: tuple[bytes, ...]
    focus: bool


@dataclass(slots=True)
class _Shown:
    online: bool | None  # None: nobody can tell
    here: int  # when the user was last here, ms
    changed: int  # when `online` last changed, ms


class _View(NamedTuple):
    """What one session may see of those it watches."""

    users: list[Uid]  # in the order in which they are shown
    visible: list[Uid]
    absent: list[Contact]  # block the watcher
    unknown: set[Uid]  # show nobody whether they are here


class Watching:
    def __init__(self, hub: Hub, clock: registry.Clock) -> None:
        self._hub = hub
        self._clock = clock
        self._watchers: dict[Uid, set[Watcher]] = {}
        self._shown: dict[Uid, _Shown] = {}  # of the watched
        self._outdated: set[Watcher] = set()  # their contacts changed

    async def watch(self, session: Watcher, users: Sequence[bytes]) -> None:
        """Replace what the session watches, and show it. People it may not watch are left out."""
        view = await self._take_up(session, users)
        await self._tell(await self._look(view.visible), but=session)
        await self._show(session, view)

    def watch_soon(self, session: Watcher, users: Sequence[bytes]) -> None:
        """The same by the next tick, for a device that asks again and again: of what it asks until
        then the last counts."""
        self.unwatch(session)
        session.watched = tuple(users)
        self._outdated.add(session)

    def unwatch(self, session: Watcher) -> None:
        self._outdated.discard(session)
        for user in session.watched:
            watchers = self._watchers.get(user, set())
            watchers.discard(session)
            if not watchers:
                self._watchers.pop(user, None)
                self._shown.pop(user, None)
        session.watched = ()

    def refresh(self, session: Watcher) -> None:
        """The session's contacts changed: look again whom it may watch, soon."""
        if session.watched:
            self._outdated.add(session)

    async def tick(self) -> None:
        """Show what changed; call once a second. Asks the registry once for all."""
        outdated = tuple(self._outdated)
        views = [(session, await self._take_up(session, session.watched)) for session in outdated]
        await self._tell(await self._look(tuple(self._watchers)))
        for session, view in views:
            await self._show(session, view)

    async def _take_up(self, session: Watcher, users: Sequence[bytes]) -> _View:
        """From now on the session watches those of these users whom it may."""
        known_before = {user: self._shown[user] for user in session.watched if user in self._shown}
        self.unwatch(session)
        session.watched = asked = tuple(users)
        contacts = await connection_store().contacts(session.uid)
        known = {contact.peer: contact for contact in contacts}
        connected = [
            user
            for user in dict.fromkeys(users)
            if user in known and known[user].state is ContactState.CONNECTED
        ]
        hiding = await threads.run(privacy.hiding, connected) if connected else set()
        if session.watched is not asked:  # it has left meanwhile, or asked for others
            return _View([], [], [], set())
        here = [user for user in connected if user not in hiding]  # as far as others may see
        visible = [user for user in here if not known[user].withheld]
        for user in visible:
            self._watchers.setdefault(user, set()).add(session)
            if user in known_before:  # and of nobody it is forgotten since when they are away
                self._shown.setdefault(user, known_before[user])
        absent = [known[user] for user in here if known[user].withheld]
        return _View(connected, visible, absent, hiding)

    async def _show(self, session: Watcher, view: _View) -> None:
        """Somebody who hides from all looks the same to a person they block."""
        shown = [
            *await self._seen(view.visible),
            *await _absent(view.absent),
            *(_unknown(user) for user in view.unknown),
        ]
        seen = {bytes(one.user): one for one in shown}
        if seen:
            session.show(protocol.Presence(users=[seen[user] for user in view.users]))

    async def _tell(self, changed: Sequence[Uid], but: Watcher | None = None) -> None:
        if not changed:
            return
        seen = dict(zip(changed, await self._seen(changed), strict=True))
        told: dict[Watcher, list[protocol.Seen]] = {}
        for user in changed:
            for session in self._watchers.get(user, ()):
                told.setdefault(session, []).append(seen[user])
        for session, users in told.items():
            if session is not but:
                session.show(protocol.Presence(users=users))

    async def _look(self, users: Sequence[Uid]) -> list[Uid]:
        """Bring `_shown` up to date; answers those whose watchers must be told."""
        now = self._clock()
        if not users:
            return []
        if self._hub.reach.away:
            there = {user: True for user in users if user in self._hub.sessions}
            return [user for user in users if self._update(user, there.get(user), now)]
        try:
            with self._hub.reach.tried():
                async with asyncio.timeout(REGISTRY_SECONDS):
                    here = await registry.where(self._hub.node, users, now)
        except Exception:  # the registry's own errors: nobody is taken for gone because of them
            logger.warning("nobody can tell who is online", exc_info=True)
            for user in users:
                self._shown.setdefault(user, _Shown(None, 0, now - EVERY_MS))
            return []
        return [user for user in users if self._update(user, self._found(user, here), now)]

    def _found(self, user: Uid, here: Container[Uid]) -> bool | None:
        """After an outage nobody is gone before their node had the time to say otherwise."""
        if user in here:
            return True
        shown = self._shown.get(user)
        known = shown is not None and shown.online is not None
        return None if self._hub.reach.unsure and not known else False

    def _update(self, user: Uid, here: bool | None, now: int) -> bool:
        """`here`: None where nobody can tell."""
        shown = self._shown.get(user)
        if shown is None:
            self._shown[user] = _Shown(here, now if here else 0, now - EVERY_MS)
            return False
        shown.here = min(shown.here, now)  # the clock may have been set back:
        shown.changed = min(shown.changed, now)  # nobody stays online until it has caught up
        recently = now - shown.here < registry.OFFLINE_GRACE_MS
        if here or (here is None and recently):  # they get the grace when it is known again
            shown.here = now
        online = None if here is None else here or recently
        if online == shown.online or now - shown.changed < EVERY_MS:
            return False
        shown.online, shown.changed = online, now
        return True

    async def _seen(self, users: Sequence[Uid]) -> list[protocol.Seen]:
        known = [(user, shown) for user in users if (shown := self._shown.get(user))]
        away = [user for user, shown in known if shown.online is False]
        last = await threads.run(registry.last_seen, away) if away else {}
        return [self._state(user, last.get(user)) for user in users]

    def _state(self, user: Uid, seen: int | None) -> protocol.Seen:
        shown = self._shown.get(user)
        if shown is None or shown.online is None:
            return _unknown(user)
        if shown.online:
            return protocol.Seen(user=Id(user), state="online")
        return protocol.Seen(user=Id(user), state="offline", seen=seen)


async def _absent(blockers: Sequence[Contact]) -> list[protocol.Seen]:
    """As if each had gone when they blocked the watcher."""
    last = await threads.run(registry.last_seen, [one.peer for one in blockers]) if blockers else {}
    shown = []
    for one in blockers:
        theirs = await connection_store().contact(one.peer, one.conv)
        blocked = theirs.since if theirs else one.since
        seen = min(blocked, last.get(one.peer, blocked))
        shown.append(protocol.Seen(user=Id(one.peer), state="offline", seen=seen))
    return shown


def _unknown(user: Uid) -> protocol.Seen:
    return protocol.Seen(user=Id(user), state="unknown")
