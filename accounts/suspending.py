"""A suspended account: its sessions end at once, and nobody signs in, until that is taken back."""

from django.db.transaction import atomic

from accounts import hooks
from accounts.models import User
from accounts.signals import account_suspended


def suspend(user: User, suspended: bool) -> None:
    """Suspend the account, or take that back. Repeatable: it is announced each time."""
    with atomic():
        user.is_active = not suspended
        user.save(update_fields=["is_active"])
        hooks.after_commit(account_suspended, uid=user.uid, suspended=suspended)
