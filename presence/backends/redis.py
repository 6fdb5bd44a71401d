"""Presence in Redis, for several processes of a site.

    {site}:nodes          hash: node → incarnation|ends|run
    {site}:clocks         hash: node → ms its clock is ahead of Redis'|when, by Redis
    {site}:p:{user}       hash: device → conn|node|incarnation|heartbeat
    {site}:rv:{subject}   until|reason

Ids are in hex, times in ms. Every key has a time to live, but what counts is in the values: a test
can move the clock that is handed in. `run` is the run_id of the Redis that the lease was written
to: another one may have lost what lay beside it. What must be compared and written in one step
is a script.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from chatsite.running import redis_at
from presence.backends.base import (
    ENTRY_MS,
    LEASE_MS,
    Entry,
    Full,
    Joined,
    PresenceRegistry,
    Renewed,
)

SECONDS = 1.0  # for one command, or to connect
CONNECTIONS = 32  # of a process; who finds none free waits as long
SCANNED_AT_A_TIME = 500  # keys, for operators

_LEASE = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. '|' .. (ARGV[3] + LEASE_MS) .. '|' .. run)
redis.call('PEXPIRE', KEYS[1], ENTRY_MS)
"""
_RENEW = """
local node, incarnation, now, former = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
local offset = now - clock
local forgot, lapsed, others = 1, {}, {}
local nodes = redis.call('HGETALL', KEYS[1])
for i = 1, #nodes, 2 do
  local name = nodes[i]
  local holder, ends, since = string.match(nodes[i + 1], '^(.-)|(%d+)|(.*)$')
  ends = tonumber(ends)
  if name == node then
    if holder ~= incarnation and holder ~= former and now < ends then
      return {0, 0, {}, offset, {}}
    end
    if since == run then forgot = 0 end
  elseif ends + ENTRY_MS <= now then
    redis.call('HDEL', KEYS[1], name)
  elseif ends <= now then
    lapsed[#lapsed + 1] = name .. ' ' .. holder
  end
end
redis.call('HSET', KEYS[1], node, incarnation .. '|' .. (now + LEASE_MS) .. '|' .. run)
redis.call('PEXPIRE', KEYS[1], ENTRY_MS)
local clocks = redis.call('HGETALL', KEYS[2])
for i = 1, #clocks, 2 do
  local its, beat = string.match(clocks[i + 1], '^(-?%d+)|(%d+)$')
  if tonumber(beat) + ENTRY_MS <= clock then
    redis.call('HDEL', KEYS[2], clocks[i])
  elseif clocks[i] ~= node and tonumber(beat) + LEASE_MS > clock then
    others[#others + 1] = tonumber(its)
  end
end
redis.call('HSET', KEYS[2], node, string.format('%d|%d', offset, clock))
redis.call('PEXPIRE', KEYS[2], ENTRY_MS)
return {1, forgot, lapsed, offset, others}
"""
_RELEASE = """
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and string.match(held, '^(.-)|') == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
"""
_JOIN = """
for i = 2, #KEYS do
  local revoked = redis.call('GET', KEYS[i])
  if revoked then
    local ends, reason = string.match(revoked, '^(%d+)|(.*)$')
    if tonumber(ARGV[3]) < tonumber(ends) then return {reason, false} end
  end
end
local older = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ENTRY_MS)
return {false, older}
"""
_REFRESH = """
local displaced = {}
for i, key in ipairs(KEYS) do
  local device, conn, value = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local held = redis.call('HGET', key, device)
  if held and string.match(held, '^(.-)|') ~= conn then
    displaced[#displaced + 1] = i
  else
    redis.call('HSET', key, device, value)
    redis.call('PEXPIRE', key, ENTRY_MS)
  end
end
return displaced
"""
_REMOVE = """
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and string.match(held, '^(.-)|') == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
"""

Run = Callable[..., Awaitable[Any]]


