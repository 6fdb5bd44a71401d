"""What only the server computes; a browser skips these."""

from typing import Any

from e2ee import envelope, franking, proofs, sealed
from tests.vectors.octets import read

Case = dict[str, Any]


def server_verifier(given: Case) -> Case:
    key, uid, auth = (read(given[name]) for name in ("key", "uid", "auth"))
    if given["type"] == sealed.SALT_OF_CODE:
        return {"verifier": sealed.code_verifier(key, uid=uid, code_auth=auth).hex()}
    return {"verifier": sealed.password_verifier(key, uid=uid, auth=auth).hex()}


def server_fake_salt(given: Case) -> Case:
    salt = sealed.fake_salt(read(given["key"]), name=given["name"], which=given["which"])
    return {"salt": salt.hex()}


def server_tag(given: Case) -> Case:
    tag = franking.tag(
        read(given["key"]),
        given["kid"],
        envelope.parse_header(read(given["header"])),
        recipient=read(given["recipient"]),
        ciphertext_hash=read(given["ciphertext_hash"]),
        server_ms=given["server_ms"],
    )
    return {"tag": tag.hex()}


def server_nonce(given: Case) -> Case:
    nonce = proofs.make_http_nonce(
        read(given["key"]),
        session_key=given["session_key"],
        now_ms=given["now_ms"],
        random=read(given["random"]),
    )
    return {"nonce": nonce.hex()}


def server_check_nonce(given: Case) -> Case:
    proofs.check_http_nonce(
        read(given["key"]),
        read(given["nonce"]),
        session_key=given["session_key"],
        now_ms=given["now_ms"],
    )
    return {}


def server_ticket(given: Case) -> Case:
    claims = proofs.ticket_claims(
        given["kid"],
        uid=read(given["uid"]),
        session=read(given["session"]),
        conn=read(given["conn"]),
        blob=read(given["blob"]),
        size=given["size"],
        part=given["part"],
        expiry_ms=given["expiry_ms"],
        random=read(given["random"]),
    )
    return {"ticket": proofs.upload_ticket(read(given["key"]), claims).hex()}


def server_check_proof(given: Case) -> Case:
    proofs.verify_proof(*(read(given[name]) for name in ("signing_key", "signature", "signed")))
    return {}


FUNCTIONS = {
    each.__name__: each
    for each in (
        server_verifier,
        server_fake_salt,
        server_tag,
        server_nonce,
        server_check_nonce,
        server_ticket,
        server_check_proof,
    )
}
