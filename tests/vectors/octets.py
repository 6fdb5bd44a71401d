"""Bytes in a vector: hex, or a rule that makes long ones short."""

from typing import Any


def read(value: str | dict[str, Any]) -> bytes:
    if isinstance(value, str):
        return bytes.fromhex(value)
    if "repeat" in value:
        return bytes.fromhex(value["repeat"]) * int(value["times"])
    return bytes(i % int(value["modulo"]) for i in range(int(value["length"])))


def maybe(value: str | dict[str, Any] | None) -> bytes | None:
    return None if value is None else read(value)
