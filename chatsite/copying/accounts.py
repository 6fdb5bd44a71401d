"""What is relational whatever the engine: every model that is not the message store's, with its
keys, in one transaction. A repeat empties the target's tables first.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Model

from accounts.models import User
from chatsite.running.progress import Progress
from moderation.models import Audit

STORE = "messaging_sql"  # the app of the message store, which `conversations.py` copies
ROWS = 500  # a statement
APPENDED = {Audit}  # a database refuses to empty it; a repeat brings what is not there yet

Models = Sequence[type[Model]]


def models(*, sessions: bool) -> list[type[Model]]:
    """In the order in which they can be filled. Without sessions: nothing that needs one either."""
    every = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.app_label != STORE
    ]
    ordered: list[type[Model]] = []
    while len(ordered) < len(every):
        ready = [m for m in every if m not in ordered and _needs(m) <= {m, *ordered}]
        ordered += sorted(ready, key=lambda model: model._meta.label)
    left_out: set[type[Model]] = set() if sessions else {Session}
    for model in ordered:
        if _needs(model) & left_out:
            left_out.add(model)
    return [model for model in ordered if model not in left_out]


def are_there(alias: str) -> bool:
    """Whether the database has accounts, of people or staff."""
    return User.objects.using(alias).exists()


@contextmanager
def one_moment() -> Iterator[None]:
    """Inside, rows of this site, in PostgreSQL, are read as they are now, while others write."""
    with transaction.atomic(), connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def copy(source: str, target: str, chosen: Models, progress: Progress) -> None:
    """From one alias to the other."""
    progress.begin("tables of accounts", len(chosen))
    with transaction.atomic(using=target):
        for model in reversed(models(sessions=True)):
            if model not in APPENDED:
                model._base_manager.using(target)._raw_delete(target)
        for model in chosen:
            for some in _pages(model, source):
                there = model._base_manager.using(target)
                there.bulk_create(some, ignore_conflicts=model in APPENDED)
            progress.step()
        _set_sequences(target, chosen)
    progress.end()


def differences(source: str, target: str, chosen: Models, progress: Progress) -> list[str]:
    """Tables that the two databases have otherwise, with how many rows each."""
    progress.begin("tables compared", len(chosen))
    found = []
    for model in chosen:
        here, there = _digest(model, source), _digest(model, target)
        if here != there:
            counts = f"{here[0]} rows here, {there[0]} there"
            found.append(f"table {model._meta.db_table}: {counts}")
        progress.step()
    progress.end()
    return found


def _needs(model: type[Model]) -> set[Any]:
    return {
        field.related_model
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is not model
    }


def _pages(model: type[Model], alias: str) -> Iterator[list[Model]]:
    some: list[Model] = []
    for row in model._base_manager.using(alias).order_by("pk").iterator(ROWS):
        some.append(row)
        if len(some) == ROWS:
            yield some
            some = []
    if some:
        yield some


def _digest(model: type[Model], alias: str) -> tuple[int, str]:
    """How many rows, and a hash over all of them; databases sort texts differently."""
    fields = [field.attname for field in model._meta.concrete_fields]
    rows = sorted(
        hashlib.sha256(repr([_plain(getattr(row, name)) for name in fields]).encode()).digest()
        for some in _pages(model, alias)
        for row in some
    )
    return len(rows), hashlib.sha256(b"".join(rows)).hexdigest()


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _set_sequences(alias: str, chosen: Models) -> None:
    """The next key is above those that were brought along."""
    connection = connections[alias]
    statements = connection.ops.sequence_reset_sql(no_style(), [*chosen])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
