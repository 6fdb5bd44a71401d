"""HPKE output is randomised: wraps are made once, kept in wraps.json and only opened later."""

import json
from collections.abc import Callable
from pathlib import Path

FILE = Path(__file__).with_name("wraps.json")


class Wraps:
    """The kept wraps. A new name is sealed and kept; to renew one, delete its entry."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = json.loads(FILE.read_text()) if FILE.exists() else {}
        self.used: dict[str, str] = {}

    def get(self, name: str, seal: Callable[[], bytes]) -> bytes:
        self.used[name] = self.kept.get(name) or seal().hex()
        self.kept[name] = self.used[name]
        return bytes.fromhex(self.used[name])

    def text(self) -> str:
        return json.dumps(self.used, indent=1, sort_keys=True) + "\n"


WRAPS = Wraps()
