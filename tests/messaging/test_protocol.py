"""The wire: good and bad frames, and the twin that the browser reads."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from chatsite.edge.wire import Id
from messaging import protocol
from testkit.running import ROOT

VECTORS = [
    json.loads(line) for line in Path(ROOT, "tests/vectors/frames.jsonl").read_text().splitlines()
]
PARSE = {"client": protocol.parse, "server": protocol.parse_server}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["why"])
def test_a_frame_is_taken_or_refused_as_the_vectors_say(vector: dict[str, Any]) -> None:
    parse = PARSE[vector["from"]]
    if vector["good"]:
        frame = parse(vector["text"])
        assert parse(protocol.encode(frame)) == frame
    else:
        with pytest.raises(ValueError):
            parse(vector["text"])


@pytest.mark.parametrize("side", ["client", "server"])
def test_every_frame_has_a_good_vector(side: str) -> None:
    union = {"client": protocol.ClientFrame, "server": protocol.ServerFrame}[side]
    good = {
        json.loads(vector["text"])["t"]
        for vector in VECTORS
        if vector["from"] == side and vector["good"]
    }
    assert good == {kind.__struct_config__.tag for kind in get_args(union)}


def test_of_a_duplicate_key_the_last_counts() -> None:
    frame = protocol.parse(
        next(one["text"] for one in VECTORS if one["why"] == "of a duplicate key the last counts")
    )
    assert isinstance(frame, protocol.Got)
    assert frame.seq == 1


def test_what_is_absent_is_left_out() -> None:
    assert protocol.encode(protocol.Pong()) == b'{"t":"pong"}'
    typing = protocol.PeerTyping(conv=Id(bytes(16)), sender=Id(bytes(16)))
    assert b'"from":' in protocol.encode(typing)


def test_the_largest_send_fits_into_a_frame() -> None:
    random = bytes(33_043)
    send = protocol.parse(
        next(one["text"] for one in VECTORS if one["why"] == "send with everything")
    )
    assert isinstance(send, protocol.Send)
    send.body = random
    assert len(protocol.encode(send)) < protocol.MAX_FRAME
