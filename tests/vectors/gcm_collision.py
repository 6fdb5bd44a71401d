"""One AES-GCM ciphertext that opens under two keys (docs/encryption.md, section 1).

GHASH is linear: one free block is solved so that both keys give the same tag.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16
_REDUCTION = 0xE1 << 120
_ONE = 1 << 127


def collide(
    ciphertext: bytes, free: int, keys: tuple[bytes, bytes], nonces: tuple[bytes, bytes], aad: bytes
) -> bytes:
    """`ciphertext`, whole blocks of which number `free` is replaced, with the common tag."""
    start = free * BLOCK
    blank = ciphertext[:start] + bytes(BLOCK) + ciphertext[start + BLOCK :]
    exponent = (len(blank) - start) // BLOCK + 1
    hashes = [_encrypt(key, bytes(BLOCK)) for key in keys]
    sums = [
        _ghash(hash_key, aad, blank) ^ _encrypt(key, nonce + b"\0\0\0\1")
        for hash_key, key, nonce in zip(hashes, keys, nonces, strict=True)
    ]
    factor = _power(hashes[0], exponent) ^ _power(hashes[1], exponent)
    block = _multiply(sums[0] ^ sums[1], _power(factor, 2**128 - 2))
    tag = sums[0] ^ _multiply(block, _power(hashes[0], exponent))
    return blank[:start] + block.to_bytes(BLOCK) + blank[start + BLOCK :] + tag.to_bytes(BLOCK)


def keystream(key: bytes, nonce: bytes, length: int) -> bytes:
    """What GCM adds to the text: CTR from 2."""
    cipher = Cipher(algorithms.AES(key), modes.CTR(nonce + b"\0\0\0\2")).encryptor()
    return cipher.update(bytes(length))


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _encrypt(key: bytes, block: bytes) -> int:
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return int.from_bytes(cipher.update(block))


def _ghash(hash_key: int, aad: bytes, ciphertext: bytes) -> int:
    lengths = (8 * len(aad)).to_bytes(8) + (8 * len(ciphertext)).to_bytes(8)
    data = _whole(aad) + _whole(ciphertext) + lengths
    total = 0
    for start in range(0, len(data), BLOCK):
        total = _multiply(total ^ int.from_bytes(data[start : start + BLOCK]), hash_key)
    return total


def _whole(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def _power(value: int, exponent: int) -> int:
    result = _ONE
    while exponent:
        if exponent & 1:
            result = _multiply(result, value)
        value = _multiply(value, value)
        exponent >>= 1
    return result


def _multiply(one: int, other: int) -> int:
    """GF(2^128) in GCM's reflected order of bits (NIST SP 800-38D, 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = other >> 1 ^ (_REDUCTION if other & 1 else 0)
    return product
