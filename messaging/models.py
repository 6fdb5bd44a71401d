"""Tables of this app that are relational whatever engine keeps the messages."""

from django.conf import settings
from django.db import models

from accounts.fields import Bytes, Ms


class Invite(models.Model):
    """A link that shows whom it is from. The token itself is known to who has the link."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    ident = Bytes(16, unique=True)  # what its owner revokes it by
    digest = Bytes(32, unique=True)  # H(token)
    created = Ms()
    expires = Ms(db_index=True)
    uses = models.IntegerField(default=0)

    def __str__(self) -> str:
        return "invite"
