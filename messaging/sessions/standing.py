"""Whether sessions that open still stand, asked of the accounts: one query for all who wait."""

import asyncio

from accounts import sessions
from accounts.sessions import Bound
from chatsite.running import threads
from messaging.backends.base import Busy
from presence.registry import Clock

TOGETHER_SECONDS = 0.05  # after a restart many come at once; nobody notices so short a wait


class Standing:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: set[Bound] = set()  # for the query that comes next
        self._next: asyncio.Task[dict[Bound, str]] | None = None

    async def ended(self, one: Bound) -> str | None:
        """Why it does not stand any more; None where it does. Raises Busy where nobody can tell."""
        self._waiting.add(one)
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
        answers = await asyncio.shield(self._next)  # the others wait for it, too
        return answers.get(one)

    async def _ask(self) -> dict[Bound, str]:
        await asyncio.sleep(TOGETHER_SECONDS)
        asked, self._waiting, self._next = self._waiting, set(), None
        try:
            return await threads.run(sessions.ended, asked, self._clock())
        except Exception as error:  # whichever database it is
            raise Busy from error
