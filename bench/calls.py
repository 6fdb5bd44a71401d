"""What a signed request of the HTTP API costs, its nonce included (docs/encryption.md 4.9)."""

import asyncio

from bench.engines import Engine
from bench.process import Cost, measured
from messaging import http
from testkit.cast import Person
from testkit.client.api import Api
from testkit.running import Site

CALLERS = 8  # browsers at a time, each with one connection
WARM_UP = 10  # calls of each
CALLS = 60  # of each that count


async def signed_calls(engine: Engine, people: list[Person]) -> Cost:
    """`GET /api/connections` of people who have one, each with a nonce and a proof of its own."""
    callers = [_caller(engine.site, who) for who in people[:CALLERS]]
    await _all_call(callers, WARM_UP)
    with measured(engine.pids) as cost:
        await _all_call(callers, CALLS)
    cost.messages = len(callers) * CALLS
    for api in callers:
        api.close()
    return cost


async def _all_call(callers: list[Api], times: int) -> None:
    await asyncio.gather(*(asyncio.to_thread(_call, api, times) for api in callers))


def _call(api: Api, times: int) -> None:
    for _ in range(times):
        api.get("/api/connections", http.Connections, proof=True)


def _caller(site: Site, who: Person) -> Api:
    [first, *_] = who.devices
    api = Api(site.url)
    api.uid, api.keys = who.uid, first.keys
    api.cookies[api.session_cookie] = first.cookie
    return api
