"""JSON objects and arrays taken apart, with Go's words for what does not fit."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from node.json_rpc.errors import ParameterError
from node.json_rpc.parameters import json_kind

_Value = TypeVar("_Value")


def fields_of(value: Any, go_type: str) -> dict[str, Any]:
    """The members of an object."""
    if not isinstance(value, dict):
        raise _misfit(value, go_type)
    return value


def items_of(value: Any, go_type: str) -> list[Any]:
    """The items of an array."""
    if not isinstance(value, list):
        raise _misfit(value, go_type)
    return value


def field(fields: Mapping[str, Any], name: str, parse: Callable[[Any], _Value]) -> _Value | None:
    """A member as `parse` reads it; None where it is absent or null."""
    value = fields.get(name)
    return None if value is None else parse(value)


def either(
    fields: Mapping[str, Any], names: tuple[str, ...], parse: Callable[[Any], _Value]
) -> _Value | None:
    """The first of these members that is there."""
    for name in names:
        found = field(fields, name, parse)
        if found is not None:
            return found
    return None


def _misfit(value: Any, go_type: str) -> ParameterError:
    return ParameterError(
        f"json: cannot unmarshal {json_kind(value)} into Go value of type {go_type}"
    )
