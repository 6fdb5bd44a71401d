"""Encodings that vectors cannot show: numbers out of range, and round trips of records."""

import pytest

from e2ee import kem
from e2ee.encoding import cat, parse, u8, u32, u64
from e2ee.errors import BadEncoding, BadKey
from tests.vectors.scene import UK_A


def test_numbers_have_fixed_width() -> None:
    assert (u8(255), u32(1), u64(2**64 - 1)) == (b"\xff", b"\0\0\0\x01", b"\xff" * 8)


@pytest.mark.parametrize("width", [u8, u32, u64])
@pytest.mark.parametrize("value", [-1, 2**64])
def test_a_number_out_of_range_is_refused(width, value) -> None:
    with pytest.raises(BadEncoding):
        width(value)


def test_every_cut_of_a_record_is_refused() -> None:
    record = cat("m1:x", b"one", b"", bytes(300))
    widths = (3, None, None)
    assert parse(record, "m1:x", widths) == (b"one", b"", bytes(300))
    for length in range(len(record)):
        with pytest.raises(BadEncoding):
            parse(record[:length], "m1:x", widths)


def test_an_x_wing_key_has_one_length() -> None:
    kem.check_public_key(UK_A.public)
    with pytest.raises(BadKey):
        kem.check_public_key(UK_A.public + b"\0")
