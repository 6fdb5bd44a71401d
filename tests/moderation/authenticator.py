"""An authenticator as a program: it keeps one passkey and answers as a browser would hand it on."""

import base64
import json
import secrets
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, MADE = 0x01, 0x40  # flags of authenticator data


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """`counts`: whether it counts its signatures. Any attribute may be changed to lie."""

    def __init__(self, origin: str, *, counts: bool = True) -> None:
        self.origin = origin
        self.id = secrets.token_bytes(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.handle = b""
        self.host = ""
        self.count, self.step = 0, int(counts)
        self.flags = PRESENT

    def create(self, options: str) -> str:
        asked = json.loads(options)
        self.handle, self.host = unb64(asked["user"]["id"]), asked["rp"]["id"]
        at = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32), -3: at.y.to_bytes(32)}
        made = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose)
        data = self._data(self.flags | MADE) + made
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._said(clientDataJSON=b64(client), attestationObject=b64(attested))

    def get(self, options: str) -> str:
        client = self._client("webauthn.get", json.loads(options)["challenge"])
        self.count += self.step
        data = self._data(self.flags)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._said(
            clientDataJSON=b64(client), authenticatorData=b64(data), signature=b64(signature),
            userHandle=b64(self.handle),
        )  # fmt: skip

    def _data(self, flags: int) -> bytes:
        return sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _said(self, **response: Any) -> str:
        id = b64(self.id)
        whole = {"id": id, "rawId": id, "type": "public-key", "response": response}
        return json.dumps(whole)
