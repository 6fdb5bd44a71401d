"""Connections that wait to come in, and those that talk already."""

from collections.abc import Callable

from chatsite.door.listening import ACCEPTS_A_TURN, take_few


class Port:
    """Takes connections as Twisted's does: 20 more at the next turn, if it found as many."""

    connected, disconnecting = True, False
    numberAccepts = 1  # noqa: N815 -- twisted's

    def __init__(self, waiting: int) -> None:
        self.waiting, self.reads = waiting, True

    def doRead(self) -> None:  # noqa: N802 -- twisted's
        taken = min(self.waiting, self.numberAccepts)
        self.waiting -= taken
        self.numberAccepts = taken + 20 if taken == self.numberAccepts else max(1, taken)

    def stopReading(self) -> None:  # noqa: N802 -- twisted's
        self.reads = False

    def startReading(self) -> None:  # noqa: N802 -- twisted's
        self.reads = True


def listening(waiting: int) -> tuple[Port, list[Callable[[], None]]]:
    """The port, and what is to be done later."""
    port, due = Port(waiting), []
    take_few(port, lambda _, work: due.append(work))
    return port, due


def test_a_flood_is_taken_in_small_parts_with_a_rest_after_each() -> None:
    port, due = listening(3 * ACCEPTS_A_TURN)
    for turn in (2, 1, 0):
        port.doRead()
        assert port.waiting == turn * ACCEPTS_A_TURN
        assert not port.reads
        due.pop()()
        assert port.reads


def test_a_few_are_taken_at_once_and_the_next_too() -> None:
    port, due = listening(ACCEPTS_A_TURN - 1)
    port.doRead()
    assert (port.waiting, port.reads, due) == (0, True, [])


def test_a_port_that_closed_during_its_rest_stays_closed() -> None:
    port, due = listening(ACCEPTS_A_TURN)
    port.doRead()
    port.disconnecting = True
    due.pop()()
    assert not port.reads
