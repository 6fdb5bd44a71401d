from typing import Any

from e2ee.encoding import MAX_UINT, cat, h, u8, u32
from e2ee.padding import BUCKETS, PREFIX_LEN
from testkit.client.m1 import envelope, epochs, franking
from testkit.client.m1.envelope import Sealed
from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses, repeat
from tests.vectors.scene import (
    CONN,
    DEVICE_A,
    DEVICE_B,
    EPOCH_0,
    EPOCH_1,
    MID,
    UK_A,
    UK_B,
    A,
    B,
    T,
    seed,
)

BODY = '{"t":"text","body":"grüß dich 👋"}'.encode()
KF, SALT = seed(0x44), seed(0x55)


def cases() -> list[Case]:
    return [*_shortened(), *_printed(), *_buckets(), *_opens(), *_tampered(), *_lies()]


def _shortened() -> list[Case]:
    """The message layer of 4.19 under a shortened epoch header."""
    heads = [h(cat("m1:epoch-hdr", u8(1), CONN, u32(n))) for n in (0, 1)]
    zero = epochs.root_secret(heads[0], seed(1), CONN, None, None)
    one = epochs.root_secret(heads[1], seed(2), CONN, 0, zero)
    commitment = franking.commit(KF, conn=CONN, sender=A, mid=MID, body=BODY)
    fields = {**_fields(), "n": 1, "epoch_hash": heads[1].hex(), "conn": CONN.hex()}
    made = gives("short: header", "message_header", commitment=commitment.hex(), **fields)
    header = made["out"]["header"]

    def secret(n: int, parent: int | None, parent_secret: str | None) -> Case:
        given = {"conn": CONN.hex(), "parent": parent, "parent_secret": parent_secret}
        return gives(
            f"short: ES_{n}",
            "epoch_secret",
            header_hash=heads[n].hex(),
            x=repeat(f"0{n + 1}", 32),
            **given,
        )

    sealed = {"kf": KF.hex(), "body": BODY.hex(), "salt": SALT.hex(), "sender": A.hex()}
    encrypted = gives("short: ct", "message_encrypt", header=header, secret=one.hex(), **sealed)
    return [
        secret(0, None, None),
        secret(1, 0, zero.hex()),
        gives("short: dk_A", "direction_key", secret=one.hex(), sender=A.hex()),
        gives(
            "short: C",
            "commitment",
            kf=KF.hex(),
            conn=CONN.hex(),
            sender=A.hex(),
            mid=MID.hex(),
            body=BODY.hex(),
        ),
        made,
        encrypted,
        gives(
            "short: R",
            "server_tag",
            key=seed(0x66).hex(),
            kid="k1",
            header=header,
            recipient=B.hex(),
            ciphertext_hash=encrypted["out"]["hash"],
            server_ms=T,
        ),
    ]


def _printed() -> list[Case]:
    return [
        gives("message under E_1", "message_seal", **_sealing(BODY)),
        gives(
            "message under E_1, silent with ttl", "message_seal", **_sealing(BODY, kind=2, ttl=60)
        ),
    ]


def _buckets() -> list[Case]:
    edges = [0, *(size - PREFIX_LEN + over for size in BUCKETS for over in (0, 1))]
    last = edges.pop()
    return [
        *(
            gives(f"message of {length} bytes", "message_seal", **_sealing(repeat("61", length)))
            for length in edges
        ),
        *(gives(f"bucket of {length}", "message_bucket", length=length) for length in edges),
        refuses("message too long", "message_seal", **_sealing(repeat("61", last))),
        refuses("no bucket", "message_bucket", length=last),
    ]


def _opens() -> list[Case]:
    mine, theirs = _sealed(), _sealed(sender=B, device=DEVICE_B.id, user_seed=UK_B.seed)
    full = _sealed(body=b"a" * (BUCKETS[3] - PREFIX_LEN))
    return [
        gives("the recipient opens", "message_open", **_opening(mine, own=B)),
        gives("another device of the sender opens", "message_open", **_opening(mine)),
        gives("the other direction opens", "message_open", **_opening(theirs)),
        gives("a full bucket opens", "message_open", **_opening(full)),
        gives("the self MAC is not the recipient's to check", "message_open", **_opening(
            _spoilt(mine, -1), own=B)),
        refuses("planted in my own history", "message_open", **_opening(_spoilt(mine, -1))),
        refuses(
            "my own message without the user key of its generation",
            "message_open",
            **{**_opening(mine), "user_seeds": {"2": UK_A.seed.hex()}},
        ),
    ]  # fmt: skip


