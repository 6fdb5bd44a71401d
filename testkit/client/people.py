"""People and their devices, as a test speaks of them.

alice = await Person.sign_up(site, "alice")
conv = await alice.connect(bob)
await alice.device.send(bob, "hello")
assert await bob.device.next_text() == "hello"
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from chatsite.edge.wire import Id
from messaging.http import Act, ConnectionRow, Connections
from testkit.client import account
from testkit.client.account import Secrets
from testkit.client.api import Api
from testkit.client.device import Device


class HasUrl(Protocol):
    @property
    def url(self) -> str: ...


class Person:
    """Somebody with an account. `device` is the first one; `secrets` is what they wrote down."""

    def __init__(self, url: str, secrets: Secrets) -> None:
        self.url = url
        self.secrets = secrets
        self.devices: list[Device] = []
        self._revoked: list[Device] = []

    @classmethod
    async def sign_up(
        cls, site: HasUrl | str, name: str, *, password: str | None = None,
        display_name: str | None = None, online: bool = True, **device: Any,
    ) -> "Person":  # fmt: skip
        """Without a password none is stretched, which costs 64 MiB and a tenth of a second."""
        url = site if isinstance(site, str) else site.url
        api = Api(url)
        try:
            secrets, opened = await asyncio.to_thread(
                account.sign_up, api, name, password=password, display_name=display_name
            )
        except BaseException:
            api.close()
            raise
        person = cls(url, secrets)
        await person._add(Device(api, opened, **device), online=online)
        return person

    def sign_in_again(self) -> None:
        """The session of the first device is over; its keys are not."""
        account.sign_in_again(self.device.api, self.secrets)

    @property
    def uid(self) -> bytes:
        return self.device.uid

    @property
    def name(self) -> str:
        return self.secrets.name

    @property
    def device(self) -> Device:
        return self.devices[0]

    async def add_device(
        self, *, by_code: bool = False, online: bool = True, **device: Any
    ) -> Device:
        """Another browser signs in, enrols itself and opens the same history."""
        api = Api(self.url)
        opened = await asyncio.to_thread(account.enrol, api, self.secrets, by_code=by_code)
        return await self._add(Device(api, opened, **device), online=online)

    async def connect(self, other: "Person") -> bytes:
        """Ask and be accepted; the id of the conversation."""
        await self.act(other, "request")
        row = await other.act(self, "accept", seen=2)
        for person, peer in ((self, other), (other, self)):
            for device in person.devices:
                device.know(bytes(row.conv), peer.uid)
        return bytes(row.conv)

    async def act(
        self, other: "Person", action: Any, *, seen: int | None = None, upto: int | None = None
    ) -> ConnectionRow:
        """One of the actions on a pair; raises ApiError."""
        body = Act(peer=Id(other.uid), action=action, seen=seen, upto=upto)
        api = self.device.api
        return await asyncio.to_thread(
            api.post, "/api/connections", body, ConnectionRow, proof=True
        )

    async def connections(self) -> list[ConnectionRow]:
        api = self.device.api
        answer = await asyncio.to_thread(api.get, "/api/connections", Connections, proof=True)
        return answer.connections

    async def revoke(self, device: Device) -> None:
        """From the first device: lost or stolen, in the short form (no new code)."""
        own = self.device
        await asyncio.to_thread(account.revoke, own.api, self.secrets, own.account, device.keys.id)
        own.directory.known[own.uid].links[:] = own.account.links
        self.devices.remove(device)
        self._revoked.append(device)

    async def close(self) -> None:
        everything = [*self.devices, *self._revoked]
        await asyncio.gather(*(device.close() for device in everything))

    async def _add(self, device: Device, *, online: bool) -> Device:
        self.devices.append(device)
        if online:
            await device.connect()
        return device


@contextmanager
def nobody_alarmed(*people: Person) -> Iterator[None]:
    """Nothing inside may make a client suspicious."""
    yield
    alarms = [alarm for person in people for device in person.devices for alarm in device.alarms]
    assert not alarms, alarms
