"""How fast new connections are taken from the system's queue."""

from collections.abc import Callable
from typing import Any

ACCEPTS_A_TURN = 4  # Twisted takes 20 more at each turn that finds as many
REST_SECONDS = 0.001  # after such a turn: a flood that is always there would take the whole core


def take_few(port: Any, later: Callable[[float, Callable[[], None]], object]) -> None:
    """Let those who talk have their turns while many come at once: who waits, waits outside.
    `port` is Twisted's, `later` its reactor's callLater."""
    accept = port.doRead

    def accept_few() -> None:
        port.numberAccepts = ACCEPTS_A_TURN
        accept()
        if port.numberAccepts > ACCEPTS_A_TURN:  # it found as many as it may take
            port.stopReading()
            later(REST_SECONDS, go_on)

    def go_on() -> None:
        if port.connected and not port.disconnecting:  # it still listens
            port.startReading()

    port.doRead = accept_few
