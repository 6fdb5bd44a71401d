"""Proof of work on sign-up (docs/protocol.md): few bits, so that it costs a test nothing."""

from tests.vectors.functions import Case
from tests.vectors.making import gives

CHALLENGE = {"modulo": 251, "length": 73}


def cases() -> list[Case]:
    return [
        gives("work of a bit", "work_solve", challenge=CHALLENGE, bits=1),
        gives("work of eight bits", "work_solve", challenge=CHALLENGE, bits=8),
        gives("work for another", "work_solve", challenge="00" * 73, bits=8),
    ]
