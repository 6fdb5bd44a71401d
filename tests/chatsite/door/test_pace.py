"""A client that drips is cut, up and down; what moves goes on, however long it takes."""

import secrets
import time

import pytest
from twisted.internet.testing import StringTransport

from chatsite.door import bodies, channel, refusals
from chatsite.door.channel import HEAD_SECONDS, IDLE_SECONDS, LEAVE_SECONDS, PART_SECONDS, Channel
from chatsite.door.pace import PART_BYTES, WINDOW_BYTES, WINDOW_SECONDS, Pace
from chatsite.door.places import OF_ADDRESS, Places
from chatsite.door.probes import Probes
from chatsite.door.proxies import Proxies
from chatsite.door.readiness import Readiness
from chatsite.edge.endpoints import BODY_MAX
from media import tickets
from media.stores import PART_MAX
from media.tickets import Upload
from messaging.polling import BODY_MAX as CALL_MAX
from testkit.cast import now_ms

START = 1000.0


class Line(StringTransport):  # type: ignore[misc]
    """A connection whose other end reads only what the test says."""

    dataBuffer = b""  # noqa: N815 -- twisted's
    offset = 0
    _tempDataLen = 0  # noqa: N815
    splicing = None
    aborted = half_closed = False
    unconfirmed = 0

    def abortConnection(self) -> None:  # noqa: N802
        self.aborted = True

    def loseWriteConnection(self) -> None:  # noqa: N802
        self.half_closed = True

    def hold(self, size: int) -> None:
        self._tempDataLen = size

    def on_its_way(self) -> int:
        return self.unconfirmed


class Server:
    connections: dict[object, object] = {}

    def protocol_connected(self, protocol: object) -> None:
        pass

    protocol_disconnected = protocol_connected


class Factory:
    server = Server()


class Door:
    def __init__(self) -> None:
        self.factory, self.budget = Factory(), bodies.Budget()
        self.budget_of_parts = bodies.Shares(bodies.BUDGET, bodies.SHARE, bodies.KEPT)
        self.budget_of_reports = bodies.Shares(bodies.BUDGET_OF_REPORTS, bodies.SHARE_OF_REPORTS)
        self.channels: set[Channel] = set()
        self.proxies = Proxies()
        self.readiness = Readiness(lambda: 0.0, lambda: 0.0)
        self.probes = Probes(self.readiness, self.proxies)


@pytest.fixture
def now(monkeypatch) -> list[float]:
    clock = [START]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    return clock


@pytest.fixture
def line(now) -> Line:
    return Line()


@pytest.fixture
def spoken(line: Line) -> Channel:
    place = Places(10).take("192.0.2.1")
    assert place is not None
    spoken = Channel(Door(), place)  # type: ignore[arg-type]
    spoken.makeConnection(line)
    return spoken


def pass_time(spoken: Channel, now: list[float], seconds: float) -> None:
    now[0] += seconds
    spoken.check(now[0])


def test_a_head_has_a_deadline_that_no_byte_puts_off(spoken, line, now):
    for byte in b"GET /help HTTP/1.1\r":
        spoken.dataReceived(bytes([byte]))
        pass_time(spoken, now, 1)
    assert line.value() == b""
    pass_time(spoken, now, HEAD_SECONDS)
    assert line.value().startswith(b"HTTP/1.1 408 ")
    assert line.half_closed
    assert not line.aborted
    pass_time(spoken, now, LEAVE_SECONDS + 1)
    assert line.aborted


def test_who_says_nothing_is_closed_without_a_word(spoken, line, now):
    pass_time(spoken, now, HEAD_SECONDS)
    assert not line.disconnecting
    pass_time(spoken, now, 1)
    assert line.disconnecting
    assert line.value() == b""


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_a_least_pace(spoken, line, now, chunked):
    kind = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 120000"
    spoken.dataReceived(b"POST /api/start HTTP/1.1\r\nHost: a\r\n" + kind + b"\r\n\r\n")
    pass_time(spoken, now, 1)
    for _ in range(4):  # slow, and it moves
        pass_time(spoken, now, WINDOW_SECONDS - 1)
        size = WINDOW_BYTES
        spoken.dataReceived(b"%x\r\n%s\r\n" % (size, b"x" * size) if chunked else b"x" * size)
        pass_time(spoken, now, 1)
    assert line.value() == b""
    for _ in range(int(WINDOW_SECONDS)):  # a drip
        spoken.dataReceived(b"1\r\nx\r\n" if chunked else b"x")
        pass_time(spoken, now, 1.1)
    assert line.value().startswith(b"HTTP/1.1 408 ")


def head_of_part(settings, owner: bytes, size: int) -> bytes:
    blob = secrets.token_bytes(16)
    ticket, _ = tickets.make(
        settings.SECRETS["ticket"],
        tickets.Ticket(Upload(owner, bytes(16), blob, size, size), bytes(16)),
        now_ms=now_ms(), random=bytes(16),
    )  # fmt: skip
    head = f"PUT /blobs/{blob.hex()}/0 HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n"
    return f"{head}Authorization: Ticket {ticket}\r\n\r\n".encode()


