"""The key to which reports are sealed, as a site publishes it (docs/encryption.md 4.10).

A record names the X-Wing key and how long it may be used; `moderation-id`, an Ed25519 key that
browsers pin, signs it. So the server cannot change in silence who reads reports.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from e2ee import kem, signatures
from e2ee.encoding import cat, from_base64, parse, to_base64, u64, uint
from e2ee.errors import BadEncoding, BadReport

LABEL: Final = "m1:moderation-key"
FILE_LABEL: Final = "m1:moderation-pub"
KID_MAX: Final = 64
"""Bytes of the name of a key: ASCII letters and digits."""


@dataclass(frozen=True, slots=True)
class ModerationKey:
    kid: str
    public: bytes
    not_after: int
    """ms; from then on a browser asks again before it seals."""


@dataclass(frozen=True, slots=True)
class Published:
    """What anybody may have of it, and what a browser asks for."""

    identity: bytes
    record: bytes
    signature: bytes

    def key(self) -> ModerationKey:
        """Raises an M1Error where it is not what `identity` signed."""
        return verify(self.identity, self.record, self.signature)

    def text(self) -> str:
        """A line of base64, for a file."""
        return to_base64(cat(FILE_LABEL, self.identity, self.record, self.signature)) + "\n"

    @classmethod
    def read(cls, text: str) -> "Published":
        """Raises BadEncoding."""
        widths = (signatures.KEY_LEN, None, signatures.SIGNATURE_LEN)
        return cls(*parse(from_base64(text.strip()), FILE_LABEL, widths))


def identity(seed: bytes) -> bytes:
    """The public half of moderation-id."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def publish(identity_seed: bytes, key: ModerationKey) -> Published:
    record = cat(LABEL, key.kid.encode("ascii"), key.public, u64(key.not_after))
    signature = Ed25519PrivateKey.from_private_bytes(identity_seed).sign(record)
    return Published(identity(identity_seed), record, signature)


def verify(identity_key: bytes, record: bytes, signature: bytes) -> ModerationKey:
    """The key that the record names. Raises BadSignature, BadKey, BadEncoding or BadReport."""
    signatures.verify(identity_key, signature, record)
    kid, public, not_after = parse(record, LABEL, (None, kem.PUBLIC_KEY_LEN, 8))
    kem.check_public_key(public)
    return ModerationKey(kid_from(kid), public, uint(not_after))


def kid_from(raw: bytes) -> str:
    try:
        kid = raw.decode("ascii")
    except UnicodeDecodeError:
        raise BadEncoding("a kid is ASCII") from None
    if not kid.isalnum() or len(kid) > KID_MAX:
        raise BadReport(f"a kid has 1 to {KID_MAX} letters and digits")
    return kid
