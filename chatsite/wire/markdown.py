"""docs/protocol.md: the prose of prose.md with the tables of the protocol modules put in."""

from pathlib import Path
from typing import Any

from msgspec import inspect as shapes

from chatsite.wire import reading
from chatsite.wire.reading import Member, Shape

PROSE = Path(__file__).with_name("prose.md")


def text() -> str:
    tables = {
        "client": _tables(reading.client_frames()),
        "server": _tables(reading.server_frames()),
        "parts": _tables(reading.parts()),
        "bodies": _tables(reading.bodies()),
        "limits": _limits("CLOSE_", keep=False),
        "closes": _limits("CLOSE_", keep=True),
    }
    prose = PROSE.read_text()
    for name, table in tables.items():
        prose = prose.replace(f"<!-- {name} -->", table)
    return prose


def _limits(prefix: str, *, keep: bool) -> str:
    rows = [
        f"| `{one.name}` | {one.value} | {one.comment} |"
        for one in reading.constants()
        if one.name.startswith(prefix) is keep
    ]
    return "\n".join(["| name | value | meaning |", "|---|---|---|", *rows])


def _tables(found: list[Shape]) -> str:
    return "\n\n".join(_table(shape) for shape in found)


def _table(shape: Shape) -> str:
    title = f"#### `{shape.tag or shape.name}`"
    rows = [_row(member) for member in shape.members]
    table = ["| member | type | |", "|---|---|---|", *rows] if rows else ["No members."]
    return "\n".join([title, "", shape.doc, "", *table])


def _row(member: Member) -> str:
    mark = "?" if member.optional else ""
    return f"| `{member.name}`{mark} | {_type(member.type)} | {member.comment} |"


def _type(kind: Any) -> str:
    match kind:
        case shapes.CustomType():
            return reading.SIZES[reading.size_of(kind)]
        case shapes.BytesType():
            return f"bytes, {kind.min_length} to {kind.max_length}"
        case shapes.LiteralType():
            return ", ".join(f"`{value}`" for value in kind.values)
        case shapes.ListType():
            limit = "" if kind.max_length is None else f" ≤ {kind.max_length}"
            return f"list of {_type(kind.item_type)}{limit}"
        case shapes.TupleType():
            return f"[{', '.join(_type(one) for one in kind.item_types)}]"
        case shapes.StructType():
            return f"`{kind.tag or kind.cls.__name__}`"
    return _scalar(kind)


def _scalar(kind: Any) -> str:
    match kind:
        case shapes.IntType():
            return reading.INTS.get((kind.ge, kind.le), f"{kind.ge} to {kind.le}")
        case shapes.StrType():
            return "text" if kind.max_length is None else f"text ≤ {kind.max_length}"
        case shapes.RawType():
            return "a frame"
    return "true or false"
