"""JSON objects and arrays taken apart, with Go's words for what does not fit."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from node.json_rpc.errors import ParameterError
from node.json_rpc.parameters import json_kind

_Value = TypeVar("_Value")
_TYPE_ERROR = re.compile(
    r"json: cannot unmarshal (.+) into Go (?:value|struct field [^.]+\.(\S+)) of type (\S+)",
    re.DOTALL,
)


class Fields(dict[str, Any]):
    """The members of an object that Go reads into a struct."""

    def __init__(self, members: Mapping[str, Any], go_type: str) -> None:
        super().__init__(members)
        self.struct = go_type.rpartition(".")[2]


def fields_of(value: Any, go_type: str) -> Fields:
    """The members of an object."""
    if not isinstance(value, dict):
        raise _misfit(value, go_type)
    return Fields(value, go_type)


def items_of(value: Any, go_type: str) -> list[Any]:
    """The items of an array."""
    if not isinstance(value, list):
        raise _misfit(value, go_type)
    return value


def field(fields: Fields, name: str, parse: Callable[[Any], _Value]) -> _Value | None:
    """A member as `parse` reads it; None where it is absent or null."""
    value = fields.get(name)
    if value is None:
        return None
    try:
        return parse(value)
    except ParameterError as error:
        raise _placed(error, fields.struct, name) from None


def either(fields: Fields, names: tuple[str, ...], parse: Callable[[Any], _Value]) -> _Value | None:
    """The first of these members that is there."""
    for name in names:
        found = field(fields, name, parse)
        if found is not None:
            return found
    return None


def _placed(error: ParameterError, struct: str, name: str) -> ParameterError:
    """As encoding/json says where in a struct it met a value of another type."""
    found = _TYPE_ERROR.fullmatch(str(error))
    if found is None:
        return error
    problem, inner_path, go_type = found.groups()
    path = f"{name}.{inner_path}" if inner_path else name
    return ParameterError(
        f"json: cannot unmarshal {problem} into Go struct field {struct}.{path} of type {go_type}"
    )


def _misfit(value: Any, go_type: str) -> ParameterError:
    return ParameterError(
        f"json: cannot unmarshal {json_kind(value)} into Go value of type {go_type}"
    )
