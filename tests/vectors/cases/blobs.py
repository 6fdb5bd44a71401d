from typing import Any

from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses, repeat

CHUNK = 65_536
COUNTED = {"modulo": 251, "length": 150_001}
UNTOUCHED: dict[str, Any] = {"set": [], "keep": None, "swap": None, "append": ""}
SEALED = 54  # bytes before the first chunk
STRIDE = CHUNK + 16


def cases() -> list[Case]:
    return [*_seals(), *_opens(), *_tampered(), *_padme()]


def _seals() -> list[Case]:
    three = {"modulo": 251, "length": 3 * CHUNK}
    return [
        gives("blob of 150 001 bytes", "blob_seal", **_given(COUNTED)),
        gives("empty blob", "blob_seal", **_given("")),
        gives("blob of one byte", "blob_seal", **_given("00")),
        gives("blob of a chunk", "blob_seal", **_given(repeat("00", CHUNK))),
        gives("blob of a chunk and a byte", "blob_seal", **_given(repeat("61", CHUNK + 1))),
        gives("blob of three chunks", "blob_seal", **_given(three)),
        gives("blob with big chunks", "blob_seal", **_given(COUNTED, log2=20)),
        gives("thumbnail", "blob_seal", **_given("ffd8", role="thumb")),
        refuses("thumbnail too big", "blob_seal", **_given(repeat("ff", 32_769), role="thumb")),
    ]


def _opens() -> list[Case]:
    return [
        gives("empty blob opens", "blob_open", **_opening("", 0)),
        gives("one byte opens", "blob_open", **_opening("00", 1)),
        gives("a chunk opens", "blob_open", **_opening(repeat("00", CHUNK), CHUNK)),
        gives(
            "a chunk and a byte opens", "blob_open", **_opening(repeat("61", CHUNK + 1), CHUNK + 1)
        ),
        gives("three chunks open", "blob_open", **_opening(COUNTED, 150_001)),
        gives(
            "thumbnail opens",
            "blob_open",
            **{**_opening("ffd8", 2, role="thumb"), "open_role": "thumb"},
        ),
    ]


def _tampered() -> list[Case]:
    changes: dict[str, dict[str, Any]] = {
        "another magic": {"set": [[0, 0]]},
        "version 2": {"set": [[4, 2]]},
        "chunk size 2^15": {"set": [[5, 15]]},
        "chunk size 2^21": {"set": [[5, 21]]},
        "another chunk size": {"set": [[5, 17]]},
        "another salt": {"set": [[6, 0]]},
        "another commitment": {"set": [[22, 0]]},
        "a changed byte": {"set": [[60, 0]]},
        "cut after a chunk": {"keep": SEALED + 2 * STRIDE},
        "cut by a byte": {"keep": 151_653},
        "nothing but the header": {"keep": SEALED},
        "half a header": {"keep": 30},
        "two chunks swapped": {"swap": [SEALED, SEALED + STRIDE, STRIDE]},
        "a byte appended": {"append": "00"},
        "a tag's length appended": {"append": "00" * 16},
        "two chunks swapped, the last one cut": {
            "swap": [SEALED, SEALED + STRIDE, STRIDE],
            "keep": SEALED + 2 * STRIDE,
        },
        "a whole chunk appended": {"append": {"modulo": 251, "length": STRIDE}},
        "another chunk size than the message names": {"open_log2": 17},
        "a chunk size of 2^15 in the message": {"open_log2": 15},
        "another key": {"open_fk": "78" * 32},
        "another role": {"open_role": "thumb"},
        "a size beyond the blob": {"open_size": 151_553},
        "a size far below the blob": {"open_size": 1000},
        "padding that is not zero": {"open_size": 150_000},
    }
    return [
        refuses(f"blob: {name}", "blob_open", **{**_opening(COUNTED, 150_001), **changed})
        for name, changed in changes.items()
    ] + [
        refuses(
            "blob: a full chunk and sixteen bytes",
            "blob_open",
            **{**_opening(repeat("00", CHUNK), CHUNK), "append": "00" * 16},
        ),
        refuses(
            "blob: another ciphertext than the message names",
            "blob_open",
            **{**_opening("00", 1), "set": [[60, 0]], "open_hash": "sealed"},
        ),
    ]


def _padme() -> list[Case]:
    lengths = (0, 1, 2, 3, 7, 8, 9, 10, 255, 256, 257, 1000, 65_536, 65_537, 150_001, 10**7)
    return [gives(f"Padmé of {each}", "padme_length", length=each) for each in lengths]


def _given(plaintext: Any, **changed: Any) -> dict[str, Any]:
    given = {
        "plaintext": plaintext,
        "fk": "77" * 32,
        "salt": "88" * 16,
        "role": "file",
        "log2": 16,
    }
    return {**given, **changed}


def _opening(plaintext: Any, size: int, **changed: Any) -> dict[str, Any]:
    opened = {
        "open_fk": "77" * 32,
        "open_size": size,
        "open_role": "file",
        "open_log2": 16,
        "open_hash": "changed",
    }
    return {**_given(plaintext, **changed), **UNTOUCHED, **opened}
