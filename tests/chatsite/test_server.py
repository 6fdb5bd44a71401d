"""The real server in a process of its own: limits, drain, and what it tells its operator."""

import asyncio
import contextlib
import http.client
import json
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chatsite.edge.wire import Id
from messaging import protocol
from testkit.cast import Person, seeded
from testkit.running import ROOT, Site, new_site

SOON = 30.0


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Site, Person, Person]]:
    site = new_site({"LIVE_RATE_FACTOR": "1000"})
    alice, bob = seeded(site, "alice", "bob", pairs=1)
    site.start()
    yield site, alice, bob
    site.remove()


async def dial(site: Site) -> ClientConnection:
    url = site.url.replace("http", "ws") + "/live"
    return await connect(url, origin=site.url, compression=None, ping_interval=None)  # type: ignore[arg-type]


async def arrive(site: Site, who: Person) -> ClientConnection:
    link = await dial(site)
    challenge = protocol.parse_server(await link.recv())
    assert isinstance(challenge, protocol.Challenge)
    await send(link, who.hello(challenge.nonce, f"localhost:{site.port}"))
    assert isinstance(await receive(link), protocol.State)
    return link


async def send(link: ClientConnection, frame: protocol.Frame) -> None:
    await link.send(protocol.encode(frame).decode())


async def receive(link: ClientConnection) -> protocol.ServerFrame:
    async with asyncio.timeout(SOON):
        return protocol.parse_server(await link.recv())


async def close_code(link: ClientConnection) -> int:
    async with asyncio.timeout(SOON):
        await link.wait_closed()
    assert link.close_code
    return link.close_code


async def test_two_people_talk_over_real_sockets(running: tuple[Site, Person, Person]) -> None:
    site, alice, bob = running
    at_alice, at_bob = await arrive(site, alice), await arrive(site, bob)
    [conv] = alice.epochs
    await send(at_alice, alice.message(conv, "over the wire"))
    assert isinstance(await receive(at_alice), protocol.Sent)
    row = await receive(at_bob)
    assert isinstance(row, protocol.Msg)
    assert bob.read(row) == "over the wire"
    await at_alice.close()
    await at_bob.close()


