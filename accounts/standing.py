"""What became of a device whose session is over: it cannot tell whether it may come back, or should
delete what it keeps."""

from django.conf import settings

from accounts import devices
from accounts.protocol import Standing, StandingQuestion
from e2ee import proofs
from e2ee.errors import BadProof


def of(question: StandingQuestion) -> Standing:
    """The truth for the holder of the device's key alone; everybody else gets `unknown`."""
    uid, device = bytes(question.uid), bytes(question.device)
    found = devices.find_device(uid, device)
    if found is None:
        return Standing(state="unknown")
    signed = proofs.standing_bytes(host=settings.SITE_HOST, uid=uid, device=device)
    try:
        proofs.verify_proof(found.signing_key, question.signature, signed)
    except BadProof:
        return Standing(state="unknown")
    return Standing(state="gone" if found.gone else "listed")