def test_a_part_comes_on_a_slow_line_and_holds_no_room_for_one_that_drips(
    spoken, line, now, settings
):
    owner, size = bytes(16), PART_MAX
    spoken.dataReceived(head_of_part(settings, owner, size))
    assert spoken.door.budget_of_parts.of(owner).left == bodies.SHARE - size
    for _ in range(150):  # at 20 kB/s, for two and a half minutes
        spoken.dataReceived(bytes(20_000))
        pass_time(spoken, now, 1)
    assert line.value() == b""
    for _ in range(2 * int(WINDOW_SECONDS) + 2):
        spoken.dataReceived(bytes(PART_BYTES // int(WINDOW_SECONDS) - 500))
        pass_time(spoken, now, 1)
    assert line.value().startswith(b"HTTP/1.1 408 ")
    assert spoken.door.budget_of_parts.of(owner).left == bodies.SHARE


def test_one_part_of_each_person_may_take_long(spoken, now, settings):
    """However many they begin: the room of the others is free again after two minutes."""
    lines = [Line() for _ in range(4)]
    them = []
    for line, owner in zip(lines, (b"a", b"a", b"a", b"b"), strict=True):
        place = Places(10).take("192.0.2.1")
        assert place is not None
        one = Channel(spoken.door, place)
        one.makeConnection(line)
        one.dataReceived(head_of_part(settings, owner * 16, PART_MAX))
        them.append(one)
    for _ in range(int(PART_SECONDS) + 2):
        for one in them:
            one.dataReceived(bytes(10_000))
            one.check(now[0])
        now[0] += 1
    assert [line.value()[:12] for line in lines] == [b"", *2 * [b"HTTP/1.1 408"], b""]
    shares = spoken.door.budget_of_parts
    assert shares.of(b"a" * 16).left == bodies.SHARE - PART_MAX
    them[0].refuse(refusals.TOO_SLOW)
    assert shares.of(b"a" * 16).late is None


def test_a_reader_has_a_least_pace_and_a_long_download_goes_on(spoken, line, now):
    spoken.write(b"x" * 10_000_000)
    spoken.stage = channel.Stage.ANSWER
    held = 1_000_000
    for _ in range(50):
        line.hold(held)
        pass_time(spoken, now, WINDOW_SECONDS - 1)
        held -= WINDOW_BYTES
    assert not line.aborted
    line.hold(held)
    pass_time(spoken, now, 1)
    for _ in range(int(WINDOW_SECONDS) + 1):
        held -= 1
        line.hold(held)
        pass_time(spoken, now, 1)
    assert line.aborted


def test_a_reader_moves_while_the_system_takes_nothing_more(spoken, line, now):
    """Behind a proxy its buffer holds megabytes, and is filled again when a third of it is free."""
    spoken.write(b"x" * 10_000_000)
    spoken.stage = channel.Stage.ANSWER
    line.hold(1_000_000)
    line.unconfirmed = 3_000_000
    for _ in range(50):
        pass_time(spoken, now, WINDOW_SECONDS - 1)
        line.unconfirmed -= WINDOW_BYTES
    assert not line.aborted
    pass_time(spoken, now, 1)
    for _ in range(int(WINDOW_SECONDS) + 1):
        line.unconfirmed -= 1
        pass_time(spoken, now, 1)
    assert line.aborted


def test_a_connection_rests_between_two_requests(spoken, line, now):
    spoken.stage = channel.Stage.ANSWER
    pass_time(spoken, now, 10 * IDLE_SECONDS)  # the application has limits of its own
    assert not line.disconnecting
    spoken._enter(channel.Stage.IDLE, IDLE_SECONDS)
    pass_time(spoken, now, IDLE_SECONDS)
    assert not line.disconnecting
    pass_time(spoken, now, 1)
    assert line.disconnecting


def test_an_end_gives_back_the_place(line, now):
    places = Places(1)
    place = places.take("192.0.2.1")
    assert place is not None
    spoken = Channel(Door(), place)  # type: ignore[arg-type]
    spoken.makeConnection(line)
    assert places.take("192.0.2.2") is None
    spoken.connectionLost(None)
    assert places.take("192.0.2.2") is not None


def test_nothing_is_expected_of_who_rests():
    pace = Pace()
    assert not pace.is_too_slow(0, time.monotonic())
    pace.rest()
    assert not pace.is_too_slow(0, time.monotonic() + 10 * WINDOW_SECONDS)
    assert pace.is_too_slow(0, time.monotonic() + 20 * WINDOW_SECONDS)


def test_reports_take_no_room_of_other_bodies(spoken):
    """Anybody may begin one, and a few hundred connections of one address hold many."""
    body = bytes(1000)
    spoken.dataReceived(
        b"POST /api/reports HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + body
    )
    door, whole = spoken.door, bodies.SHARE_OF_REPORTS
    share = door.budget_of_reports.of(spoken.place.address)
    assert (door.budget.left, share.left) == (bodies.BUDGET, whole - len(body))
    assert door.budget_of_reports.of("203.0.113.9").left == whole
    spoken.refuse(refusals.TOO_SLOW)
    assert share.left == whole
    assert OF_ADDRESS * max(BODY_MAX, CALL_MAX, bodies.FORM_MAX) <= bodies.BUDGET // 2


def test_who_speaks_websocket_holds_no_room_of_bodies(spoken):
    head = b"GET /live HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nContent-Length: 1001\r\n\r\n"
    spoken.dataReceived(head + bytes(1000))
    assert spoken.door.budget.left == bodies.BUDGET - 1000
    spoken.hand_over()
    assert spoken.door.budget.left == bodies.BUDGET
