"""Whatever a client does to its connection ends that connection and nothing else."""

from collections.abc import Callable
from socket import socket

import pytest

from testkit.running import Site
from tests.chatsite.door.stranger import (
    ask,
    descriptors,
    dial,
    eventually,
    frame,
    read_head,
    request,
    reset,
    status,
    upgrade,
)

TIMES = 50
PING, TEXT = 0x9, 0x1
LARGE = "/static/admin/js/vendor/select2/select2.full.js"


def connected(site: Site, link: socket) -> None:
    pass


def half_a_head(site: Site, link: socket) -> None:
    link.sendall(request(site)[:-8])


def a_head_and_half_a_body(site: Site, link: socket) -> None:
    link.sendall(request(site, "/api/start", "Content-Length: 100", method="POST") + b"{")


def a_request(site: Site, link: socket) -> None:
    link.sendall(request(site))


def an_answer_under_way(site: Site, link: socket) -> None:
    link.sendall(request(site, LARGE))
    assert status(read_head(link)) == 200


def an_idle_socket(site: Site, link: socket) -> None:
    link.sendall(upgrade(site))
    assert status(read_head(link)) == 101


def half_an_upgrade(site: Site, link: socket) -> None:
    link.sendall(upgrade(site))


def a_frame(site: Site, link: socket) -> None:
    an_idle_socket(site, link)
    link.sendall(frame(TEXT, b'{"t":"ping"}') + frame(PING))


def a_refused_frame(site: Site, link: socket) -> None:
    an_idle_socket(site, link)
    link.sendall(b"\xff" * 64)


STAGES = [
    connected, half_a_head, a_head_and_half_a_body, a_request, an_answer_under_way,
    half_an_upgrade, an_idle_socket, a_frame, a_refused_frame,
]  # fmt: skip


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
def test_a_reset_leaves_nothing_behind(site: Site, stage: Callable[[Site, socket], None]) -> None:
    assert status(ask(site, request(site))) == 200
    before, said = descriptors(site), site.log.read_text()
    for _ in range(TIMES):
        link = dial(site, receive_buffer=4096 if stage is an_answer_under_way else None)
        stage(site, link)
        reset(link)
    assert eventually(site, lambda: descriptors(site) <= before), descriptors(site) - before
    assert "Traceback" not in site.log.read_text()[len(said) :]
