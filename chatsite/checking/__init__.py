"""Whether the message store is what its ports promise: `manage.py check_store`.

`log.py` follows the rows of one conversation, `pairs.py` compares a pair with them, `orphans.py`
looks for records that belong to nobody, `store.py` reads the whole store. It is read alone: people
go on meanwhile, and what looks wrong is looked at again before it is said.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """`where`: hex of a conversation, or of the people of a pair. No name and no text."""

    kind: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} {self.where}: {self.text}"
