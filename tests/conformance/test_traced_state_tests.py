"""Recorded executions with every tracer listening: the same state roots and logs as without one."""

import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from eth_typing import Address

from chain.engine import BlockResult, Environment, StateReader, Withdrawal
from chain.errors import InvalidTransaction, InvalidTransactionInBlock
from chain.py_evm import PyEvmEngine
from chain.tracing.budget import TraceBudget
from chain.tracing.context import TraceContext
from chain.tracing.mux import MuxTracer
from chain.tracing.selection import select_tracer
from chain.transactions import Transaction


def _sibling(name: str) -> Any:
    """Another test module, for what it reads and compares."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"test_{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


general_state, zero_g_geth = _sibling("general_state"), _sibling("0g_geth")

SAMPLE_STEP = 10
SAMPLE_START = 3
"""Not the files that the untraced sample takes."""
SCENARIO_STEP = 20
SLOW_SCENARIOS = "dasigners-quorums"
NO_LIMIT = 1 << 40
NAMES = (None, "callTracer", "prestateTracer", "flatCallTracer", "4byteTracer")


class ListeningEngine(PyEvmEngine):
    """Executes blocks with tracers on every transaction."""

    def execute_block(
        self,
        environment: Environment,
        transactions: Sequence[Transaction],
        senders: Sequence[Address],
        withdrawals: Sequence[Withdrawal],
        slashed: Sequence[Withdrawal],
        reader: StateReader,
    ) -> BlockResult:
        transcript = self.begin_block(environment, reader)
        for index, (transaction, sender) in enumerate(zip(transactions, senders, strict=True)):
            budget, context = TraceBudget(NO_LIMIT), TraceContext()
            tracer = MuxTracer(
                {str(name): select_tracer(name, {}, context, budget) for name in NAMES}
            )
            try:
                receipt = transcript.try_transaction(transaction, sender, tracer)
            except InvalidTransaction as error:
                raise InvalidTransactionInBlock(index, error) from error
            result = tracer.result()
            assert result["None"]["gas"] == receipt.gas_used
            assert result["callTracer"]["gasUsed"] == hex(receipt.gas_used)
            assert ("error" in result["callTracer"]) is (receipt.error is not None)
        return transcript.finish(withdrawals, slashed)


def _sample() -> list[Path]:
    files = [
        path
        for path in general_state._files()
        if not any(part in str(path) for part in general_state.TAKES_LONG)
    ]
    return files[SAMPLE_START::SAMPLE_STEP]


@pytest.mark.parametrize("path", list(general_state._parameters(_sample())))
def test_a_traced_case_comes_out_as_recorded(path: Path) -> None:
    cases = list(general_state._cases(json.loads(path.read_text())))
    case = cases[crc32(path.name.encode()) % len(cases)]
    problem = case.problem(ListeningEngine(), general_state._store(case.entry["pre"]))
    assert problem is None, f"{case.name}: {problem}"


def _scenarios() -> list[Any]:
    found = [entry for entry in zero_g_geth._entries() if SLOW_SCENARIOS not in str(entry.id)]
    return found[::SCENARIO_STEP]


@pytest.mark.parametrize("entry", _scenarios())
def test_a_traced_scenario_of_0g_geth_comes_out_as_recorded(entry: Any) -> None:
    """Stateful precompiles, fees at 80 % of the gas limit, calls at the end of blocks."""
    zero_g_geth.test_a_recorded_scenario_comes_out_as_0g_geth_had_it(entry, ListeningEngine())
    assert entry["result"]["blocks"]
