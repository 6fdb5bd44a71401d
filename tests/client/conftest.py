"""A running site for the client's own tests."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

from testkit.client.people import Person
from testkit.running import Site, new_site

MakePerson = Callable[..., Awaitable[Person]]
_numbers = itertools.count(1)  # names are unique on the one site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    # Everybody comes from one address, and some tests write faster than people do.
    site = new_site({"LIVE_RATE_FACTOR": "1000"}).start()
    yield site
    site.remove()


@pytest.fixture
def by_calls() -> bool:
    """Whether people come by long poll; a module that runs both ways parametrises it."""
    return False


@pytest.fixture
async def someone(site: Site, by_calls: bool) -> AsyncIterator[MakePerson]:
    """await someone("alice") signs up, online, under a name of her own."""
    people: list[Person] = []

    async def sign_up(name: str, **more: Any) -> Person:
        unique = f"{name}{next(_numbers)}"
        person = await Person.sign_up(site, unique, by_calls=by_calls, **more)
        people.append(person)
        return person

    yield sign_up
    for person in people:
        await person.close()
