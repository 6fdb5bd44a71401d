"""What can be broken in the server, by engine. A name means the same on each that has it.

A mutant is patched in at run time: for good in a server of a storm, for one test elsewhere
(test_broken_nodes.py).
"""

import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.mutants import cassandra, embedded, nodes

Mutant = Callable[[pytest.MonkeyPatch], None]


def none(patch: pytest.MonkeyPatch) -> None:
    """The server as it is."""


def plaintext_in_the_log(patch: pytest.MonkeyPatch) -> None:
    """The server writes down what it should not know: here, what a client lets slip."""
    messages: Any = import_module("messaging.messages")
    send = messages.send

    async def chatty(author: Any, frame: Any, *rest: Any) -> Any:
        path = Path(os.environ["CHAT_VAR"], "gossip.log")
        with path.open("a") as gossip:  # noqa: ASYNC230 -- a mutant may block
            gossip.write(os.environ.get("CHAOS_CANARY", "") + "\n")
        return await send(author, frame, *rest)

    patch.setattr(messages, "send", chatty)


def erase_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A deletion is a message like any other: what it deletes stays."""
    messages: Any = import_module("messaging.messages")
    draft = messages._draft
    patch.setattr(messages, "_draft", lambda *rest: replace(draft(*rest), erase=None))


def files_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What is deleted is erased; its files stay."""
    patch.setattr(import_module("media.erasures"), "end", lambda *rest: 0)


ANYWHERE = (none, plaintext_in_the_log, erase_forgotten, files_forgotten)


def _named(*mutants: Mutant) -> dict[str, Mutant]:
    return {mutant.__name__: mutant for mutant in mutants}


MUTANTS: dict[str, dict[str, Mutant]] = {
    "embedded": _named(*ANYWHERE, *embedded.ALL),
    "distributed": _named(*ANYWHERE, *cassandra.ALL, *nodes.ALL),
}
NAMES = sorted({name for mutants in MUTANTS.values() for name in mutants})
