"""The first session of an account that was just made or started over: it has its device from
the start."""

from django.http import HttpRequest

from accounts import devices, protocol, sessions
from accounts.models import Device, User
from chatsite.edge.wire import Id


def begin(request: HttpRequest, user: User, device: Device, now_ms: int) -> protocol.Enrolled:
    """Sign the user in on this device."""
    record = sessions.begin(request, user, now_ms)
    sessions.bind(record, device)
    return protocol.Enrolled(
        uid=Id(user.uid),
        device=Id(device.device),
        head=devices.head(user),
        token=devices.live_token(record, now_ms),
    )
