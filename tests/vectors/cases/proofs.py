from typing import Any

from e2ee import proofs
from testkit.client.m1.proofs import socket_proof
from tests.vectors import scene
from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses
from tests.vectors.scene import CONN, DEVICE_A, HOST, A, B, T

NONCE_KEY = "67" * 32


def cases() -> list[Case]:
    return [*_device(), *_checked(), *_nonces(), *_server_values(), *_safety()]


def _device() -> list[Case]:
    own = {
        "host": HOST,
        "uid": A.hex(),
        "device": DEVICE_A.id.hex(),
        "dsk_seed": DEVICE_A.signing.seed.hex(),
    }
    nonce = _nonce()["out"]["nonce"]
    http: dict[str, Any] = {
        **own,
        "nonce": nonce,
        "method": "POST",
        "path": f"/api/epochs/{CONN.hex()}",
        "body": b"{}".hex(),
    }
    query = {**http, "method": "GET", "path": f"/api/links?uid={B.hex()}&after=0", "body": ""}
    return [
        gives("socket proof", "socket_proof", nonce="0e" * 32, **own),
        gives("HTTP proof", "http_proof", **http),
        gives("HTTP proof of a GET with a query", "http_proof", **query),
    ]


def _checked() -> list[Case]:
    where: dict[str, Any] = {"host": HOST, "nonce": b"\x0e" * 32, "uid": A}
    signature = socket_proof(DEVICE_A, **where)
    key = DEVICE_A.signing.public

    def given(**changed: Any) -> dict[str, str]:
        signing_key = changed.pop("signing_key", key)
        data = proofs.socket_proof_bytes(**{**where, "device": DEVICE_A.id, **changed})
        return {
            "signing_key": signing_key.hex(),
            "signature": signature.hex(),
            "signed": data.hex(),
        }

    other: dict[str, Any] = {
        "host": "chat.example:8443",
        "nonce": b"\x0f" * 32,
        "uid": B,
        "device": b"\xd2" * 16,
        "signing_key": scene.DEVICE_A2.signing.public,
    }
    return [
        gives("the proof is accepted", "server_check_proof", **given()),
        *(
            refuses(f"the proof for another {name}", "server_check_proof", **given(**{name: value}))
            for name, value in other.items()
        ),
    ]


def _nonces() -> list[Case]:
    made = _nonce()
    nonce = made["out"]["nonce"]
    spoilt = nonce[:-2] + ("00" if nonce[-2:] != "00" else "01")
    ours: dict[str, Any] = {"key": NONCE_KEY, "nonce": nonce, "session_key": "sess", "now_ms": T}
    bad: dict[str, dict[str, Any]] = {
        "after 120 s and 1 ms": {"now_ms": T + 120_001},
        "from the future": {"now_ms": T - 1},
        "of another session": {"session_key": "sesS"},
        "under another key": {"key": "68" * 32},
        "with a changed byte": {"nonce": spoilt},
        "cut": {"nonce": nonce[:-2]},
    }
    return [
        made,
        gives("nonce at once", "server_check_nonce", **ours),
        gives("nonce after 120 s", "server_check_nonce", **{**ours, "now_ms": T + 120_000}),
        *(
            refuses(f"nonce {name}", "server_check_nonce", **{**ours, **changed})
            for name, changed in bad.items()
        ),
    ]


def _nonce() -> Case:
    given = {"key": NONCE_KEY, "session_key": "sess", "now_ms": T, "random": "0d" * 16}
    return gives("HTTP nonce", "server_nonce", **given)


def _server_values() -> list[Case]:
    verifier: dict[str, Any] = {"key": "5a" * 32, "uid": A.hex()}
    code_auth = "565fee056b7e4d9091d13fca29495a9f634383a0ceb71732cf370e38e111d37c"
    password_auth = "b4f0bcef59de8ee8428f54a65134ce9dfb603f65a0a1d0b9278d745d77e23f31"
    return [
        gives(
            "upload ticket",
            "server_ticket",
            key="68" * 32,
            kid="k1",
            uid=A.hex(),
            session="5e" * 16,
            conn=CONN.hex(),
            blob="99" * 16,
            size=151_654,
            part=262_144,
            expiry_ms=T,
            random="0a" * 16,
        ),
        gives("verifier of the code", "server_verifier", type=2, auth=code_auth, **verifier),
        gives(
            "verifier of the password", "server_verifier", type=1, auth=password_auth, **verifier
        ),
        gives("fake kdf_salt", "server_fake_salt", key="5b" * 32, name="nobody", which=1),
        gives("fake code_salt", "server_fake_salt", key="5b" * 32, name="nobody", which=2),
    ]


def _safety() -> list[Case]:
    one = {"uid_a": A.hex(), "aik_a": "10" * 32}
    other = {"uid_b": B.hex(), "aik_b": "20" * 32}
    swapped = {"uid_a": B.hex(), "aik_a": "20" * 32, "uid_b": A.hex(), "aik_b": "10" * 32}
    return [
        gives("safety number", "safety_number", **one, **other),
        gives("safety number, seen by the other", "safety_number", **swapped),
    ]
