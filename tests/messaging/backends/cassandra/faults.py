"""A store that is gone from a statement on, as its callers see it."""

from typing import Any

import pytest
from cassandra import OperationTimedOut

from messaging.backends.cassandra import store as module
from messaging.backends.cassandra.driver import Profile
from messaging.backends.cassandra.store import Statement, Store


class Gone:
    """From the n-th statement on nothing is answered; `after`: the n-th is done all the same."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left: int | None = None  # statements until it is gone
        self._after = False
        ask = Store._ask

        async def asked(store: Store, statement: Statement, values: Any) -> Any:
            if self._left is None:
                return await ask(store, statement, values)
            self._left -= 1
            if self._left > 0:
                return await ask(store, statement, values)
            if self._left == 0 and self._after:
                await ask(store, statement, values)
            raise module._translated(OperationTimedOut(), statement.profile)

        monkeypatch.setattr(Store, "_ask", asked)

    def arm(self, statement: int, after: bool) -> None:
        self._left, self._after = statement, after

    def heal(self) -> None:
        self._left = None


class Unanswered:
    """Of the next compare-and-sets nobody learns what became of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._left: list[bool] = []  # of each to come: whether it is done
        self.error: Exception = OperationTimedOut()  # what the driver has instead of an answer
        ask = Store._ask

        async def asked(store: Store, statement: Statement, values: Any) -> Any:
            if statement.profile is not Profile.COMPARE or not self._left:
                return await ask(store, statement, values)
            if self._left.pop(0):
                await ask(store, statement, values)
            raise module._translated(self.error, statement.profile)

        monkeypatch.setattr(Store, "_ask", asked)

    def arm(self, *done: bool) -> None:
        self._left = list(done)

    @property
    def left(self) -> int:
        return len(self._left)
