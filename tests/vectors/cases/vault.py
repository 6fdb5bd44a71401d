from typing import Any

from testkit.client.m1 import code
from tests.vectors import scene
from tests.vectors.functions import Case
from tests.vectors.making import gives, refuses
from tests.vectors.scene import CODE, NONCE, A

ROOT = "99" * 32
KDF_SALT = "c0" * 16
PASSWORD = "Ⅻ kleine Möwen — ﬁn"
SHOWN = "0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WX77"
FLOOR = {"m": 65_536, "t": 3, "p": 1}


def cases() -> list[Case]:
    return [*_code(), *_password(), *_parameters(), *_passkey(), *_vault()]


def _code() -> list[Case]:
    wrong_check = SHOWN[:-1] + ("8" if SHOWN[-1] != "8" else "9")
    made = gives("KEK of the code", "code_kek", code=CODE, uid=A.hex())
    return [
        gives("code is shown", "code_show", code=CODE),
        gives("code is read", "code_read", typed=SHOWN),
        gives("code in small letters", "code_read", typed=SHOWN.lower().replace("-", " ")),
        gives("code with O and L", "code_read", typed=SHOWN.replace("0", "O").replace("1", "l")),
        refuses("code with a wrong check", "code_read", typed=wrong_check),
        refuses("code with two swapped", "code_read", typed="1023" + SHOWN[4:]),
        refuses("code too short", "code_read", typed=SHOWN[:-1]),
        refuses("code with a U", "code_read", typed="U" + SHOWN[1:]),
        refuses("code with a dot", "code_read", typed=SHOWN.replace("-", ".")),
        gives("sign-in by code", "code_auth", code=CODE, code_salt="c1" * 16),
        made,
        *_wraps("code", made["out"]["kek"], 1, "71" * 16),
    ]


def _password() -> list[Case]:
    pw = "f0" * 32
    made = gives("KEK of the password", "password_kek", pw=pw, uid=A.hex(), pepper="9e" * 32)
    return [
        gives("NFKC of a password", "password_normalise", password=PASSWORD),
        gives(
            "Argon2id at the floor", "password_stretch", password=PASSWORD, salt=KDF_SALT, **FLOOR
        ),
        gives("sign-in by password", "password_auth", pw=pw, kdf_salt=KDF_SALT),
        made,
        *_wraps("password", made["out"]["kek"], 2, "72" * 16),
    ]


def _parameters() -> list[Case]:
    lowered: dict[str, dict[str, Any]] = {
        "less memory": {"m": 65_535},
        "fewer passes": {"t": 2},
        "two lanes": {"p": 2},
        "no lane": {"p": 0},
        "too much memory": {"m": 262_145},
        "too many passes": {"t": 11},
        "a salt of 8 bytes": {"salt": "c0" * 8},
        "a salt of 17 bytes": {"salt": "c0" * 17},
    }
    given = {"password": "correct", "salt": KDF_SALT, **FLOOR}
    return [
        refuses(f"Argon2id with {name}", "password_stretch", **{**given, **changed})
        for name, changed in lowered.items()
    ]


def _passkey() -> list[Case]:
    made = gives("KEK of the passkey", "passkey_kek", output="f1" * 32, credential="c9" * 16)
    return [
        gives("input of the passkey", "passkey_input", uid=A.hex()),
        made,
        *_wraps("passkey", made["out"]["kek"], 3, "73" * 16),
    ]


def _wraps(name: str, kek: str, kind: int, factor: str) -> list[Case]:
    row = {"kek": kek, "uid": A.hex(), "type": kind, "factor": factor}
    made = gives(f"root under {name}", "root_wrap", root=ROOT, nonce=NONCE.hex(), **row)
    wrap = made["out"]["wrap"]
    other = {"uid": scene.B.hex(), "type": kind % 3 + 1, "factor": "7f" * 16, "kek": "00" * 32}
    return [
        made,
        gives(f"root opens under {name}", "root_unwrap", wrap=wrap, **row),
        *(
            refuses(
                f"root under {name} with another {field}",
                "root_unwrap",
                wrap=wrap,
                **{**row, field: value},
            )
            for field, value in other.items()
        ),
        refuses(f"root under {name}, cut", "root_unwrap", wrap=wrap[:-2], **row),
    ]


def _vault() -> list[Case]:
    assert code.read(SHOWN) == CODE
    seeds = {"aik_seed": "a1" * 32, "recovery_seed": "a5" * 32}
    row = {"root": ROOT, "uid": A.hex(), "version": 1}
    made = gives("vault", "vault_seal", nonce=NONCE.hex(), **seeds, **row)
    sealed = made["out"]["vault"]
    other = {"root": "98" * 32, "uid": scene.B.hex(), "version": 2}
    return [
        made,
        gives("vault opens", "vault_open", vault=sealed, **row),
        *(
            refuses(
                f"vault with another {field}", "vault_open", vault=sealed, **{**row, field: value}
            )
            for field, value in other.items()
        ),
        refuses("vault cut", "vault_open", vault=sealed[:-2], **row),
    ]
