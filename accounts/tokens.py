"""The live token: what `hello` shows, so that opening a socket needs no SQL (docs/protocol.md).

    base64( cat("m1:live", kid, uid, session, device, DSK_pub, expiry u64) ‖ MAC )

Pure: keys and clock are arguments.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from e2ee.encoding import cat, from_base64, mac, parse, to_base64, u64, uint
from e2ee.errors import BadProof, M1Error

LIVE_MS = 600_000  # long enough to reconnect, short enough to forget a revoked device
LABEL = "m1:live"
WIDTHS = (None, 16, 16, 16, 32, 8)
MAC_LEN = 32

Keys = Sequence[tuple[str, bytes]]  # kid, secret; newest first


@dataclass(frozen=True, slots=True)
class Claims:
    uid: bytes
    session: bytes  # 16 bytes of H(session key)
    device: bytes
    signing_key: bytes  # DSK_pub, against which the proof of `hello` is checked
    expires: int


def make(
    keys: Keys, *, uid: bytes, session: bytes, device: bytes, signing_key: bytes, now_ms: int
) -> str:
    kid, key = keys[0]
    claims = cat(LABEL, kid.encode(), uid, session, device, signing_key, u64(now_ms + LIVE_MS))
    return to_base64(claims + mac(key, claims))


def check(keys: Keys, token: str, now_ms: int) -> Claims:
    """Raises BadProof unless this server made the token and its time is not over."""
    try:
        raw = from_base64(token)
        claims, tag = raw[:-MAC_LEN], raw[-MAC_LEN:]
        kid, uid, session, device, signing_key, expires = parse(claims, LABEL, WIDTHS)
    except M1Error:
        raise BadProof("the live token is malformed") from None
    key = dict(keys).get(kid.decode("ascii", "replace"))
    if key is None or not hmac.compare_digest(mac(key, claims), tag):
        raise BadProof("the live token is not ours")
    if uint(expires) <= now_ms:
        raise BadProof("the live token is too old")
    return Claims(uid, session, device, signing_key, uint(expires))
