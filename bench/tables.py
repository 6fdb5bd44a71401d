"""Figures as tables: in a terminal, and in a document between two marks of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MARK = "<!-- bench {name} -->"
END = "<!-- end of bench {name} -->"


@dataclass
class Table:
    """Cells of a head and of rows, and a sentence below."""

    head: list[str]
    rows: list[list[str]]
    below: str = ""


def number(value: float) -> str:
    """With as many digits as say something."""
    if float(value).is_integer() or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def aim(value: float | None) -> str:
    return "" if value is None else f"{value:,}"


def aligned(table: Table) -> str:
    """For a terminal."""
    lines = [table.head, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join([*text, *filter(None, [table.below])])


def markdown(table: Table) -> str:
    lines = [table.head, ["---"] * len(table.head), *table.rows]
    text = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([*text, *(["", table.below] if table.below else [])])


def require_places(document: Path, names: Sequence[str]) -> None:
    """Raises ValueError where the document has no marks for one of the names."""
    text = document.read_text()
    for name in names:
        if MARK.format(name=name) not in text or END.format(name=name) not in text:
            raise ValueError(f"{document} has no place for {name}: {MARK.format(name=name)}")


def put_into(document: Path, name: str, taken: str, tables: Sequence[Table]) -> None:
    """Replace what stands between the marks of `name`. Raises ValueError where they are not."""
    require_places(document, [name])
    begin, end = MARK.format(name=name), END.format(name=name)
    before, _, rest = document.read_text().partition(begin)
    after = rest.partition(end)[2]
    filled = "\n\n".join([taken, *map(markdown, tables)])
    document.write_text(f"{before}{begin}\n\n{filled}\n\n{end}{after}")
