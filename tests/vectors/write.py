"""Writes vectors/crypto/*.json: `python -m tests.vectors.write`, with --check to compare only."""

import argparse
import json
import sys
from pathlib import Path

from tests.vectors.cases import MODULES
from tests.vectors.wraps import FILE as WRAPS_FILE
from tests.vectors.wraps import WRAPS

DIRECTORY = Path(__file__).parent / "crypto"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 if a file would change")
    check = parser.parse_args().check
    changed = [path for path, text in files().items() if _read(path) != text]
    for path in changed:
        sys.stderr.write(f"{'differs' if check else 'written'}: {path}\n")
        if not check:
            path.write_text(files()[path])
    return 1 if check and changed else 0


def files() -> dict[Path, str]:
    """Every file this program is responsible for, with what should stand in it."""
    texts = {
        DIRECTORY / f"{name}.json": "[\n" + ",\n".join(map(_line, module.cases())) + "\n]\n"
        for name, module in MODULES.items()
    }
    return {**texts, WRAPS_FILE: WRAPS.text()}


def _line(case: object) -> str:
    return json.dumps(case, ensure_ascii=False, separators=(",", ":"))


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
