"""People with rows on disk, whose audit log is empty again after each test."""

from collections.abc import Iterator

import pytest

from moderation.models import Audit
from tests.media.conftest import blob_store
from tests.messaging import conftest as messaging
from tests.moderation.conftest import changeable, unchangeable

alice, bob, mallory, conv = messaging.alice, messaging.bob, messaging.mallory, messaging.conv
ann, ben, eve = messaging.ann, messaging.ben, messaging.eve
enrol, fresh_limits = messaging.enrol, messaging.fresh_limits
database_access = messaging.database_access

__all__ = ["blob_store"]


@pytest.fixture
def audited(database_access: None) -> Iterator[None]:
    """What is written down is gone after the test."""
    yield
    changeable()
    Audit.objects.all().delete()
    unchangeable()
