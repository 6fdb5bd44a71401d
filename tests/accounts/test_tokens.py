import pytest

from accounts import tokens
from e2ee.encoding import from_base64, to_base64
from e2ee.errors import BadProof
from messaging.protocol import TOKEN_MAX

NOW = 1_760_000_000_000
KEYS = [("k2", b"2" * 32), ("k1", b"1" * 32)]
CLAIMS = {
    "uid": b"u" * 16, "session": b"s" * 16, "device": b"d" * 16, "signing_key": b"k" * 32,
}  # fmt: skip


def make(keys=KEYS) -> str:
    return tokens.make(keys, **CLAIMS, now_ms=NOW)


def test_a_token_says_who_and_on_which_device():
    claims = tokens.check(KEYS, make(), NOW)
    assert claims == tokens.Claims(**CLAIMS, expires=NOW + 600_000)
    assert len(make()) < TOKEN_MAX


def test_a_token_of_an_older_key_still_opens():
    assert tokens.check(KEYS, make(KEYS[1:]), NOW).uid == CLAIMS["uid"]


def test_a_token_lapses_after_ten_minutes():
    assert tokens.check(KEYS, make(), NOW + 599_999)
    with pytest.raises(BadProof, match="too old"):
        tokens.check(KEYS, make(), NOW + 600_000)


def test_forged_tokens():
    raw = from_base64(make())
    forged = [to_base64(raw[:i] + bytes([raw[i] ^ 1]) + raw[i + 1 :]) for i in range(len(raw))]
    foreign = make([("k2", b"3" * 32)])
    for token in [*forged, foreign, to_base64(raw[:-1]), to_base64(raw + b"\0"), "", "%", "é"]:
        with pytest.raises(BadProof):
            tokens.check(KEYS, token, NOW)
