"""A real adapter of any port behind a switch: its calls raise, hang, or are dropped, while a test
says so."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.test import override_settings

from media import backends as media
from messaging import backends
from presence import backends as presence

# What the site asks for its adapters, by the setting that names each.
PORTS: dict[str, Any] = {
    "MESSAGE_LOG": backends.log,
    "CONNECTION_STORE": backends.connection_store,
    "STORE_META": backends.store_meta,
    "PRESENCE": presence.registry,
    "BLOB_STORE": media.store,
}


class Away(Exception):
    """What a broken adapter raises: nobody knows this class."""


class Faulty:
    """Passes every call on to `adapter`, except those of the methods that a fault names."""

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter
        self._faults: dict[str, Callable[..., Any]] = {}
        self.struck = 0  # calls that met a fault

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._adapter, name)
        if name not in self._faults:
            return method

        async def faulty(*args: Any, **more: Any) -> Any:
            self.struck += 1
            return await self._faults[name](partial(method, *args, **more))

        return faulty

    @contextmanager
    def raising(self, *methods: str) -> Iterator[None]:
        async def away(_: Any) -> None:
            raise Away

        with self._under(away, methods):
            yield

    @contextmanager
    def hanging(self, *methods: str) -> Iterator[None]:
        async def hang(_: Any) -> None:
            await asyncio.Event().wait()

        with self._under(hang, methods):
            yield

    @contextmanager
    def dropping(self, *methods: str) -> Iterator[None]:
        """They look done."""

        async def drop(_: Any) -> None:
            """Nothing."""

        with self._under(drop, methods):
            yield

    @contextmanager
    def failing(self, method: str, *faults: Exception | None) -> Iterator[list[Exception | None]]:
        """The next calls raise these, or are dropped (None), one each; then it works. What is left
        of the faults shows whether they came."""
        left = list(faults)

        async def fail(call: Callable[[], Any]) -> Any:
            if not left:
                return await call()
            fault = left.pop(0)
            if fault is not None:
                raise fault

        with self._under(fail, (method,)):
            yield left

    @contextmanager
    def holding(self, method: str) -> Iterator[asyncio.Event]:
        """The next call waits for the event, then works; later ones work at once."""
        go = asyncio.Event()
        held: list[Callable[[], Any]] = []

        async def hold(call: Callable[[], Any]) -> Any:
            if not held:
                held.append(call)
                await go.wait()
            return await call()

        with self._under(hold, (method,)):
            yield go

    @contextmanager
    def _under(self, fault: Callable[..., Any], methods: tuple[str, ...]) -> Iterator[None]:
        before = self._faults
        self._faults = before | dict.fromkeys(methods, fault)
        try:
            yield
        finally:
            self._faults = before


@contextmanager
def faulty(setting: str) -> Iterator[Faulty]:
    """The adapter of the site that this setting names, behind the switch."""
    port = PORTS[setting]
    switch = Faulty(port())
    globals()[setting] = lambda: switch  # where the setting leads now
    port.cache_clear()
    try:
        with override_settings(**{setting: f"{__name__}.{setting}"}):
            yield switch
    finally:
        port.cache_clear()


class AwayCache(LocMemCache):
    """The site's cache, which answers nobody."""

    def add(self, *_: Any, **__: Any) -> bool:
        raise Away

    get = incr = add


AWAY_CACHE = {"default": {"BACKEND": f"{__name__}.AwayCache"}}
