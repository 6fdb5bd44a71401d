"""What `bin/bench` measured, read from the page that it writes: there is no second list."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BEGIN, END = "<!-- bench live -->", "<!-- end of bench live -->"
CLOSED, CPU_OF, START = "closed loop, ", "of it: ", "a start: CPU, ms"
CALL = "a signed call of the API, its nonce included: CPU, ms"
IDLE = "memory of an idle connection, KiB"

Table = dict[str, dict[str, float]]  # by row, then by engine


class NotMeasured(ValueError):
    """The page lacks a figure."""


@dataclass(frozen=True)
class Engine:
    """CPU in ms, of the busy site: a quiet one pays more for each message, and has time for it."""

    message: dict[str, float]  # by process: server, postgres, redis, cassandra
    start: float  # a live connection that opens
    call: float  # a signed call of the API
    idle_kib: float  # memory of a live connection


@dataclass(frozen=True)
class Measured:
    embedded: Engine  # on SQLite
    distributed: Engine  # on one node of Cassandra
    call_of_postgres: float  # what of a call PostgreSQL takes


def read(page: Path) -> Measured:
    """Raises NotMeasured, by the name of what is missing."""
    _, begun, rest = page.read_text().partition(BEGIN)
    table = _table(rest.partition(END)[0]) if begun else {}

    def figure(row: str, engine: str) -> float:
        try:
            return table[row][engine]
        except KeyError:
            raise NotMeasured(
                f"{page} has no figure for {row!r} of {engine}: run bin/bench live --write {page}"
            ) from None

    def of(engine: str) -> Engine:
        parts = ("server", "postgres", "redis", "cassandra")
        return Engine(
            {part: figure(f"{CLOSED}{CPU_OF}{part}", engine) for part in parts},
            figure(START, engine),
            figure(CALL, engine),
            figure(IDLE, engine),
        )

    postgres = figure(CALL, "PostgreSQL") - figure(CALL, "SQLite")
    return Measured(of("SQLite"), of("distributed"), max(0.0, postgres))


def _table(text: str) -> Table:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    if not lines:
        return {}
    head, *rows = (_cells(line) for line in lines)
    return {
        name: {
            engine: float(cell) for engine, cell in zip(head, cells, strict=False) if _number(cell)
        }
        for name, cells in _named(rows)
    }


def _named(rows: list[list[str]]) -> Iterator[tuple[str, list[str]]]:
    """What each part of the site took stands in the page twice: at a steady pace, then busy."""
    under = ""
    for name, *cells in rows:
        if name.startswith(CLOSED):
            under = CLOSED
        yield (under + name if name.startswith(CPU_OF) else name), [name, *cells]


def _cells(line: str) -> list[str]:
    name, *figures = (cell.strip() for cell in line.strip("|").split("|"))
    return [name, *(figure.replace(",", "") for figure in figures)]


def _number(cell: str) -> bool:
    return cell.replace(".", "", 1).isdigit()
