"""How the contracts of what processes share get their adapters: `await make(2)` gives two, as two
processes have them, on the same ground. Each call is another site."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
Make = Callable[[int], Awaitable[list[T]]]
Adapter = Callable[[int], AbstractAsyncContextManager[list[T]]]


def factory(*adapters: Adapter[T]) -> Any:
    """A fixture, of each adapter in turn; they are ended with the test."""

    @pytest.fixture(params=adapters, ids=lambda adapter: adapter.__name__)
    async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make[T]]:
        adapter: Adapter[T] = request.param
        async with AsyncExitStack() as ended:

            async def made(count: int) -> list[T]:
                return await ended.enter_async_context(adapter(count))

            yield made

    return make


def new_site() -> str:
    """What keeps its keys and channels apart from those of others in the same Redis."""
    return f"test-{secrets.token_hex(6)}"
