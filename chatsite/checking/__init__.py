"""Whether the message store is what its ports promise: `manage.py check_store`.

`log.py` follows the rows of one conversation, `pairs.py` compares a pair with them, `orphans.py`
looks for records that belong to nobody, `store.py` reads the whole store. It is read alone: people
go on meanwhile, and what looks wrong is looked at again before it is said. `repairing.py` puts
right what follows from something that is whole.
"""

from typing import NamedTuple

from media.auditing import Unlinked
from messaging.backends.tables import Record

WATERMARKS, SIDES, ORPHANS, FILES = "watermarks", "sides", "orphans", "files"


class Finding(NamedTuple):
    """Something that is wrong. `repair`: the name of what puts it right, with `records`, what is to
    be put there or taken away; empty = a backup alone does, or nothing has to."""

    text: str
    repair: str = ""
    records: tuple[Record | Unlinked, ...] = ()


class Fault(NamedTuple):
    """`where`: hex of a conversation, or of the people of a pair. No name and no text."""

    kind: str
    where: str
    text: str
    repair: str = ""
    records: tuple[Record | Unlinked, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.where}: {self.text}"
