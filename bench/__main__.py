"""python -m bench [live|append|all] [--json FILE] [--profile FILE]"""

import argparse
import asyncio
import json
import platform
from dataclasses import asdict
from pathlib import Path

from bench import append, live

AIMS = {
    "cpu_seconds_per_1000": 0.4,
    "p99_ms": 10,
    "connects_per_second": 600,
    "kib_per_connection": 30,
}


def main() -> None:
    options = _parse()
    result: dict[str, object] = {}
    if options.what != "live":
        appends = append.run()
        append.show(appends)
        result["append"] = appends
    if options.what != "append":
        result["live"] = _live(options.profile)
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=2) + "\n")


def _live(profile: str | None) -> dict[str, object]:
    figures = asdict(asyncio.run(live.run(profile)))
    conditions = {"python": platform.python_version(), **figures.pop("conditions")}
    print("One delivered: send, sent, msg to one device, its got, its read every 500 ms.")
    for name, value in figures.items():
        aim = f"  (aim {AIMS[name]})" if name in AIMS else ""
        print(f"{name:<36} {value:>10.3f}{aim}")
    print(", ".join(f"{name}={value}" for name, value in conditions.items()))
    return {**figures, "conditions": conditions}


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="live", choices=["live", "append", "all"])
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--profile", metavar="FILE", help="where the server's time goes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
