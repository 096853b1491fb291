"""Traces that go-ethereum recorded over the chain of ethereum/execution-apis: the same to the last field."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from chain.chain import Chain, Valid
from chain.key_value import MemoryStore
from chain.py_evm import PyEvmEngine
from chain.queries import ChainView, Queries
from chain.tracing.budget import TraceBudget
from chain.tracing.context import TraceContext
from chain.tracing.noop import NoopTracer
from chain.tracing.selection import select_tracer
from genesis.block import genesis_block
from genesis.document import load_chain_genesis

SHARED = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDER = SHARED / "execution-apis" / "tests"
BLOCKS_NEEDED = 8
METHODS = ("debug_traceBlockByNumber", "debug_traceBlockByHash", "debug_traceTransaction")

pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason=f"no recorded chain in {FOLDER}: set ZEROG_SHARED"
)


@pytest.fixture(scope="module")
def view() -> Iterator[ChainView]:
    """The first blocks of the chain: those that were traced."""
    genesis = load_chain_genesis(json.loads((FOLDER / "genesis.json").read_text()))
    store, engine = MemoryStore(), PyEvmEngine()
    Chain.initialize(store, *genesis_block(genesis))
    chain = Chain(store, genesis.config, engine, allows_withdrawals=True)
    raw = (FOLDER / "chain.rlp").read_bytes()
    for _ in range(BLOCKS_NEEDED):
        prefix = raw[0] - 0xF7
        size = 1 + prefix + int.from_bytes(raw[1 : 1 + prefix], "big")
        verdict = chain.execute_payload(raw[:size])
        assert isinstance(verdict, Valid), verdict
        chain.commit(verdict.executed)
        raw = raw[size:]
    with Queries(store, genesis.config, engine).view() as found:
        yield found


def _recorded() -> Iterator[Any]:
    for method in METHODS:
        for path in sorted((FOLDER / method).glob("*.io")):
            lines = [line for line in path.read_text().splitlines() if line[:2] in (">>", "<<")]
            for number, (asked, answered) in enumerate(zip(lines[::2], lines[1::2], strict=True)):
                answer = json.loads(answered[3:])
                if "result" in answer:
                    request = json.loads(asked[3:])
                    identity = f"{method}/{path.stem}-{number}"
                    yield pytest.param(request, answer["result"], id=identity)


@pytest.mark.parametrize(("request_", "expected"), list(_recorded()))
def test_a_recorded_trace_is_reproduced(view: ChainView, request_: Any, expected: Any) -> None:
    subject, *rest = request_["params"]
    options = rest[0] if rest else {}
    if request_["method"] == "debug_traceTransaction":
        placed = view.find_transaction(bytes.fromhex(subject[2:]))
        assert placed is not None
        traces = _traces(view, placed.block_number, options)
        got = traces[placed.index]["result"]
    else:
        at = bytes.fromhex(subject[2:]) if len(subject) == 66 else int(subject, 16)
        got = _traces(view, at, options)
    assert got == expected


def _traces(view: ChainView, at: Any, options: Any) -> list[Any]:
    block = view.find_block(at)
    assert block is not None
    tracers: list[NoopTracer] = []

    def tracer_of(_: int) -> NoopTracer:
        tracers.append(select_tracer(None, options, TraceContext(), TraceBudget()))
        return tracers[-1]

    view.replay(block).trace_all(tracer_of)
    return [
        {
            "txHash": "0x" + transaction.hash.hex(),
            "result": orjson.loads(orjson.dumps(tracer.result())),
        }
        for transaction, tracer in zip(block.transactions, tracers, strict=True)
    ]
