"""The client's half of franking (4.10): a commitment that a receiver must verify."""

import hmac

from e2ee.encoding import cat, mac
from e2ee.errors import BadSignature


def commit(franking_key: bytes, *, conn: bytes, sender: bytes, mid: bytes, body: bytes) -> bytes:
    return mac(franking_key, cat("m1:frank", conn, sender, mid, body))


def check_commitment(
    claimed: bytes, franking_key: bytes, *, conn: bytes, sender: bytes, mid: bytes, body: bytes
) -> None:
    """Before anything is shown: whatever can be seen can be reported."""
    expected = commit(franking_key, conn=conn, sender=sender, mid=mid, body=body)
    if not hmac.compare_digest(expected, claimed):
        raise BadSignature("the commitment does not fit the message")
