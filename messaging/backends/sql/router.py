"""Which database holds which tables: ours `messages`, everybody else's `default`."""

from typing import Any

from django.db import connections
from django.db.models import Model

LABEL = "messaging_sql"
ALIAS = "messages"


class MessagesRouter:
    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        return ALIAS if model._meta.app_label == LABEL else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool | None:
        """By database, not by alias: on PostgreSQL both aliases are one database, which records
        a migration as applied whichever alias it came by."""
        home = ALIAS if app_label == LABEL else "default"
        if db not in (ALIAS, "default"):
            return None
        return db == home or _place(db) == _place(home)


def _place(alias: str) -> tuple[str, ...]:
    """Under test one alias mirrors the other, whose name is already that of the test database."""
    settings = connections[
        connections[alias].settings_dict["TEST"]["MIRROR"] or alias
    ].settings_dict
    return tuple(str(settings.get(key) or "") for key in ("ENGINE", "HOST", "PORT", "NAME"))
