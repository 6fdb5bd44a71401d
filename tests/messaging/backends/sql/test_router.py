"""Whose tables are made where: two files on SQLite, one database on PostgreSQL."""

from pathlib import Path

import pytest
from django.db import connections

from accounts.models import User
from messaging.backends.sql.models import Contact
from messaging.backends.sql.router import MessagesRouter
from tests.contracts.adapters import register, sqlite_settings

router = MessagesRouter()
POSTGRES = {"ENGINE": "django.db.backends.postgresql", "NAME": "chat", "HOST": "db.example"}


@pytest.fixture
def one_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both aliases name the same one, as with DATABASE_URL."""
    for alias in ("default", "messages"):
        settings = connections[register(POSTGRES)].settings_dict
        monkeypatch.setattr(connections[alias], "settings_dict", settings)


@pytest.fixture
def two_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for alias in ("default", "messages"):
        settings = connections[register(sqlite_settings(tmp_path / alias))].settings_dict
        monkeypatch.setattr(connections[alias], "settings_dict", settings)


def test_ours_are_read_and_written_in_messages():
    assert router.db_for_read(Contact) == router.db_for_write(Contact) == "messages"
    assert router.db_for_read(User) is None


@pytest.mark.parametrize(("app", "home"), [("messaging_sql", "messages"), ("accounts", "default")])
def test_two_files_hold_two_sets_of_tables(two_files, app, home):
    allowed = {db for db in ("default", "messages") if router.allow_migrate(db, app)}
    assert allowed == {home}


@pytest.mark.parametrize("app", ["messaging_sql", "accounts"])
def test_one_database_holds_all(one_database, app):
    assert router.allow_migrate("default", app)
    assert router.allow_migrate("messages", app)


def test_a_mirror_is_its_original(monkeypatch):
    settings = {**connections["messages"].settings_dict, "TEST": {"MIRROR": "default"}}
    monkeypatch.setattr(connections["messages"], "settings_dict", settings)
    assert router.allow_migrate("default", "messaging_sql")


def test_other_databases_are_not_its_business():
    assert router.allow_migrate("copy", "messaging_sql") is None
