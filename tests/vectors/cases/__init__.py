"""The cases: one module per file of vectors/crypto/."""

from types import ModuleType

from tests.vectors.cases import (
    blobs,
    body,
    encoding,
    epochs,
    franking,
    keys,
    lists,
    messages,
    pairing,
    proofs,
    reports,
    userkeys,
    vault,
    work,
)

MODULES: dict[str, ModuleType] = {
    "encoding": encoding,
    "keys": keys,
    "lists": lists,
    "pairing": pairing,
    "vault": vault,
    "userkeys": userkeys,
    "epochs": epochs,
    "messages": messages,
    "body": body,
    "franking": franking,
    "blobs": blobs,
    "proofs": proofs,
    "reports": reports,
    "work": work,
}