def test_what_the_socket_does_not_take_at_once_follows_in_order() -> None:
    """In a process of its own: daphne installs its reactor when it is imported."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.chatsite.narrow_line"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    frames, partly, came = json.loads(done.stdout)
    assert partly  # else this proves nothing
    assert came == frames


async def test_a_herd_finds_room_before_its_door(running: tuple[Site, Person, Person]) -> None:
    """Without it the system drops who comes, and each of them knocks again a second later."""
    site, alice, _ = running
    assert site.process
    site.process.send_signal(signal.SIGSTOP)
    try:
        async with asyncio.timeout(SOON):
            herd = [await asyncio.open_connection("localhost", site.port) for _ in range(500)]
    finally:
        site.process.send_signal(signal.SIGCONT)
    for _, writer in herd:
        writer.close()
    await (await arrive(site, alice)).close()


async def test_a_command_reaches_the_live_sessions_of_the_server(
    running: tuple[Site, Person, Person],
) -> None:
    """One `serve` beside one command: at once, with the right reason."""
    site, alice, bob = running
    at_alice, at_bob = await arrive(site, alice), await arrive(site, bob)
    await asyncio.to_thread(site.manage, "suspend", alice.name)
    said = await receive(at_alice)
    assert isinstance(said, protocol.SignedOut)
    assert said.reason == "suspended"
    assert await close_code(at_alice) == protocol.CLOSE_SIGN_IN
    again = await dial(site)  # with a token that is minutes young
    challenge = protocol.parse_server(await again.recv())
    assert isinstance(challenge, protocol.Challenge)
    await send(again, alice.hello(challenge.nonce, f"localhost:{site.port}"))
    assert await close_code(again) == protocol.CLOSE_SIGN_IN
    await asyncio.to_thread(site.manage, "suspend", alice.name, "--undo")
    await (await arrive(site, alice)).close()
    table = await asyncio.to_thread(site.manage_says, "presence")
    assert f" 127.0.0.1:{site.port}." in table  # the node's name: where it listens
    await at_bob.close()


async def test_a_foreign_page_opens_no_socket(running: tuple[Site, Person, Person]) -> None:
    site, *_ = running
    with pytest.raises(Exception, match="403"):
        await connect(site.url.replace("http", "ws") + "/live", origin="https://evil.example")  # type: ignore[arg-type]
    await (await dial(site)).close()


async def test_a_reader_who_acknowledges_nothing_is_closed(
    running: tuple[Site, Person, Person],
) -> None:
    site, alice, _ = running
    link = await arrive(site, alice)
    answers = 0
    with contextlib.suppress(ConnectionClosed):
        while answers < 3 * protocol.WINDOW_FRAMES:
            await send(link, protocol.Ping())
            await receive(link)
            answers += 1
    assert link.close_code == protocol.CLOSE_SLOW
    assert protocol.WINDOW_FRAMES - 3 <= answers <= protocol.WINDOW_FRAMES


async def test_who_sends_faster_than_he_is_served_is_sent_away(
    running: tuple[Site, Person, Person],
) -> None:
    site, alice, _ = running
    [conv] = alice.epochs
    link = await arrive(site, alice)
    messages = [protocol.encode(alice.message(conv, "flood")).decode() for _ in range(2000)]
    with contextlib.suppress(ConnectionClosed):
        for message in messages:
            await link.send(message)
    assert await close_code(link) in {protocol.CLOSE_RATE, protocol.CLOSE_SLOW}
    await (await arrive(site, alice)).close()


@pytest.mark.parametrize(
    ("payload", "text"),
    [("x" * (protocol.MAX_FRAME + 1), None), (b"\xff\xfe", True), (b"{}", False)],
    ids=["too large", "no UTF-8", "binary"],
)
async def test_what_is_no_frame_ends_that_socket_alone(
    running: tuple[Site, Person, Person], payload: str | bytes, text: bool | None
) -> None:
    site, alice, bob = running
    link, other = await arrive(site, alice), await arrive(site, bob)
    await link.send(payload, text=text)
    assert await close_code(link) in {protocol.CLOSE_BAD_FRAME, 1006, 1009}
    await send(other, protocol.Ping())
    assert isinstance(await receive(other), protocol.Pong)
    await other.close()


async def test_the_operator_sees_who_is_here(running: tuple[Site, Person, Person]) -> None:
    site, alice, bob = running
    link = await arrive(site, alice)
    shown = manage(site, "presence")
    assert shown.returncode == 0
    head, row, total = shown.stdout.splitlines()
    assert head.split() == ["User", "Server", "Heartbeat", "Device"]
    assert row.startswith(alice.name)
    assert bob.name not in shown.stdout
    assert total == "people: 1, devices: 1"
    socket = site.var / "run" / "chat.sock"
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    await link.close()


async def test_a_restart_says_so_and_loses_nothing(running: tuple[Site, Person, Person]) -> None:
    site, alice, bob = running
    link, silent = await arrive(site, alice), await dial(site)
    assert site.process
    site.process.send_signal(signal.SIGTERM)
    drain = await receive(link)
    assert isinstance(drain, protocol.Drain)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", site.port)
    assert await close_code(link) == protocol.CLOSE_RESTART
    assert await close_code(silent) == protocol.CLOSE_RESTART  # it had not said hello
    assert site.process.wait(30) == 0
    assert not (site.var / "run" / "chat.sock").exists()
    missing = manage(site, "presence")
    assert missing.returncode == 1
    assert "does not run" in missing.stderr
    site.start()
    link = await arrive(site, bob)
    [conv] = bob.epochs
    await send(link, protocol.Get(ref=1, conv=Id(conv)))
    page = await receive(link)
    assert isinstance(page, protocol.Page)
    assert page.rows
    await link.close()


def test_a_taken_port_ends_the_start(running: tuple[Site, Person, Person]) -> None:
    other = new_site({"PORT": str(running[0].port)})
    try:
        second = manage(other, "serve")
    finally:
        other.remove()
    assert second.returncode == 1
    assert second.stdout.startswith(f"Cannot listen on HOST 127.0.0.1, PORT {running[0].port}: ")
    assert second.stdout.count("\n") == 1


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "a..b"])
def test_a_host_that_is_not_here_ends_the_start_in_one_line(
    running: tuple[Site, Person, Person], host: str
) -> None:
    other = new_site({"HOST": host})
    try:
        done = manage(other, "serve")
    finally:
        other.remove()
    assert done.returncode == 1
    assert done.stdout.startswith(f"Cannot listen on HOST {host}, PORT {other.port}: ")
    assert (done.stdout + done.stderr).count("\n") == 1


@pytest.mark.parametrize("given", [["--port", "0"], []])
def test_any_free_port_is_the_printed_and_the_trusted_one(given: list[str]) -> None:
    site = new_site({"PORT": "0"})
    command = [sys.executable, "-W", "ignore", "manage.py", "serve", *given]
    env = {name: value for name, value in site._env().items() if name != "SITE_URL"}
    try:
        with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as one:
            assert one.stdout
            says = one.stdout.readline() + one.stdout.readline()
            [port] = set(re.findall(r"http://[a-z0-9.]+:(\d+)", says))
            link = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SOON)
            link.request("GET", "/sign-in", headers={"Host": f"localhost:{port}"})
            policy = link.getresponse().headers["Content-Security-Policy"]
            link.close()
            assert f"ws://localhost:{port}" in policy
            one.terminate()
    finally:
        site.remove()


def manage(site: Site, *args: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *args],
        cwd=ROOT, env=site._env(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
