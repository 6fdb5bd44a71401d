"""Tables of moderation: relational whatever engine keeps the messages.

Audit   what staff and operators did and looked at: a chain, appended to and never changed
"""

from django.db import models

from accounts.fields import Bytes, Ms
from accounts.models import KID_MAX

ACTOR_MAX = 64  # characters
ACTION_MAX = 64
OBJECT_MAX = 200
DETAILS_MAX = 4096


class Audit(models.Model):
    """One entry. Triggers of both databases refuse to change or delete it."""

    n = models.BigIntegerField(primary_key=True)  # dense, from 1
    ms = Ms()
    actor = models.CharField(max_length=ACTOR_MAX)  # a name of staff, or how a command calls itself
    action = models.CharField(max_length=ACTION_MAX)
    object = models.CharField(max_length=OBJECT_MAX)  # what it was done to
    details = models.CharField(max_length=DETAILS_MAX)  # JSON
    digest = Bytes(32)  # H(details)
    prev = Bytes(32)  # tag of the entry before; zero at the first
    kid = models.CharField(max_length=KID_MAX)
    tag = Bytes(32)  # MAC over all of it but the details themselves

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"

    def __str__(self) -> str:
        return f"{self.n}: {self.action}"