class RedisPresence(PresenceRegistry):
    def __init__(self, url: str | None = None, site: str | None = None) -> None:
        """`site`: before every key, so that several sites may share a Redis."""
        self._url = url or settings.REDIS_URL
        self._site = site or settings.SITE_HOST
        # Connections live on the loop that opened them, and commands have short ones of their own.
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, _Client] = WeakKeyDictionary()

    async def lease(self, node: str, incarnation: str, now: int) -> None:
        await self._client.run("lease", [self._nodes], [node, incarnation, now])

    async def renew(self, node: str, incarnation: str, now: int, former: str = "") -> Renewed:
        arguments = [node, incarnation, now, former]
        keys = [self._nodes, f"{self._site}:clocks"]
        mine, forgot, lapsed, *clocks = await self._client.run("renew", keys, arguments)
        names = frozenset(name.decode() for name in lapsed)
        return Renewed(bool(mine), bool(forgot), names, clocks[0], tuple(clocks[1]))

    async def release(self, node: str, incarnation: str) -> None:
        await self._client.run("release", [self._nodes], [node, incarnation])

    async def join(self, entry: Entry, subjects: Sequence[bytes], now: int) -> Joined:
        keys = [self._entries(entry.user), *map(self._revocation, subjects)]
        arguments = [entry.device.hex(), _packed(entry), now]
        revoked, older = await self._client.run("join", keys, arguments)
        if revoked is not None:
            return Joined(revoked=revoked.decode())
        return Joined(older=older and _unpacked(entry.user, entry.device, older))

    async def refresh(self, entries: Sequence[Entry]) -> list[Entry]:
        if not entries:
            return []
        keys = [self._entries(entry.user) for entry in entries]
        arguments = [
            text
            for entry in entries
            for text in (entry.device.hex(), entry.conn.hex(), _packed(entry))
        ]
        displaced = await self._client.run("refresh", keys, arguments)
        return [entries[index - 1] for index in displaced]

    async def remove(self, user: bytes, device: bytes, conn: bytes) -> None:
        await self._client.run("remove", [self._entries(user)], [device.hex(), conn.hex()])

    async def where(self, users: Iterable[bytes], now: int) -> dict[bytes, list[Entry]]:
        asked = list(dict.fromkeys(users))
        if not asked:
            return {}
        async with self._client.redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._nodes)
            for user in asked:
                pipe.hgetall(self._entries(user))
            leases, *held = await pipe.execute()
        living = _living(leases, now)
        found = {
            user: _alive(user, devices, living, now)
            for user, devices in zip(asked, held, strict=True)
        }
        return {user: entries for user, entries in found.items() if entries}

    async def everyone(self, now: int) -> list[Entry]:
        prefix = f"{self._site}:p:"
        scan = self._client.redis.scan_iter(f"{prefix}*", SCANNED_AT_A_TIME)
        users = [bytes.fromhex(key.decode().removeprefix(prefix)) async for key in scan]
        found: list[Entry] = []
        for first in range(0, len(users), SCANNED_AT_A_TIME):
            some = await self.where(users[first : first + SCANNED_AT_A_TIME], now)
            found += [entry for entries in some.values() for entry in entries]
        return found

    async def nodes(self, now: int) -> dict[str, int]:
        leases: Any = await self._client.redis.hgetall(self._nodes)
        ends = {name.decode(): int(value.split(b"|")[1]) for name, value in leases.items()}
        return {name: end for name, end in ends.items() if now < end + ENTRY_MS}

    async def revoke(self, subject: bytes, reason: str, until: int) -> None:
        await self._client.put(self._revocation(subject), f"{until}|{reason}")

    async def pardon(self, subject: bytes) -> None:
        await self._client.redis.delete(self._revocation(subject))

    async def close(self) -> None:
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.redis.aclose()

    @property
    def _client(self) -> "_Client":
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = _Client(self._url)
        return client

    @property
    def _nodes(self) -> str:
        return f"{self._site}:nodes"

    def _entries(self, user: bytes) -> str:
        return f"{self._site}:p:{user.hex()}"

    def _revocation(self, subject: bytes) -> str:
        return f"{self._site}:rv:{subject.hex()}"


class _Client:
    """The connections and scripts of one loop."""

    def __init__(self, url: str) -> None:
        self.redis = Redis.from_pool(redis_at.loop_pool(url, SECONDS, CONNECTIONS))
        self._scripts = {name: self._script(text) for name, text in _SCRIPTS.items()}

    async def run(self, name: str, keys: list[str], arguments: list[Any]) -> Any:
        """Raises Full, and what the driver raises."""
        return await _told(self._scripts[name](keys, arguments))

    async def put(self, key: str, value: str) -> None:
        await _told(self.redis.set(key, value, px=ENTRY_MS))

    def _script(self, text: str) -> Run:
        numbers = text.replace("LEASE_MS", str(LEASE_MS)).replace("ENTRY_MS", str(ENTRY_MS))
        return cast(Run, self.redis.register_script(numbers))


_SCRIPTS = {
    "lease": _LEASE,
    "renew": _RENEW,
    "release": _RELEASE,
    "join": _JOIN,
    "refresh": _REFRESH,
    "remove": _REMOVE,
}


async def _told(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except OutOfMemoryError as error:
        raise Full from error


def _packed(entry: Entry) -> str:
    return f"{entry.conn.hex()}|{entry.node}|{entry.incarnation}|{entry.heartbeat}"


def _unpacked(user: bytes, device: bytes, value: bytes) -> Entry:
    conn, node, incarnation, heartbeat = value.decode().split("|")
    return Entry(user, device, node, incarnation, bytes.fromhex(conn), int(heartbeat))


def _living(leases: dict[bytes, bytes], now: int) -> dict[str, str]:
    """Node → incarnation."""
    living = {}
    for node, value in leases.items():
        incarnation, ends, _ = value.decode().split("|")
        if now < int(ends):
            living[node.decode()] = incarnation
    return living


def _alive(
    user: bytes, devices: dict[bytes, bytes], living: dict[str, str], now: int
) -> list[Entry]:
    entries = (
        _unpacked(user, bytes.fromhex(device.decode()), value) for device, value in devices.items()
    )
    return [
        entry
        for entry in entries
        if living.get(entry.node) == entry.incarnation and now < entry.heartbeat + ENTRY_MS
    ]
