from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def database_access(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
