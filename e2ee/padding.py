"""Sizes that hide sizes: message buckets (4.8) and Padmé for files (4.11)."""

from typing import Final

from e2ee.errors import BadEnvelope

BUCKETS: Final = (256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
TAG_LEN: Final = 16
PREFIX_LEN: Final = 36
"""What stands before M in a bucket: u32 length and the 32-byte franking key."""

MAX_BODY: Final = BUCKETS[-1] - PREFIX_LEN
CIPHERTEXT_LENGTHS: Final = frozenset(size + TAG_LEN for size in BUCKETS)


def bucket(body_length: int) -> int:
    """The smallest bucket for `body_length` bytes of M."""
    for size in BUCKETS:
        if body_length + PREFIX_LEN <= size:
            return size
    raise BadEnvelope(f"a message has at most {MAX_BODY} bytes")


def padme(length: int) -> int:
    """Padmé (Nikitin et al., PETS 2019): at most 12 % more, O(log log) bits leaked."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    kept_bits = exponent.bit_length()
    step = 1 << (exponent - kept_bits)
    return -(-length // step) * step
