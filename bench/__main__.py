"""python -m bench [live|append|steps|catchup|reconnect|page|media|large|all] [--engine …] …"""

import argparse
import json
from pathlib import Path
from typing import Any

from bench import append, catchup, large, live, machine, media, page, reconnect, steps
from bench.engines import ENGINES
from bench.tables import aligned, put_into, require_places

MODES: dict[str, Any] = {
    "append": append,
    "live": live,
    "steps": steps,
    "catchup": catchup,
    "reconnect": reconnect,
    "page": page,
    "media": media,
    "large": large,
}
OF_ENGINES = ("append", "live", "steps", "reconnect")  # the others measure SQLite alone
PROFILED = ("live", "catchup", "reconnect")  # those with a server


def main() -> None:
    options = _parse()
    names = list(MODES) if options.what == "all" else [options.what]
    if options.write:
        require_places(Path(options.write), [name for name in names if name in OF_ENGINES])
    result: dict[str, object] = {}
    for name in names:  # what was measured stays, whatever becomes of the next
        figures = result[name] = MODES[name].run(**_arguments(options, name))
        _show(name, figures, options.write)
        if options.json:
            Path(options.json).write_text(json.dumps(result, indent=2) + "\n")


def _show(name: str, figures: Any, document: str | None) -> None:
    if name not in OF_ENGINES:
        MODES[name].show(figures)
        return
    tables = MODES[name].tables(figures)
    for table in tables:
        print(aligned(table), end="\n\n")
    if document:
        put_into(Path(document), name, machine.taken(), tables)


def _arguments(options: argparse.Namespace, name: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if name in OF_ENGINES:
        arguments["engines"] = list(ENGINES) if options.engine == "all" else [options.engine]
    if name in PROFILED:
        arguments["profile"] = _profile(options, name)
    return arguments


def _profile(options: argparse.Namespace, name: str) -> str | None:
    """A file of its own for each of `all`."""
    if options.profile and options.what == "all":
        return f"{options.profile}.{name}"
    return options.profile  # type: ignore[no-any-return]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="live", choices=[*MODES, "all"])
    parser.add_argument(
        "--engine", default="all", choices=[*ENGINES, "all"],
        help="of those that have engines; what this machine cannot have is left out aloud",
    )  # fmt: skip
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--profile", metavar="FILE", help="where the server's time goes")
    parser.add_argument(
        "--write", metavar="FILE.md", help="fill in the tables of a document, between their marks"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
