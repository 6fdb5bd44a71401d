from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses

EXAMPLE = "000000046d313a78000000010100000000000000026162"


def cases() -> list[Case]:
    return [*_cat(), *_parse(), *_base64(), *_primitives()]


def _cat() -> list[Case]:
    return [
        gives("cat of the document", "cat", label="m1:x", fields=["01", "", "6162"]),
        gives("cat of a label alone", "cat", label="m1:pair", fields=[]),
    ]


def _parse() -> list[Case]:
    def refused(name: str, data: str, **changed: object) -> Case:
        given = {"label": "m1:x", "widths": [1, 0, 2], **changed}
        return refuses(name, "parse", bytes=data, **given)

    return [
        gives("parse", "parse", bytes=EXAMPLE, label="m1:x", widths=[1, 0, 2]),
        gives("parse any width", "parse", bytes=EXAMPLE, label="m1:x", widths=[1, None, None]),
        refused("parse cut by one byte", EXAMPLE[:-2]),
        refused("parse cut inside a length", EXAMPLE[:20]),
        refused("parse of nothing", ""),
        refused("parse with a byte after the end", EXAMPLE + "00"),
        refused("parse with a field more", EXAMPLE + "00000000"),
        refused("parse with a field less", EXAMPLE, widths=[1, 0, 2, 0]),
        refused("parse of another label", EXAMPLE, label="m1:y"),
        refused("parse of a longer label", EXAMPLE, label="m1:xx"),
        refused("parse of another width", EXAMPLE, widths=[1, 0, 3]),
        refused("parse of a length beyond the end", EXAMPLE[:-12] + "7fffffff6162"),
    ]


def _base64() -> list[Case]:
    def refused(name: str, text: str, length: int | None = None) -> Case:
        return refuses(name, "base64", text=text, length=length)

    return [
        gives("base64", "base64", text="/+8=", length=2),
        gives("base64 of nothing", "base64", text="", length=0),
        gives("id in a URL", "id_hex", text="000102030405060708090a0b0c0d0e0f"),
        refused("base64 with stray bits", "w0=="),
        refused("base64 x== for w==", "xx=="),
        refused("base64 without padding", "/+8"),
        refused("base64 with too much padding", "/+8=="),
        refused("base64url", "_-8="),
        refused("base64 with a space", "/+ 8="),
        refused("base64 with a line break", "/+8=\n"),
        refused("base64 beyond ASCII", "/+8\u00e9"),
        refused("base64 of another length", "/+8=", 3),
        refuses("id in capitals", "id_hex", text="000102030405060708090A0B0C0D0E0F"),
        refuses("id with hyphens", "id_hex", text="00010203-0405-0607-0809-0a0b0c0d0e0f"),
        refuses("id too short", "id_hex", text="000102030405060708090a0b0c0d0e"),
        refuses("id with a line break", "id_hex", text="000102030405060708090a0b0c0d0e0f\n"),
    ]


def _primitives() -> list[Case]:
    box = {"key": "11" * 32, "aad": "6161"}
    sealed = gives("box", "box_seal", nonce="0c" * 12, plaintext="00ff", **box)
    whole = sealed["out"]["box"]
    return [
        gives("hkdf, three blocks", "hkdf", salt="00" * 32, ikm="0b", info="0102", length=71),
        sealed,
        gives("box opens", "box_open", box=whole, **box),
        refuses("box with another aad", "box_open", key="11" * 32, aad="6162", box=whole),
        refuses("box with another key", "box_open", key="12" * 32, aad="6161", box=whole),
        refuses("box cut", "box_open", box=whole[:-2], **box),
        refuses("box shorter than a nonce", "box_open", box="0c0c", **box),
    ]
