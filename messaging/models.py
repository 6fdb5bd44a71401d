"""Tables of this app that are relational whatever engine keeps the messages."""

from django.conf import settings
from django.db import models

from accounts.fields import Bytes, Ms


class Invite(models.Model):
    """A link that shows who it is from. Only people who have the link know the token.

    `used_by` is who accepted a link that connects: their uid, which stays when the account goes,
    so that the link is never open again.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    ident = Bytes(16, unique=True)  # what its maker withdraws it by
    digest = Bytes(32, unique=True)  # H(token)
    connects = models.BooleanField(default=False)  # one person, at once; or any number may ask
    used_by = Bytes(16, null=True, default=None)  # type: ignore[misc]  # of bytes, or None
    created = Ms()
    expires = Ms(db_index=True)
    uses = models.IntegerField(default=0)

    def __str__(self) -> str:
        return "invite"
