"""AES-GCM does not commit to its key; the commitment C does."""

from typing import Any

from e2ee.encoding import cat
from testkit.client.m1 import envelope, franking
from tests.vectors.functions import Case
from tests.vectors.gcm_collision import BLOCK, collide, keystream, xor
from tests.vectors.making import gives, refuses
from tests.vectors.scene import CONN, DEVICE_A, EPOCH_1, MID, UK_A, UK_B, A, B, seed

KF, SALT, OTHER_SALT = seed(0x44), seed(0x55), seed(0x57)
BODY = b"pay Bea 1 euro"
LAST_BLOCK = 256 // BLOCK - 1


def cases() -> list[Case]:
    return [*_commitments(), *_two_keys(), *_two_salts()]


def _commitments() -> list[Case]:
    row: dict[str, Any] = {"kf": KF.hex(), "conn": CONN.hex(), "sender": A.hex()}
    return [
        gives("C", "commitment", mid=MID.hex(), body="", **row),
        gives("C of another mid", "commitment", mid="34" * 16, body="", **row),
    ]


def _two_keys() -> list[Case]:
    """One ciphertext, one tag, two keys, a chosen text under each."""
    keys, nonce, aad = (seed(0x11), seed(0x12)), b"\x0c" * 12, b"m1"
    texts = b"pay Bea 1 euro!!", b"pay Eve 999 euro"
    streams = [keystream(key, nonce, 3 * BLOCK) for key in keys]
    blocks = xor(texts[0], streams[0][:BLOCK]) + xor(texts[1], streams[1][BLOCK : 2 * BLOCK])
    sealed = collide(blocks + bytes(BLOCK), 2, keys, (nonce, nonce), aad)
    given = {"nonce": nonce.hex(), "ciphertext": sealed.hex(), "aad": aad.hex()}
    made = [
        gives(f"one ciphertext under key {i}", "gcm_open", key=key.hex(), **given)
        for i, key in enumerate(keys, 1)
    ]
    assert bytes.fromhex(made[0]["out"]["plaintext"]).startswith(texts[0])
    assert texts[1] in bytes.fromhex(made[1]["out"]["plaintext"])
    return [*made, refuses("but not under a third", "gcm_open", key=seed(0x13).hex(), **given)]


def _two_salts() -> list[Case]:
    """A message whose AEAD accepts two salts, because a block of its padding is free.

    The free block cannot lie in M or kf: C covers them, C is in the header, and the
    header is in the keys. So the rule of zero padding and C together refuse the trick.
    """
    commitment = franking.commit(KF, conn=CONN, sender=A, mid=MID, body=BODY)
    header = envelope.encode_header(
        conn=CONN, n=1, epoch_hash=EPOCH_1.record.hash, sender=A, device=DEVICE_A.id, ctr=7,
        mid=MID, kind=1, ttl=0, commitment=commitment,
    )  # fmt: skip
    direction = envelope.direction_key(EPOCH_1.secret, A)
    (key, nonce), (other, other_nonce) = (
        envelope.message_key(direction, salt, header) for salt in (SALT, OTHER_SALT)
    )
    plain = xor(envelope.pad(KF, BODY), keystream(key, nonce, 256))
    sealed = collide(plain, LAST_BLOCK, (key, other), (nonce, other_nonce), header)
    raw = cat("m1:env", header, sealed, envelope.self_mac(UK_A.seed, header, sealed))
    opening = {
        "envelope": raw.hex(),
        "record": EPOCH_1.record.raw.hex(),
        "secret": EPOCH_1.secret.hex(),
        "own_uid": B.hex(),
        "user_seeds": {"1": UK_B.seed.hex()},
    }
    given = {"ciphertext": sealed.hex(), "aad": header.hex()}
    return [
        gives("AEAD accepts one salt", "gcm_open", key=key.hex(), nonce=nonce.hex(), **given),
        gives(
            "AEAD accepts the other", "gcm_open", key=other.hex(), nonce=other_nonce.hex(), **given
        ),
        refuses("message refused under one salt", "message_open", salt=SALT.hex(), **opening),
        refuses(
            "message refused under the other", "message_open", salt=OTHER_SALT.hex(), **opening
        ),
    ]
