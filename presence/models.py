from django.db import models


class LastSeen(models.Model):
    """When somebody was last here. Shown to contacts; delivery never needs it."""

    user = models.BinaryField(max_length=16, primary_key=True)
    seen = models.BigIntegerField()  # ms

    class Meta:
        verbose_name_plural = "last seen"

    def __str__(self) -> str:
        return bytes(self.user).hex()
