"""What it costs that devices come, and that they are there without doing anything."""

import asyncio

from bench.device import Device
from bench.engines import Engine
from bench.process import Cost, measured, pid_of, resident_bytes
from testkit.cast import Person

AT_A_TIME = 32  # connections being made
SETTLED = 2.0  # seconds after the last arrival


async def arrivals(engine: Engine, people: list[Person]) -> tuple[Cost, float]:
    """Every device arrives and leaves: what that cost, and the KiB of the server that each kept
    while it did nothing."""
    waiting = [(who, number) for who in people for number in range(len(who.devices))]
    waiting.reverse()
    count, devices = len(waiting), []
    before = resident_bytes(pid_of(engine.site))

    async def keep_connecting() -> None:
        while waiting:
            who, number = waiting.pop()
            devices.append(await Device(who, number).arrive(engine.site.port))

    with measured(engine.pids) as cost:
        await asyncio.gather(*(keep_connecting() for _ in range(AT_A_TIME)))
    cost.messages = count
    await asyncio.sleep(SETTLED)
    kept = resident_bytes(pid_of(engine.site)) - before
    for device in devices:
        device.leave()
    return cost, kept / count / 1024
