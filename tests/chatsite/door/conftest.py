"""The real server in a process of its own, that strangers come to."""

from collections.abc import Iterator

import pytest

from testkit.running import Site, new_site


@pytest.fixture(scope="package")
def site() -> Iterator[Site]:
    site = new_site()
    site.start()
    yield site
    site.remove()
