"""Plants a fault: one piece of one function's source is another, until it is taken out again."""

import importlib
import inspect
import os
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import CodeType, FunctionType

os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault that somebody could have made."""

    name: str
    """A sentence: what the faulty code does."""
    covers: str
    """The traps (T1–T31), guards (L22–L67) and kinds of rule it stands for, separated by spaces."""
    target: str
    """module:function, or module:Class.function."""
    old: str
    """A piece of the function's source; it is there once."""
    new: str
    test: str
    """The directed test that kills it: file::name below tests/, "" if only seeds do."""


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """While this lasts, everybody who calls the function runs the fault."""
    function = function_of(mutant.target)
    sound = function.__code__
    function.__code__ = faulty_code(function, mutant)
    try:
        yield
    finally:
        function.__code__ = sound


def function_of(target: str) -> FunctionType:
    """Under properties and class methods too."""
    module_name, _, path = target.partition(":")
    found: object = importlib.import_module(module_name)
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, cached_property):
        found = found.func
    if isinstance(found, classmethod | staticmethod):
        found = found.__func__
    assert isinstance(found, FunctionType), target
    return found


def faulty_code(function: FunctionType, mutant: Mutant) -> CodeType:
    """The function compiled anew from its changed source."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(mutant.old) == 1, (mutant.name, source.count(mutant.old))
    changed = source.replace(mutant.old, mutant.new)
    lines = changed.splitlines()
    while lines[0].startswith("@"):
        del lines[0]
    names = dict(function.__globals__)
    exec(compile("\n".join(lines), f"<{mutant.name}>", "exec"), names)
    code = names[function.__name__].__code__
    assert code.co_freevars == function.__code__.co_freevars
    return code
