"""Programs of a few opcodes on a state in dictionaries, run with a tracer; its answer as JSON."""

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from eth_typing import Address, Hash32

from chain.engine import CallResult, Message
from chain.forks.fork import Fork
from chain.tracing.budget import TraceBudget
from chain.tracing.context import TraceContext
from chain.tracing.noop import NoopTracer
from chain.tracing.selection import select_tracer

_spec = importlib.util.spec_from_file_location(
    "engine_worlds", Path(__file__).parents[1] / "py_evm" / "conftest.py"
)
assert _spec is not None
assert _spec.loader is not None
engine_worlds = importlib.util.module_from_spec(_spec)
sys.modules["engine_worlds"] = engine_worlds
_spec.loader.exec_module(engine_worlds)

ONE, TWO, THREE = (Address(bytes((number,)) * 20) for number in (0x11, 0x22, 0x33))
CONTEXT = TraceContext(
    block_number=7,
    block_hash=Hash32(b"\xbb" * 32),
    transaction_hash=Hash32(b"\xaa" * 32),
    transaction_index=2,
    first_log_index=40,
)
GAS = 100_000
INTRINSIC = 21_000


def push(value: int | bytes) -> bytes:
    body = (
        value
        if isinstance(value, bytes)
        else value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    )
    return bytes((0x5F + len(body),)) + body


def calling(opcode: int, to: bytes, value: int | None = None, gas: int | None = None) -> bytes:
    """Without input; drops the outcome."""
    code = push(0) * 4 + (b"" if value is None else push(value)) + push(to)
    return code + (b"\x5a" if gas is None else push(gas)) + bytes((opcode,)) + b"\x50"


def storing_memory(content: bytes) -> bytes:
    """Into memory from 0 on, words at a time."""
    return b"".join(
        push(content[at : at + 32].ljust(32, b"\0")) + push(at) + b"\x52"
        for at in range(0, len(content), 32)
    )


class Stage:
    """Accounts with code, and one message of alice's."""

    ONE, TWO, THREE = ONE, TWO, THREE
    CONTEXT, GAS, INTRINSIC = CONTEXT, GAS, INTRINSIC
    push, calling, storing_memory = (
        staticmethod(push),
        staticmethod(calling),
        staticmethod(storing_memory),
    )

    def __init__(self, fork: Fork = Fork.PRAGUE) -> None:
        self.world = engine_worlds.Worlds.ethereum(fork)
        self.alice = self.world.alice.address
        self.outcome: CallResult | None = None

    def put(self, codes: Mapping[Address, bytes], **more: Any) -> None:
        for address, code in codes.items():
            self.world.ledger.put(address, code=code, **more)

    def trace(self, name: str | None, options: Any = None, **message: Any) -> Any:
        tracer = select_tracer(name, options or {}, CONTEXT, TraceBudget())
        return self.answer(tracer, **message)

    def answer(self, tracer: NoopTracer, **message: Any) -> Any:
        fields = {"sender": self.alice, "to": ONE, "gas_limit": GAS} | message
        self.outcome = self.world.engine.call(
            self.world.environment, Message(**fields), self.world.ledger, tracer=tracer
        )
        # orjson writes frames as deep as they come, but reads 1,024 levels.
        return json.loads(orjson.dumps(tracer.result()))


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def stages() -> type[Stage]:
    return Stage
