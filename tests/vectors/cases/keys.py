from e2ee.signatures import SMALL_ORDER
from testkit.client.m1.keys import KemKey, hpke_seal
from tests.vectors import scene
from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses
from tests.vectors.wraps import WRAPS

P = 2**255 - 19
TRIVIAL_SIGNATURE = "01" + "00" * 63  # passes under y = 1 for every message


def cases() -> list[Case]:
    return [*_public_keys(), *_small_order(), *_above_p(), *_signatures(), *_hpke()]


def _public_keys() -> list[Case]:
    signing = {"AIK_A": 0xA1, "DSK_A": 0xA2, "AIK_B": 0xB1, "DSK_B": 0xB2}
    kem = {"DKK_A": 0xA3, "UK_A": 0xA4, "recovery_A": 0xA5, "UK_B": 0xB4}
    return [
        *(gives(name, "ed25519_public", seed=_seed(byte)) for name, byte in signing.items()),
        *(gives(name, "kem_public", seed=_seed(byte)) for name, byte in kem.items()),
    ]


def _seed(byte: int) -> str:
    return scene.seed(byte).hex()


def _small_order() -> list[Case]:
    keys = [key[:31] + bytes([key[31] | sign]) for key in sorted(SMALL_ORDER) for sign in (0, 0x80)]
    return [
        gives("an honest key passes", "ed25519_check", public=scene.AIK_A.public.hex()),
        *(
            refuses(f"small-order key {i}", "ed25519_check", public=key.hex())
            for i, key in enumerate(keys, 1)
        ),
        *(
            refuses(
                f"small-order key {i} verifies nothing",
                "ed25519_verify",
                public=key.hex(),
                signature=TRIVIAL_SIGNATURE,
                message="6d31",
            )
            for i, key in enumerate(keys, 1)
        ),
    ]


def _above_p() -> list[Case]:
    return [
        refuses(
            f"y = p + {extra}, sign {sign}",
            "ed25519_check",
            public=(P + extra + (sign << 255)).to_bytes(32, "little").hex(),
        )
        for extra in (2, 3, 9, 18)
        for sign in (0, 1)
    ] + [refuses("a key of 31 bytes", "ed25519_check", public="00" * 31)]


def _signatures() -> list[Case]:
    message = b"m1"
    honest = scene.AIK_A.sign(message)
    order = 2**252 + 27742317777372353535851937790883648493
    malleated = honest[:32] + (int.from_bytes(honest[32:], "little") + order).to_bytes(32, "little")
    key = scene.AIK_A.public.hex()

    def refused(name: str, signature: bytes, data: bytes = message) -> Case:
        return refuses(
            name, "ed25519_verify", public=key, signature=signature.hex(), message=data.hex()
        )

    return [
        gives(
            "a signature verifies",
            "ed25519_verify",
            public=key,
            signature=honest.hex(),
            message=message.hex(),
        ),
        refused("a signature of another message", honest, b"m2"),
        refused("a signature with a flipped bit", bytes([honest[0] ^ 1]) + honest[1:]),
        refused("a malleated signature (S + L)", malleated),
        refused("a signature of 63 bytes", honest[:63]),
    ]


def _hpke() -> list[Case]:
    key, info = KemKey(scene.seed(0xA3)), b"m1 info"
    sealed = WRAPS.get("plain", lambda: hpke_seal(key.public, scene.seed(0x5E), info))
    spoilt = sealed[:-1] + bytes([sealed[-1] ^ 1])

    def given(wrap: bytes = sealed, about: bytes = info, seed: int = 0xA3) -> dict[str, str]:
        return {"seed": _seed(seed), "info": about.hex(), "sealed": wrap.hex()}

    return [
        gives("HPKE opens", "hpke_open", **given()),
        refuses("HPKE under another info", "hpke_open", **given(about=b"m1 infO")),
        refuses("HPKE with another key", "hpke_open", **given(seed=0xA4)),
        refuses("HPKE with a flipped bit", "hpke_open", **given(spoilt)),
        refuses("HPKE cut", "hpke_open", **given(sealed[:-1])),
        refuses("HPKE shorter than enc", "hpke_open", **given(sealed[:1000])),
    ]
