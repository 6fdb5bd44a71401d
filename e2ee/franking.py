"""Message franking (4.10): the server's tag R, which lets reported messages be verified.

HMAC, not a signature: this server can confirm a report, outsiders cannot.
"""

import hmac

from e2ee.encoding import cat, mac, u32, u64
from e2ee.envelope import Header


def commitment(
    franking_key: bytes, *, conn: bytes, sender: bytes, mid: bytes, body: bytes
) -> bytes:
    """C: recomputed from a report. Clients put it into the header."""
    return mac(franking_key, cat("m1:frank", conn, sender, mid, body))


def tag(
    key: bytes, kid: str, header: Header, *, recipient: bytes, ciphertext_hash: bytes,
    server_ms: int,
) -> bytes:  # fmt: skip
    """R: made once, when the message is accepted; stored with kid and server_ms."""
    return mac(
        key,
        cat(
            "m1:frank-srv", kid.encode(), header.conn, header.mid, header.sender, header.device,
            recipient, u32(header.n), u64(header.ctr), header.commitment, ciphertext_hash,
            u64(server_ms),
        ),
    )  # fmt: skip


def check_tag(
    claimed: bytes, key: bytes, kid: str, header: Header, *, recipient: bytes,
    ciphertext_hash: bytes, server_ms: int,
) -> bool:  # fmt: skip
    expected = tag(
        key, kid, header, recipient=recipient, ciphertext_hash=ciphertext_hash,
        server_ms=server_ms,
    )  # fmt: skip
    return hmac.compare_digest(expected, claimed)
