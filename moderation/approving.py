"""New accounts that wait for somebody to look at them (REGISTRATION=approval)."""

from django.db.transaction import on_commit

from accounts import hooks
from accounts.models import User
from moderation import audit
from moderation.deciding import Changed


def approve(user: User, by: str) -> None:
    """They may ask others from now on, and are found. Raises Changed where they do not wait."""
    with audit.turn():
        if not User.objects.filter(pk=user.pk, approved=False).update(approved=True):
            raise Changed
        audit.write(by, "approved", f"person {user.uid.hex()}", {})
        on_commit(lambda: hooks.account_changed(user.uid), robust=True)
