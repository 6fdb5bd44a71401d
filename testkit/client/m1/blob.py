"""Attachments (4.11): header, key commitment, chunks in the STREAM construction."""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from e2ee.encoding import cat, h, u8, u32
from e2ee.errors import BadEncoding, BadSignature
from e2ee.padding import padme
from testkit.client.m1.symmetric import hkdf

MAGIC = b"M1BL"
VERSION = 1
HEADER_LEN = 54
TAG_LEN = 16
LOG2_MIN, LOG2_MAX, LOG2_DEFAULT = 16, 20, 18
FILE, THUMB = "file", "thumb"
THUMB_PADDED = 32 * 1024


def seal_blob(
    plaintext: bytes, file_key: bytes, *, role: str = FILE, log2: int = LOG2_DEFAULT,
    salt: bytes | None = None,
) -> bytes:  # fmt: skip
    key, prefix, commitment, salt = _keys(file_key, salt or secrets.token_bytes(16), role)
    header = MAGIC + u8(VERSION) + u8(log2) + salt + commitment
    padded = plaintext.ljust(_padded_length(len(plaintext), role), b"\0")
    size = 1 << log2
    count = max(1, -(-len(padded) // size))
    cipher, aad = AESGCM(key), h(header)
    return header + b"".join(
        cipher.encrypt(prefix + u32(i) + u8(i == count - 1), padded[i * size : (i + 1) * size], aad)
        for i in range(count)
    )


def open_blob(
    blob: bytes, file_key: bytes, *, size: int, digest: bytes, log2: int, role: str = FILE
) -> bytes:
    """Refuses before it returns a byte: the hash that M names first, then length, commitment,
    every chunk and the padding."""
    if not LOG2_MIN <= log2 <= LOG2_MAX:
        raise BadEncoding("the chunk size of the blob is out of bounds")
    padded = _padded_length(size, role)
    if len(blob) != sealed_size(size, log2=log2, role=role):
        raise BadEncoding("the blob is cut or lengthened")
    if not hmac.compare_digest(h(blob), digest):
        raise BadSignature("another ciphertext than the message names")
    header, rest = blob[:HEADER_LEN], blob[HEADER_LEN:]
    key, prefix, commitment, salt = _keys(file_key, header[6:22], role)
    if not hmac.compare_digest(header, MAGIC + u8(VERSION) + u8(log2) + salt + commitment):
        raise BadSignature("another header, or another key")
    plaintext = _open_chunks(AESGCM(key), prefix, h(header), rest, (1 << log2) + TAG_LEN)
    if any(plaintext[size:padded]):
        raise BadEncoding("padding that is not zero")
    return plaintext[:size]


def sealed_size(size: int, *, log2: int = LOG2_DEFAULT, role: str = FILE) -> int:
    """Bytes of the blob of a file of `size` bytes."""
    padded = _padded_length(size, role)
    return HEADER_LEN + padded + max(1, -(-padded // (1 << log2))) * TAG_LEN


def _open_chunks(cipher: AESGCM, prefix: bytes, aad: bytes, rest: bytes, stride: int) -> bytes:
    count = max(1, -(-len(rest) // stride))
    try:
        return b"".join(
            cipher.decrypt(
                prefix + u32(i) + u8(i == count - 1), rest[i * stride : (i + 1) * stride], aad
            )
            for i in range(count)
        )
    except (InvalidTag, ValueError):
        raise BadSignature("a chunk of the blob does not open") from None


def _padded_length(length: int, role: str) -> int:
    if role != THUMB:
        return padme(length)
    if length > THUMB_PADDED:
        raise BadEncoding("a thumbnail has at most 32 KiB")
    return THUMB_PADDED


def _keys(file_key: bytes, salt: bytes, role: str) -> tuple[bytes, bytes, bytes, bytes]:
    okm = hkdf(salt, file_key, cat("m1:blob", role.encode()), 71)
    return okm[:32], okm[32:39], okm[39:], salt
