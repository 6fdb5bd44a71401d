"""Every parser of what strangers send: its corpus, and what it may raise. Any other exception is a
fault."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec
from twisted.web.http_headers import Headers

from accounts import agents, names, tokens
from accounts import protocol as bodies
from chatsite.door import heads
from chatsite.door.proxies import FOR, Proxies
from chatsite.edge.refusals import Refusal
from chatsite.edge.wire import Body, Malformed, decoder
from e2ee import encoding, envelope, epochs, proofs, records
from e2ee.errors import M1Error
from messaging import http, polling, protocol
from testkit.client import frames
from testkit.client.m1 import body as message
from testkit.running import ROOT
from tests.vectors.scene import EPOCH_1, LINK_A2

KEY = bytes(32)
CLIENT, SERVER = "client", "server"
proxies = Proxies([ip_network("127.0.0.0/8")])


@dataclass(frozen=True)
class Target:
    name: str
    parse: Callable[[bytes], Any]
    corpus: tuple[bytes, ...]
    raises: tuple[type[Exception], ...] = ()

    def feed(self, data: bytes) -> None:
        try:
            self.parse(data)
        except self.raises:
            return


def text(parse: Callable[[str], Any]) -> Callable[[bytes], Any]:
    """Headers and members of JSON come as text, whatever the bytes were."""
    return lambda data: parse(data.decode("utf-8", "replace"))


def _frames(side: str) -> tuple[bytes, ...]:
    lines = Path(ROOT, "tests/vectors/frames.jsonl").read_text().splitlines()
    vectors = map(json.loads, lines)
    return tuple(one["text"].encode() for one in vectors if one["from"] == side)


def _envelopes() -> tuple[bytes, ...]:
    cases = json.loads(Path(ROOT, "tests/vectors/crypto/messages.json").read_text())
    given = [case["in"].get("envelope") for case in cases if case["fn"] == "message_open"]
    return tuple(bytes.fromhex(one) for one in given if isinstance(one, str))


def _bodies() -> Iterator[Target]:
    """The body of each request. msgspec makes a sample of each from its types."""
    for module in (bodies, http):
        for kind in vars(module).values():
            if (
                isinstance(kind, type)
                and issubclass(kind, Body)
                and kind.__module__ == module.__name__
            ):
                yield Target(
                    f"body {kind.__name__}", decoder(kind).decode, _samples(kind), (Malformed,)
                )


def _samples(kind: type[Body]) -> tuple[bytes, ...]:
    members = [field.encode_name for field in msgspec.structs.fields(kind)]
    values: tuple[object, ...] = ("AAAAAAAAAAAAAAAAAAAAAA==", "name", 1, [], {}, None, True)
    return tuple(json.dumps(dict.fromkeys(members, value)).encode() for value in values)


def _token() -> bytes:
    one = {"uid": bytes(16), "session": bytes(16), "device": bytes(16), "signing_key": bytes(32)}
    return tokens.make([("k1", KEY)], now_ms=1, **one).encode()


def _check_nonce(data: bytes) -> None:
    proofs.check_http_nonce(KEY, data, session_key="s", now_ms=1)


def _settle(data: bytes) -> None:
    """As a proxy of ours passes it on; what a stranger says is thrown away."""
    proxies.settle("127.0.0.1", Headers({FOR: [data]}))


def _judge(data: bytes) -> None:
    target, _, origin = data.partition(b"\n")
    heads.judge(target, Headers({b"Origin": [origin]}))


TARGETS = (
    Target("frame to the server", protocol.parse, _frames(CLIENT), (Malformed,)),
    Target("frame to a client", frames.read, _frames(SERVER)),
    Target("envelope", envelope.parse_envelope, _envelopes(), (M1Error,)),
    Target("message header", envelope.parse_header, (_envelopes()[0][14:219],), (M1Error,)),
    Target("text of a message", lambda data: message.parse(data, 2),
           (b'{"t":"text","ts":1,"heads":{"me":[1,"x"],"peer":[1,"x"]},"prev":"x","body":"x"}',),
           (M1Error,)),
    Target("epoch record", epochs.parse_record, (EPOCH_1.record.raw,), (M1Error,)),
    Target("device-list link", records.verify_link, (LINK_A2.raw,), (M1Error,)),
    Target("base64", text(encoding.from_base64), (b"AAECAw==", b"AAEC"), (M1Error,)),
    Target("id of a URL", text(encoding.id_from_hex), (b"00" * 16,), (M1Error,)),
    Target("device proof", text(proofs.parse_http_proof),
           (b".".join((b"A" * 22 + b"==", b"A" * 54 + b"==", b"A" * 86 + b"==")),), (M1Error,)),
    Target("nonce", _check_nonce,
           (proofs.make_http_nonce(KEY, session_key="s", now_ms=1, random=bytes(16)),), (M1Error,)),
    Target("live token", text(lambda token: tokens.check([("k1", KEY)], token, 1)), (_token(),),
           (M1Error,)),
    Target("username", text(names.username), (b"alice", "Ａｌｉｃｅ".encode()), (Refusal,)),
    Target("name looked up", text(names.folded), (b"alice", "Ａｌｉｃｅ".encode())),
    Target("display name", text(names.display_name), (b"Alice L.", "Дора".encode()), (Refusal,)),
    Target("browser's name", text(agents.in_words), (b"Mozilla/5.0 (X11; Linux) Firefox/140.0",)),
    Target("X-Forwarded-For", _settle, (b"192.0.2.9, 192.0.2.1", b"[2001:db8::1]:443", b"::1%lo")),
    Target("head", _judge, (b"/live?x=1\nhttp://localhost:8000", b"/\nnull", b"*\nhttps://[::1]:1")),
    Target("cookie", lambda data: polling._cookie({b"cookie": data}), (b"a=1; session=x; b",)),
    *_bodies(),
)  # fmt: skip
