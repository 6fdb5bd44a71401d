"""What is asked of a mark: the same in every adapter."""

from dataclasses import dataclass

from messaging.domain import Conv, Uid


@dataclass(frozen=True, slots=True)
class Move:
    """The arguments of MessageLog.mark; zeros where a mark is not given."""

    conv: Conv
    reader: Uid
    peer: Uid
    time: int
    got: int
    read: tuple[int, int]
    own_only: bool
