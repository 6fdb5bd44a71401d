"""An admin on a host of its own and staff in it; and an audit log that tests can empty, which is
how those that commit clean up after themselves."""

from collections.abc import Callable, Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import User
from chatsite.running.clock import now_ms
from moderation import factors, roles
from moderation.models import Audit, Totp
from moderation.site import TYPED
from tests.accounts.conftest import alice, bob, mallory

__all__ = ["alice", "bob", "mallory"]

_migration = import_module("moderation.migrations.0001_audit")


@pytest.fixture
def emptied_audit(transactional_db: None) -> Iterator[None]:
    """Without its entries after the test, which is one that commits."""
    yield
    empty_audit()


def empty_audit() -> None:
    changeable()
    Audit.objects.all().delete()
    unchangeable()


def changeable() -> None:
    """Somebody who may do anything with the database takes the triggers away."""
    _migration.permit_changes(None, _editor())


def unchangeable() -> None:
    """As the site makes it."""
    _migration.refuse_changes(None, _editor())


def _editor() -> Any:
    return SimpleNamespace(connection=connection, execute=connection.cursor().execute)


ADMIN = "admin.localhost"
PASSWORD = "a long password of staff"
Member = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def admin(settings: Any) -> None:
    """The site has an admin on a host of its own."""
    settings.ADMIN_URL, settings.ADMIN_HOST, settings.ADMIN_PATH = f"http://{ADMIN}/", ADMIN, "/"
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, ADMIN]


@pytest.fixture
def member(db: None, admin: None) -> Member:
    """Staff of a role, signed in with both factors."""

    def signed_in(role: str) -> Client:
        user = User.objects.create(username=f"the-{role}", display_name=role, is_staff=True)
        roles.give(user, role)
        return entered(user)

    return signed_in


def entered(user: User, *, verified: bool = True) -> Client:
    client = Client(SERVER_NAME=ADMIN)
    client.force_login(user)
    if verified:
        app = factors.new_app(user)
        Totp.objects.filter(pk=app.pk).update(confirmed=True)
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = app.persistent_id
        session[TYPED] = now_ms()  # as on the page of factors
        session.save()
    return client
