"""python -m bench [live|append|catchup|reconnect|page|all] [--json FILE] [--profile FILE]"""

import argparse
import json
from pathlib import Path
from typing import Any

from bench import append, catchup, live, page, reconnect

MODES: dict[str, Any] = {
    "append": append,
    "live": live,
    "catchup": catchup,
    "reconnect": reconnect,
    "page": page,
}
PROFILED = ("live", "catchup", "reconnect")  # those with a server


def main() -> None:
    options = _parse()
    result: dict[str, object] = {}
    for name in MODES if options.what == "all" else (options.what,):
        mode = MODES[name]
        figures = mode.run(_profile(options, name)) if name in PROFILED else mode.run()
        mode.show(figures)
        result[name] = figures
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=2) + "\n")


def _profile(options: argparse.Namespace, name: str) -> str | None:
    """A file of its own for each of `all`."""
    if options.profile and options.what == "all":
        return f"{options.profile}.{name}"
    return options.profile  # type: ignore[no-any-return]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="live", choices=[*MODES, "all"])
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--profile", metavar="FILE", help="where the server's time goes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
