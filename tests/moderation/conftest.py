"""The audit log refuses to be emptied, which is how tests that commit clean up after themselves."""

from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from moderation.models import Audit

_migration = import_module("moderation.migrations.0001_audit")


@pytest.fixture
def emptied_audit(transactional_db: None) -> Iterator[None]:
    """Without its entries after the test, which is one that commits."""
    yield
    changeable()
    Audit.objects.all().delete()
    _migration.refuse_changes(None, _editor())


def changeable() -> None:
    """Somebody who may do anything with the database takes the triggers away."""
    _migration.permit_changes(None, _editor())


def _editor() -> Any:
    return SimpleNamespace(connection=connection, execute=connection.cursor().execute)
