"""Random programs at Cancun, step by step beside revm's EIP-3155 trace; and traced beside untraced."""

import importlib.util
import io
import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

import pytest
from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env

from chain.engine import CallResult, Message
from chain.forks.fork import Fork
from chain.tracer import Step, Tracer
from chain.tracing.budget import TraceBudget
from chain.tracing.context import TraceContext
from chain.tracing.noop import NoopTracer
from chain.tracing.selection import select_tracer

_spec = importlib.util.spec_from_file_location(
    "revm_programs", Path(__file__).with_name("test_against_revm.py")
)
assert _spec is not None
assert _spec.loader is not None
revm_programs = importlib.util.module_from_spec(_spec)
sys.modules["revm_programs"] = revm_programs
_spec.loader.exec_module(revm_programs)

ACCOUNTS = (revm_programs.ALICE_CODE, revm_programs.BOB)
PROGRAMS_PER_SEED = 8
CREATIONS = (0xF0, 0xF5)
SEEDS = range(6)


class StepRecorder(NoopTracer):
    """Every step in revm's terms."""

    wants_steps = True

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []

    def step_started(self, step: Step) -> None:
        self.steps.append(
            {
                "pc": step.position,
                "op": step.opcode,
                "gas": step.gas,
                "stack": step.stack,
                "depth": step.depth,
                "memSize": len(step.memory),
            }
        )

    def step_ended(self, cost: int, refund: int, failure: str | None) -> None:
        self.steps[-1] |= {"gasCost": cost, "failed": failure is not None}


def programs_of(seed: int) -> Iterator[tuple[tuple[bytes, bytes], bytes, int]]:
    """Two codes, call data, gas."""
    programs = revm_programs.Programs(seed + 1_000)
    for _ in range(PROGRAMS_PER_SEED):
        codes = programs.program(), programs.program()
        data = programs.random.randbytes(programs.random.choice((0, 4, 36)))
        yield codes, data, programs.random.choice((50_000, 100_000))


def run(
    world: Any, codes: tuple[bytes, bytes], data: bytes, gas: int, tracer: Tracer | None
) -> CallResult:
    for address, code in zip(ACCOUNTS, codes, strict=True):
        world.ledger.put(address, nonce=1, balance=100, code=code)
    world.ledger.put(world.alice.address, balance=10**20)
    message = Message(
        sender=world.alice.address,
        to=ACCOUNTS[0],
        gas_limit=gas + revm_programs.ACCESS_LIST_GAS,
        data=data,
        value=5,
        access_list=tuple((address, ()) for address in (*ACCOUNTS, world.alice.address)),
    )
    result: CallResult = world.engine.call(world.environment, message, world.ledger, tracer=tracer)
    return result


def revm_steps(
    world: Any, codes: tuple[bytes, bytes], data: bytes, gas: int
) -> list[dict[str, Any]]:
    """What revm prints while it runs."""
    environment = world.environment
    block = BlockEnv(
        number=environment.number,
        coinbase="0x" + environment.coinbase.hex(),
        timestamp=environment.timestamp,
        prevrandao=bytes(32),
        basefee=0,
        gas_limit=environment.gas_limit,
        excess_blob_gas=0,
    )
    evm = EVM(
        Env(cfg=CfgEnv(chain_id=16_601), block=block),
        gas_limit=environment.gas_limit,
        spec_id="CANCUN",
        tracing=True,
    )
    for address, code in zip(ACCOUNTS, codes, strict=True):
        evm.insert_account_info("0x" + address.hex(), AccountInfo(nonce=1, code=code))
        evm.set_balance("0x" + address.hex(), 100)
    caller = "0x" + world.alice.address.hex()
    evm.set_balance(caller, 10**20)
    # It prints through Python's standard output.
    printed = io.StringIO()
    with redirect_stdout(printed), suppress(RuntimeError):
        evm.message_call(
            caller, "0x" + ACCOUNTS[0].hex(), calldata=data, value=5, gas=gas, gas_price=0
        )
    lines = [json.loads(line) for line in printed.getvalue().splitlines()]
    return [line for line in lines if "pc" in line]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_step_has_the_place_gas_cost_and_stack_that_revm_gives_it(
    worlds: Any, seed: int
) -> None:
    for codes, data, gas in programs_of(seed):
        world, recorder = worlds.ethereum(Fork.CANCUN), StepRecorder()
        run(world, codes, data, gas, recorder)
        expected = revm_steps(world, codes, data, gas)
        what = f"codes {codes[0].hex()} {codes[1].hex()}, data {data.hex()}, gas {gas}"
        assert len(recorder.steps) == len(expected), what
        followers = [*expected[1:], {"depth": 0, "gas": "0x0"}]
        for ours, theirs, follower in zip(recorder.steps, expected, followers, strict=True):
            assert ours["pc"] == theirs["pc"], what
            assert ours["op"] == theirs["op"], what
            assert ours["gas"] == int(theirs["gas"], 16), what
            assert ours["depth"] == theirs["depth"], what
            assert ours["stack"] == [int(item, 16) for item in theirs["stack"]], what
            assert ours["memSize"] == int(theirs["memSize"]), what
            if "error" in theirs and theirs["error"] != "CallOrCreate":
                continue
            assert not ours["failed"], what
            cost = int(theirs["gasCost"], 16)
            if ours["op"] in CREATIONS:
                if follower["depth"] <= theirs["depth"]:
                    continue
                # revm counts what a creation hands over, go-ethereum does not.
                cost -= int(follower["gas"], 16)
            assert ours["gasCost"] == cost, what


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", [None, "callTracer", "prestateTracer", "flatCallTracer"])
def test_a_traced_run_comes_out_as_an_untraced_one(
    worlds: Any, seed: int, name: str | None
) -> None:
    """Gas, output, logs and error; frames of the tracers balance."""
    for codes, data, gas in programs_of(seed):
        world = worlds.ethereum(Fork.CANCUN)
        tracer = select_tracer(name, {}, TraceContext(), TraceBudget())
        plain = run(world, codes, data, gas, None)
        assert run(world, codes, data, gas, tracer) == plain
        assert tracer.result()
