"""Device proofs as a client makes them (4.9)."""

from e2ee import proofs as server
from e2ee.encoding import to_base64
from testkit.client.m1.keys import DeviceKeys


def socket_proof(keys: DeviceKeys, *, host: str, nonce: bytes, uid: bytes) -> bytes:
    return keys.signing.sign(
        server.socket_proof_bytes(host=host, nonce=nonce, uid=uid, device=keys.id)
    )


def http_proof(
    keys: DeviceKeys, *, host: str, nonce: bytes, uid: bytes, method: str, path: str, body: bytes
) -> str:
    """The value of `X-Device-Proof`."""
    signed = server.http_proof_bytes(
        host=host, nonce=nonce, uid=uid, device=keys.id, method=method, path=path, body=body
    )
    return ".".join(map(to_base64, (keys.id, nonce, keys.signing.sign(signed))))
