"""Raw bytes of one length, and the server's milliseconds, as columns."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models

Ms = models.BigIntegerField  # milliseconds since 1970


if TYPE_CHECKING:
    _Binary = models.BinaryField[bytes, bytes]
else:
    _Binary = models.BinaryField  # generic for the type checker alone


class Bytes(_Binary):
    """Bytes of one exact length; comes back as `bytes` from every database."""

    def __init__(self, size: int, **options: Any) -> None:
        self.size = size
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, _, options = super().deconstruct()
        return name, path, [self.size], options

    def from_db_value(self, value: Any, *_: Any) -> bytes | None:
        return None if value is None else bytes(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and len(value) != self.size:
            raise ValidationError(f"{self.name} takes {self.size} bytes")
        raw = None if value is None else bytes(value)
        return super().get_db_prep_value(raw, connection, prepared)
