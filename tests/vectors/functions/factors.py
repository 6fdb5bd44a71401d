"""Recovery code, password, passkey, vault."""

from typing import Any

from testkit.client.m1 import code, vault, work
from testkit.client.m1.vault import KdfParameters
from tests.vectors.octets import read

Case = dict[str, Any]


def code_show(given: Case) -> Case:
    return {"shown": code.show(given["code"])}


def code_read(given: Case) -> Case:
    return {"code": code.read(given["typed"])}


def code_auth(given: Case) -> Case:
    return {"auth": vault.code_auth(given["code"], read(given["code_salt"])).hex()}


def code_kek(given: Case) -> Case:
    return {"kek": vault.code_kek(given["code"], uid=read(given["uid"])).hex()}


def password_normalise(given: Case) -> Case:
    return {"utf8": vault.normalise(given["password"]).hex()}


def password_stretch(given: Case) -> Case:
    parameters = KdfParameters(given["m"], given["t"], given["p"])
    return {"pw": vault.stretch_password(given["password"], read(given["salt"]), parameters).hex()}


def password_auth(given: Case) -> Case:
    return {"auth": vault.password_auth(read(given["pw"]), read(given["kdf_salt"])).hex()}


def password_kek(given: Case) -> Case:
    kek = vault.password_kek(
        read(given["pw"]), uid=read(given["uid"]), pepper=read(given["pepper"])
    )
    return {"kek": kek.hex()}


def passkey_input(given: Case) -> Case:
    return {"first": vault.passkey_input(read(given["uid"])).hex()}


def passkey_kek(given: Case) -> Case:
    return {"kek": vault.passkey_kek(read(given["output"]), read(given["credential"])).hex()}


def root_wrap(given: Case) -> Case:
    wrap = vault.wrap_root(
        read(given["kek"]), read(given["root"]), nonce=read(given["nonce"]), **_factor(given)
    )
    return {"wrap": wrap.hex()}


def root_unwrap(given: Case) -> Case:
    root = vault.unwrap_root(read(given["kek"]), read(given["wrap"]), **_factor(given))
    return {"root": root.hex()}


def _factor(given: Case) -> dict[str, Any]:
    return {
        "uid": read(given["uid"]),
        "kind": given["type"],
        "factor": read(given["factor"]),
    }


def vault_seal(given: Case) -> Case:
    sealed = vault.seal_vault(
        read(given["root"]),
        uid=read(given["uid"]),
        version=given["version"],
        aik_seed=read(given["aik_seed"]),
        recovery_seed=read(given["recovery_seed"]),
        nonce=read(given["nonce"]),
    )
    return {"vault": sealed.hex()}


def vault_open(given: Case) -> Case:
    aik_seed, recovery_seed = vault.open_vault(
        read(given["root"]),
        read(given["vault"]),
        uid=read(given["uid"]),
        version=given["version"],
    )
    return {"aik_seed": aik_seed.hex(), "recovery_seed": recovery_seed.hex()}


def work_solve(given: Case) -> Case:
    return {"nonces": work.solve(read(given["challenge"]), given["bits"]).hex()}


FUNCTIONS = {
    each.__name__: each
    for each in (
        code_show,
        code_read,
        code_auth,
        code_kek,
        password_normalise,
        password_stretch,
        password_auth,
        password_kek,
        passkey_input,
        passkey_kek,
        root_wrap,
        root_unwrap,
        vault_seal,
        vault_open,
        work_solve,
    )
}
