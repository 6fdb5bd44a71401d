"""What the protocol modules declare: constants, frames, bodies, with their comments."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, get_args

import msgspec
from msgspec import inspect as shapes

from accounts import protocol as accounts_protocol
from chatsite.edge import endpoints
from chatsite.edge import wire as edge_wire
from chatsite.leaving import protocol as leaving_protocol
from media import protocol as media_protocol
from messaging import http as messaging_http
from messaging import protocol as messaging_protocol
from moderation import protocol as moderation_protocol

CONSTANT_MODULES = (
    messaging_protocol, messaging_http, accounts_protocol, media_protocol, moderation_protocol,
    leaving_protocol,
    endpoints,
)  # fmt: skip
BODY_MODULES = (
    edge_wire, accounts_protocol, messaging_http, media_protocol, moderation_protocol,
    leaving_protocol,
)  # fmt: skip
INTS: dict[tuple[Any, Any], str] = {(0, edge_wire.MAX_INT): "n", (0, 2**32 - 1): "u32"}
SIZES = {16: "id", 32: "b32", 40: "b40", 64: "b64"}

_CONSTANT = re.compile(r"^([A-Z][A-Z0-9_]*(?:, [A-Z][A-Z0-9_]*)*) = [^#\n]+?(?:  # (.*))?$")


@dataclass(frozen=True, slots=True)
class Constant:
    name: str
    value: int
    comment: str


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    type: shapes.Type
    optional: bool
    comment: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One frame (with its tag) or one body."""

    name: str
    tag: str | None
    doc: str
    members: tuple[Member, ...]


def constants() -> list[Constant]:
    """All limits and close codes. Raises ValueError where two modules share a name."""
    found: dict[str, Constant] = {}
    for module in CONSTANT_MODULES:
        for constant in _constants_of(module):
            if constant.name in found:
                raise ValueError(f"{constant.name} stands in two protocol modules")
            found[constant.name] = constant
    return list(found.values())


def client_frames() -> list[Shape]:
    return [_shape(kind, "Frame") for kind in get_args(messaging_protocol.ClientFrame)]


def server_frames() -> list[Shape]:
    """The frames that travel both ways have one type and come with the client's."""
    both = get_args(messaging_protocol.ClientFrame)
    every = get_args(messaging_protocol.ServerFrame)
    return [_shape(kind, "Frame") for kind in every if kind not in both]


def shared_frames() -> list[Shape]:
    both = get_args(messaging_protocol.ClientFrame)
    every = get_args(messaging_protocol.ServerFrame)
    return [_shape(kind, "Frame") for kind in every if kind in both]


def parts() -> list[Shape]:
    """Structs that frames hold, in the order in which they are declared."""
    return [_shape(kind) for kind in _bodies_of(messaging_protocol)]


def bodies() -> list[Shape]:
    return [_shape(kind) for module in BODY_MODULES for kind in _bodies_of(module)]


def size_of(kind: shapes.CustomType) -> int:
    assert issubclass(kind.cls, edge_wire.Fixed)
    return kind.cls.SIZE


def _constants_of(module: ModuleType) -> Iterator[Constant]:
    for line in inspect.getsource(module).splitlines():
        if match := _CONSTANT.match(line):
            for name in match[1].split(", "):
                value = getattr(module, name)
                if isinstance(value, int):
                    yield Constant(name, value, match[2] or "")


def _bodies_of(module: ModuleType) -> Iterator[type[msgspec.Struct]]:
    for kind in vars(module).values():
        if (
            isinstance(kind, type)
            and issubclass(kind, edge_wire.Body)
            and kind is not edge_wire.Body
            and kind.__module__ == module.__name__
        ):
            yield kind


def _shape(kind: type[msgspec.Struct], suffix: str = "") -> Shape:
    info: Any = shapes.type_info(kind)
    comments = _comments(kind)
    members = tuple(_member(field, comments) for field in info.fields)
    tag = info.tag if isinstance(info.tag, str) else None
    return Shape(kind.__name__ + suffix, tag, inspect.getdoc(kind) or "", members)


def _member(field: shapes.Field, comments: dict[str, str]) -> Member:
    kind, optional = field.type, not field.required
    if isinstance(kind, shapes.UnionType):
        (kind,) = (one for one in kind.types if not isinstance(one, shapes.NoneType))
    return Member(field.encode_name, kind, optional, comments.get(field.name, ""))


def _comments(kind: type) -> dict[str, str]:
    found = re.findall(r"^    (\w+): [^#\n]+  # (.*)$", inspect.getsource(kind), re.MULTILINE)
    return dict(found)
