"""What the contracts have, on SQL alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.adapters import Adapters, adapters_on


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def adapters(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any
) -> Iterator[Adapters]:
    with django_db_blocker.unblock():
        yield from adapters_on(request.param, tmp_path_factory)
