"""HTTP of uploads (docs/encryption.md 4.18). Each view calls one use case."""

from django.http import HttpRequest

from accounts.api import Caller, Need, api
from accounts.protocol import Done
from accounts.sessions import Bound
from chatsite.edge.limits import HOUR, Limit
from chatsite.edge.refusals import unknown
from chatsite.running.clock import now_ms
from e2ee.encoding import id_from_hex
from e2ee.errors import M1Error
from media import blobs, protocol, signing
from media.tickets import Upload

GRANTS = Limit("blobs", 1_200, HOUR)  # by account: 60 full albums with thumbnails
UPLOADS = Limit("uploads", 6_000, HOUR)  # by account: what goes on with a grant
URLS = Limit("signing", 12_000, HOUR)  # by account: a picture and its thumbnail need one each


@api("POST", need=Need.PROOF, body=protocol.NewBlob, limit=GRANTS)
async def grant(_request: HttpRequest, who: Caller, body: protocol.NewBlob) -> protocol.Grant:
    wanted = Upload(who.uid, bytes(body.conv), bytes(body.blob), body.size, body.part)
    return await blobs.grant(wanted, who.session, now_ms())


@api("GET", need=Need.PROOF, limit=UPLOADS)
async def resume(_request: HttpRequest, who: Caller, blob: str) -> protocol.Grant:
    return await blobs.resume(who.uid, who.session, _id(blob), now_ms())


@api("DELETE", need=Need.PROOF, limit=UPLOADS)
async def cancel(_request: HttpRequest, who: Caller, blob: str) -> Done:
    await blobs.cancel(who.uid, _id(blob), now_ms())
    return Done()


@api("POST", need=Need.PROOF, limit=UPLOADS)
async def whole(_request: HttpRequest, who: Caller, blob: str) -> protocol.Grant:
    return await blobs.whole(who.uid, who.session, _id(blob), now_ms())


@api("POST", need=Need.PROOF, body=protocol.NewUrls, limit=URLS)
async def urls(
    _request: HttpRequest, who: Caller, body: protocol.NewUrls, blob: str
) -> protocol.SignedUrls:
    return await signing.signed(Bound(who.session, who.uid, who.device), _id(blob), body, now_ms())


@api("GET", need=Need.PROOF)
async def storage(_request: HttpRequest, who: Caller) -> protocol.Storage:
    return await blobs.storage(who.uid)


def _id(text: str) -> bytes:
    """An id of a URL; another spelling of it is unknown."""
    try:
        return id_from_hex(text)
    except M1Error:
        unknown()
