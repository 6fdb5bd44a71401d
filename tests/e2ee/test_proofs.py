"""Headers, nonces and grants as the server takes them."""

from typing import Any

import pytest

from e2ee import proofs
from e2ee.encoding import to_base64
from e2ee.errors import M1Error
from testkit.client.m1.proofs import http_proof
from tests.vectors.scene import DEVICE_A, HOST, A, B, T, seed

REQUEST: dict[str, Any] = {
    "host": HOST, "uid": A, "method": "POST", "path": "/api/links?x=1", "body": b"{}",
}  # fmt: skip


def nonce() -> bytes:
    return proofs.make_http_nonce(seed(1), session_key="sess", now_ms=T, random=bytes(16))


def verify(header: str, **changed: Any) -> None:
    proof = proofs.parse_http_proof(header)
    signed = proofs.http_proof_bytes(
        **{**REQUEST, "nonce": proof.nonce, "device": proof.device, **changed}
    )
    proofs.verify_proof(DEVICE_A.signing.public, proof.signature, signed)


def test_a_request_is_proved_as_it_was_sent() -> None:
    verify(http_proof(DEVICE_A, nonce=nonce(), **REQUEST))


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "evil.example"},
        {"uid": B},
        {"method": "PUT"},
        {"path": "/api/links?x=2"},
        {"body": b"{ }"},
        {"nonce": bytes(40)},
        {"device": bytes(16)},
    ],
)
def test_mallory_cannot_reuse_a_proof(changed: dict[str, Any]) -> None:
    with pytest.raises(M1Error):
        verify(http_proof(DEVICE_A, nonce=nonce(), **REQUEST), **changed)


@pytest.mark.parametrize(
    "header",
    [
        "",
        ".",
        "a.b.c.d",
        f"{to_base64(bytes(15))}.{to_base64(bytes(40))}.{to_base64(bytes(64))}",
        f"{to_base64(bytes(16))}.{to_base64(bytes(39))}.{to_base64(bytes(64))}",
        f"{to_base64(bytes(16))}.{to_base64(bytes(40))}.{to_base64(bytes(63))}",
        f"{to_base64(bytes(16))}.{to_base64(bytes(40))}.é",
    ],
)
def test_a_malformed_header_is_refused(header: str) -> None:
    with pytest.raises(M1Error):
        proofs.parse_http_proof(header)


def test_the_server_never_makes_a_short_nonce() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        proofs.make_http_nonce(seed(1), session_key="sess", now_ms=T, random=b"")


def test_a_grant_belongs_to_one_session_and_user() -> None:
    kept = proofs.grant_digest(session_key="sess", uid=A, grant=bytes(32))
    assert kept == proofs.grant_digest(session_key="sess", uid=A, grant=bytes(32))
    assert kept != proofs.grant_digest(session_key="other", uid=A, grant=bytes(32))
    assert kept != proofs.grant_digest(session_key="sess", uid=B, grant=bytes(32))