def _tampered() -> list[Case]:
    sealed = _sealed()
    raw, length = sealed.envelope, len(sealed.envelope)
    ct_at = 14 + 205 + 4
    refused = {
        f"a flipped bit in byte {i}": _spoilt(sealed, i)
        for i in (0, 4, 9, 24, 29, 34, 60, 100, 150, 190, 218, ct_at, ct_at + 250)
    }
    cut = {
        "cut by a byte": raw[:-1],
        "with a byte more": raw + b"\0",
        "with a self MAC short": raw[:-36] + b"\0\0\0\x1f" + raw[-31:],
        "with a ciphertext of no bucket": cat("m1:env", raw[14:219], raw[223:400], raw[-32:]),
        "of nothing": b"",
    }
    swapped = _sealed(sender=B, device=DEVICE_B.id, user_seed=UK_B.seed)
    reflected = cat("m1:env", raw[14:219].replace(A, B, 1), raw[223:-36], raw[-32:])
    mine = _opening(sealed, own=B)
    other = {
        "salt": "56" * 32,
        "record": EPOCH_0.record.raw.hex(),
        "secret": EPOCH_0.secret.hex(),
    }
    assert length == len(swapped.envelope) == len(reflected)
    return [
        *(
            refuses(f"message: {name}", "message_open", **_given(data, own=B))
            for name, data in {**refused, **cut}.items()
        ),
        refuses("message: reflected as B's", "message_open", **_given(reflected, own=A)),
        *(
            refuses(f"message: another {name}", "message_open", **{**mine, name: value})
            for name, value in other.items()
        ),
        *(
            refuses(f"message: {name}", "message_open", **_given(data, own=B))
            for name, data in _headers().items()
        ),
    ]  # fmt: skip


def _headers() -> dict[str, bytes]:
    """Well-sealed messages whose header breaks a rule."""
    return {
        "version 2": _handmade(version=2),
        "suite 1": _handmade(suite=1),
        "kind 0": _handmade(kind=0),
        "kind 3": _handmade(kind=3),
        "ctr 0": _handmade(ctr=0),
        "ctr above 2^53 - 1": _handmade(ctr=MAX_UINT + 1),
        "another connection": _handmade(conn=b"\x77" * 16),
        "n that is not the epoch's": _handmade(n=0),
        "another epoch hash": _handmade(epoch_hash=EPOCH_0.record.hash),
        "a sender from outside": _handmade(sender=b"\xcc" * 16),
    }


def _lies() -> list[Case]:
    """A sender who breaks the plaintext's rules; the AEAD is in order."""
    short = (u32(len(BODY)) + KF + BODY).ljust(256, b"\0")
    padded = {
        "non-zero padding": short[:-1] + b"\x01",
        "non-zero padding at once": short[: 36 + len(BODY)] + b"\x01" + bytes(255 - 36 - len(BODY)),
        "a length beyond the bucket": u32(221) + short[4:],
        "a length of 2^32 - 1": u32(2**32 - 1) + short[4:],
        "a length one short": u32(len(BODY) - 1) + short[4:],
        "another kf": short[:4] + seed(0x45) + short[36:],
        "another body than C says": short.replace(b"dich", b"mich"),
    }
    return [
        gives("handmade, in order", "message_open", **_given(_handmade(), own=B)),
        *(
            refuses(
                f"lying sender: {name}", "message_open", **_given(_handmade(plaintext=p), own=B)
            )
            for name, p in padded.items()
        ),
        refuses(
            "lying sender: C of another message",
            "message_open",
            **_given(_handmade(commitment=bytes(32)), own=B),
        ),
    ]


def _fields(**changed: Any) -> dict[str, Any]:
    given = {
        "sender": A.hex(),
        "device": DEVICE_A.id.hex(),
        "ctr": 7,
        "mid": MID.hex(),
        "kind": 1,
        "ttl": 0,
    }
    return {**given, **changed}


def _sealing(body: Any, **changed: Any) -> dict[str, Any]:
    return {
        "body": body.hex() if isinstance(body, bytes) else body,
        "record": EPOCH_1.record.raw.hex(),
        "secret": EPOCH_1.secret.hex(),
        "user_seed": UK_A.seed.hex(),
        "kf": KF.hex(),
        "salt": SALT.hex(),
        **_fields(**changed),
    }


def _sealed(**changed: Any) -> Sealed:
    given = {
        "body": BODY,
        "epoch": EPOCH_1,
        "sender": A,
        "device": DEVICE_A.id,
        "ctr": 7,
        "mid": MID,
        "user_seed": UK_A.seed,
        "franking_key": KF,
        "salt": SALT,
    }
    return envelope.seal(**{**given, **changed})


def _handmade(plaintext: bytes | None = None, **changed: Any) -> bytes:
    given = {
        "conn": CONN,
        "n": 1,
        "epoch_hash": EPOCH_1.record.hash,
        "sender": A,
        "device": DEVICE_A.id,
        "ctr": 7,
        "mid": MID,
        "kind": 1,
        "ttl": 0,
        **changed,
    }
    honest = franking.commit(KF, conn=given["conn"], sender=given["sender"], mid=MID, body=BODY)
    header = envelope.encode_header(**{"commitment": honest, **given})
    ciphertext = envelope.encrypt(
        header,
        plaintext or envelope.pad(KF, BODY),
        salt=SALT,
        secret=EPOCH_1.secret,
        sender=given["sender"],
    )
    return cat("m1:env", header, ciphertext, envelope.self_mac(UK_A.seed, header, ciphertext))


def _spoilt(sealed: Sealed, at: int) -> bytes:
    data = bytearray(sealed.envelope)
    data[at] ^= 1
    return bytes(data)


def _opening(sealed: Sealed | bytes, own: bytes = A) -> dict[str, Any]:
    return _given(sealed if isinstance(sealed, bytes) else sealed.envelope, own)


def _given(raw: bytes, own: bytes) -> dict[str, Any]:
    return {
        "envelope": raw.hex(),
        "salt": SALT.hex(),
        "record": EPOCH_1.record.raw.hex(),
        "secret": EPOCH_1.secret.hex(),
        "own_uid": own.hex(),
        "user_seeds": {"1": (UK_A if own == A else UK_B).seed.hex()},
    }
