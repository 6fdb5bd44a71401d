"""Bytes on the wire have one spelling (docs/encryption.md 4.1)."""

import pytest

from chatsite.edge.wire import B32, Body, Id, Malformed, decoder, encoder

ID = Id(bytes(range(16)))


class Sample(Body):
    id: Id
    note: bytes = b""


def test_an_id_comes_back_as_it_was_sent():
    raw = encoder.encode(Sample(id=ID))
    assert raw == b'{"id":"AAECAwQFBgcICQoLDA0ODw=="}'
    assert decoder(Sample).decode(raw) == Sample(id=ID)


@pytest.mark.parametrize(
    "text",
    [
        '"AAECAwQFBgcICQoLDA0ODx=="',  # trailing bits set
        '"AAECAwQFBgcICQoLDA0ODw"',  # no padding
        '"AAECAwQFBgcICQoLDA0ODw==\\n"',
        '"__ECAwQFBgcICQoLDA0ODw=="',  # the URL alphabet
        '"AAECAwQFBgcICQoLDA0O"',  # 15 bytes
        '"AAECAwQFBgcICQoLDA0ODxA="',  # 17 bytes
        '"é"',
        "5",
        "null",
    ],
)
def test_every_other_spelling_is_refused(text: str):
    with pytest.raises(Malformed):
        decoder(Sample).decode(b'{"id":%b}' % text.encode())


def test_a_member_nobody_declared_is_refused():
    good = encoder.encode(Sample(id=ID))
    with pytest.raises(Malformed):
        decoder(Sample).decode(good[:-1] + b',"more":1}')


def test_fixed_bytes_know_their_length():
    assert B32.parse("A" * 43 + "=") == bytes(32)
    with pytest.raises(ValueError, match="32 bytes"):
        B32.parse("AAAA")
