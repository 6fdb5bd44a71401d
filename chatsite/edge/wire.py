"""How every body and frame is written: JSON by msgspec, bytes as canonical padded base64.

msgspec alone takes base64 with stray trailing bits (`x==` for `w==`), so ids, hashes and keys
have types of their own that re-encode what they read (docs/encryption.md 4.1). Pure: no I/O.
"""

import binascii
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec

MAX_INT = 2**53 - 1  # the largest integer that a JavaScript number holds exactly

N = Annotated[int, msgspec.Meta(ge=0, le=MAX_INT)]
U32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]


class Fixed(bytes):
    """Bytes of one exact length, canonical on the wire."""

    SIZE: ClassVar[int]

    @classmethod
    def parse(cls, text: object) -> "Fixed":
        """Read canonical base64. Raises ValueError on any other spelling or length."""
        if not isinstance(text, str):
            raise ValueError("expected base64 text")
        try:
            raw = binascii.a2b_base64(text, strict_mode=True)
        except (ValueError, binascii.Error) as error:
            raise ValueError("not base64") from error
        if len(raw) != cls.SIZE or binascii.b2a_base64(raw, newline=False) != text.encode():
            raise ValueError(f"not the canonical base64 of {cls.SIZE} bytes")
        return cls(raw)


class Id(Fixed):
    SIZE = 16


class B32(Fixed):
    SIZE = 32


class B40(Fixed):
    SIZE = 40


class B64(Fixed):
    SIZE = 64


def _dec_hook(kind: type, value: Any) -> Any:
    if issubclass(kind, Fixed):
        return kind.parse(value)
    raise NotImplementedError(kind)


def _enc_hook(value: Any) -> Any:
    if isinstance(value, bytes):
        return bytes(value)
    raise NotImplementedError(type(value))


class Body(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A JSON object with exactly the declared members."""


T = TypeVar("T")
encoder = msgspec.json.Encoder(enc_hook=_enc_hook)


class Malformed(ValueError):
    """These bytes are not what was to be read. Says nothing of them: they are a stranger's."""


class Decoder(Generic[T]):
    """The boundary of everything that comes as JSON: whatever goes wrong in reading it (no JSON, no
    UTF-8, nested a thousand deep, another shape) is Malformed."""

    def __init__(self, kind: type[T] | Any) -> None:
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind, dec_hook=_dec_hook)

    def decode(self, data: bytes | str) -> T:
        try:
            return self._decoder.decode(data)
        except Exception:  # noqa: BLE001 -- the input is at fault, whatever the decoder calls it
            raise Malformed from None


def decoder(kind: type[T] | Any) -> Decoder[T]:
    return Decoder(kind)


class Problem(Body):
    """Every refusal over HTTP. `code` is for programs, `message` for people. `limit` and `used`:
    bytes, where room is what lacks. `until` (ms; without it, for good), `reason` and `decision`:
    where the account is `suspended`, or may ask nobody new (`restricted`)."""

    code: str
    message: str
    retry_ms: N | None = None
    limit: N | None = None
    used: N | None = None
    until: N | None = None
    reason: N | None = None
    decision: Id | None = None
