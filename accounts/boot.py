"""What the page of a signed-in person carries, so that it opens without asking for it: the live
token, nonces for its first signed requests, and the head of the person's own device list.

None of it opens anything by itself: a token or a nonce is used together with a proof of the device.
"""

from typing import Any

from django.http import HttpRequest

from accounts import devices, proof, sessions
from accounts.sessions import Caller
from chatsite.running.clock import now_ms
from e2ee.encoding import to_base64

NONCES = 4  # signed requests that a page makes before the first answer brings a nonce
SEEN_EVERY_MS = 60_000  # how often a page that opens says that its session is in use


def data(request: HttpRequest, who: Caller) -> dict[str, Any] | None:
    """None where this session has no device: the script then goes through the sign-in. Nor has a
    page that is shown to somebody who is suspended."""
    record, now = who.record, now_ms()
    if who.suspended or record.device is None or record.device.gone_at is not None:
        return None
    if now - record.seen > SEEN_EVERY_MS:
        sessions.touch(record, now)
        request.session.modified = True  # the cookie lives on from here
    k, head = devices.head(record.user)
    return {
        "token": devices.live_token(record, now),
        "nonces": [to_base64(proof.new_nonce(record.session_id, now)) for _ in range(NONCES)],
        "head": [k, to_base64(head)],
    }
