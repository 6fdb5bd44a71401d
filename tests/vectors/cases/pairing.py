from testkit.client.m1 import userkeys
from tests.vectors import scene
from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses, repeat
from tests.vectors.scene import AIK_A, DEVICE_A, DEVICE_A2, LINK_A2, LINK_SECRET, UK_A
from tests.vectors.wraps import WRAPS

TYPED = "0123-4567 89ab-cdef ghjk-mnpq"


def cases() -> list[Case]:
    return [*_secrets(), *_offers(), *_answers(), *_hand_over()]


def _secrets() -> list[Case]:
    return [
        gives("pairing secrets", "pair_derive", typed=LINK_SECRET),
        gives("typed in small letters with hyphens", "pair_derive", typed=TYPED),
        gives("O, I and L typed", "pair_derive", typed="oil" * 8),
        refuses("a character too few", "pair_derive", typed=LINK_SECRET[:-1]),
        refuses("a character too many", "pair_derive", typed=LINK_SECRET + "0"),
        refuses("a letter that is not in the alphabet", "pair_derive", typed="U" + "0" * 23),
        refuses("a letter beyond ASCII", "pair_derive", typed="\u0131" + "0" * 23),
    ]


def _offers() -> list[Case]:
    offer = {
        "typed": LINK_SECRET,
        "device": DEVICE_A2.id.hex(),
        "signing_key": DEVICE_A2.signing.public.hex(),
        "kem_key": DEVICE_A2.kem.public.hex(),
    }
    made = gives("offer of d2", "pair_offer", **offer)
    mac = made["out"]["mac"]
    swapped = {**offer, "signing_key": DEVICE_A.signing.public.hex()}
    return [
        made,
        gives("the offer verifies", "pair_check_offer", mac=mac, **offer),
        refuses("an offer with another key", "pair_check_offer", mac=mac, **swapped),
        refuses(
            "an offer under another code",
            "pair_check_offer",
            mac=mac,
            **{**offer, "typed": "0" * 24},
        ),
    ]


def _answers() -> list[Case]:
    answer = {
        "typed": LINK_SECRET,
        "link_hash": LINK_A2.hash.hex(),
        "wrap": repeat("e0", 1168),
        "aik": AIK_A.public.hex(),
    }
    made = gives("answer with link 2", "pair_answer", **answer)
    mac = made["out"]["mac"]
    return [
        made,
        gives("the answer verifies", "pair_check_answer", mac=mac, **answer),
        refuses(
            "an answer that adopts into another account",
            "pair_check_answer",
            mac=mac,
            **{**answer, "aik": scene.AIK_B.public.hex()},
        ),
        refuses(
            "an answer with another wrap",
            "pair_check_answer",
            mac=mac,
            **{**answer, "wrap": repeat("e1", 1168)},
        ),
    ]


def _hand_over() -> list[Case]:
    """The user key as the new device receives it."""
    wrap = WRAPS.get("uk_d2", lambda: userkeys.wrap_for(LINK_A2, DEVICE_A2.id, UK_A.seed))
    lying = WRAPS.get("uk_lie", lambda: userkeys.wrap_for(LINK_A2, DEVICE_A2.id, bytes(32)))
    own = {"link": LINK_A2.raw.hex(), "device": DEVICE_A2.id.hex()}
    seed = DEVICE_A2.kem.seed.hex()
    return [
        gives(
            "the new device opens the user key", "user_wrap_open", seed=seed, wrap=wrap.hex(), **own
        ),
        refuses(
            "a seed that is not the user key of the list",
            "user_wrap_open",
            seed=seed,
            wrap=lying.hex(),
            **own,
        ),
        refuses(
            "the wrap of another device",
            "user_wrap_open",
            link=LINK_A2.raw.hex(),
            device=DEVICE_A.id.hex(),
            seed=DEVICE_A.kem.seed.hex(),
            wrap=wrap.hex(),
        ),
    ]
