"""Whose session a request belongs to. Read at each request of a signed-in person, so this is plain
SQL: writing the same query each time, the ORM takes ten times as long as the database."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple, TypeVar

from django.contrib.sessions.models import Session
from django.db import connection, models

from accounts.models import Device, SessionRecord, User
from accounts.suspending import Kind, Suspension

M = TypeVar("M", bound=models.Model)
# A date would need a converter for each database; the few callers that want one read it apart.
_APART = (models.DateTimeField,)


class Found(NamedTuple):
    record: SessionRecord  # with its user and device
    suspended: bool  # the user


def record_of(session: bytes, now_ms: int) -> Found | None:
    """The session of this hash, if it lives and its user is active."""
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    with connection.cursor() as cursor:
        expired = connection.ops.adapt_datetimefield_value(now)
        cursor.execute(_query(), [now_ms, session, expired])
        row = cursor.fetchone()
    if row is None:
        return None
    values = iter(row)
    suspended = bool(next(values))
    record = _made(SessionRecord, values)
    record.user = _made(User, values)
    device = _made(Device, values)
    record.device = device if device.pk is not None else None
    return Found(record, suspended)


@cache
def _query() -> str:
    tables = {"r": SessionRecord, "u": User, "d": Device}
    columns = [f"{name}.{each.column}" for name, model in tables.items() for each in _fields(model)]
    table = {model: model._meta.db_table for model in (*tables.values(), Session)}
    return (  # the names are the models' own
        f"SELECT EXISTS (SELECT 1 FROM {Suspension._meta.db_table} x"  # noqa: S608
        f" WHERE x.user_id = u.id AND x.kind = {Kind.ALL:d} AND x.until > %s)"
        f", {', '.join(columns)} FROM {table[SessionRecord]} r"
        f" JOIN {table[Session]} s ON s.session_key = r.session_id"
        f" JOIN {table[User]} u ON u.id = r.user_id"
        f" LEFT JOIN {table[Device]} d ON d.id = r.device_id"
        " WHERE r.hash = %s AND s.expire_date > %s AND u.is_active"
    )


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    return [each for each in model._meta.concrete_fields if not isinstance(each, _APART)]


def _made(model: type[M], values: Any) -> M:
    fields = _fields(model)
    raw = [next(values) for _ in fields]
    kept = [
        bool(value) if isinstance(each, models.BooleanField) else value
        for each, value in zip(fields, raw, strict=True)
    ]
    return model.from_db(connection.alias, [each.attname for each in fields], kept)
