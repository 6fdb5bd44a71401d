"""The same calls over HTTP: what they need, and how refusals look."""

import secrets
from typing import Any

from chatsite.edge.wire import B32, Id
from media import protocol
from tests.messaging.test_views import befriend, call

PART: Any = protocol.PART_SMALL


def body(conv: str, size: int = 1000, blob: bytes | None = None) -> protocol.NewBlob:
    ident, chat = Id(blob or secrets.token_bytes(16)), Id(bytes.fromhex(conv))
    return protocol.NewBlob(blob=ident, conv=chat, size=size, part=PART)


def urls(*parts: int, **more: Any) -> protocol.NewUrls:
    return protocol.NewUrls(parts=list(parts or (0,)), **more)


def test_signed_urls_are_refused_where_parts_go_through_the_node(ann, ben):
    wanted = body(befriend(ann, ben))
    path = f"/api/blobs/{wanted.blob.hex()}/urls"
    assert call(ann, "POST", path, urls()).status == 404  # not there yet
    call(ann, "POST", "/api/blobs", wanted)
    asked = call(ann, "POST", path, urls(sums=[B32(bytes(32))]))
    assert (asked.status, asked.code) == (409, "by_node")
    assert call(ann, "POST", path, urls()).status == 404  # not whole yet
    assert call(ann, "POST", path, urls(sums=[B32(bytes(32))] * 2)).code == "sums"
    assert call(ann, "POST", path, urls(1, sums=[B32(bytes(32))])).status == 404
    assert call(ann, "POST", path, urls(*range(protocol.URLS_MAX + 1))).status == 400


def test_from_grant_to_cancel(ann, ben):
    wanted = body(befriend(ann, ben))
    path = f"/api/blobs/{wanted.blob.hex()}"
    assert call(ann, "POST", "/api/blobs", wanted).json["state"] == "granted"
    assert call(ann, "GET", path).json["size"] == 1000
    missing = call(ann, "POST", f"{path}/whole")
    assert (missing.status, missing.json.get("present", [])) == (409, [])
    assert call(ann, "GET", "/api/storage").json["used"] == 1000
    assert call(ann, "DELETE", path).status == 200
    assert call(ann, "GET", path).status == 404


def test_a_refusal_has_its_code_and_figures(ann, ben, settings):
    conv = befriend(ann, ben)
    settings.MEDIA_PERSON_QUOTA = 999
    answer = call(ann, "POST", "/api/blobs", body(conv))
    assert (answer.status, answer.code, answer.json["limit"]) == (507, "quota", 999)
    taken = body(conv, 500)
    call(ann, "POST", "/api/blobs", taken)
    taken.size = 501
    assert call(ann, "POST", "/api/blobs", taken).code == "taken"


def test_outsiders_and_half_proofs_get_nothing(ann, ben, eve):
    wanted = body(befriend(ann, ben))
    call(ann, "POST", "/api/blobs", wanted)
    path = f"/api/blobs/{wanted.blob.hex()}"
    get, put = urls(), urls(sums=[B32(bytes(32))])
    for method, url, sent in (
        ("POST", f"{path}/urls", get), ("POST", f"{path}/urls", put),
        ("POST", "/api/blobs", body("00" * 16)), ("GET", path, None), ("DELETE", path, None),
        ("POST", f"{path}/whole", None), ("GET", f"/api/blobs/{'0' * 32}", None),
        ("GET", path.upper().replace("/API/BLOBS", "/api/blobs"), None),
    ):  # fmt: skip
        assert call(eve, method, url, sent).status == 404, url
        assert call(ann, method, url, sent, prove=False).status == 403, url
        anybody = ann.browsers[0].http.__class__().generic(method, url)
        assert anybody.status_code in (401, 403), url
