"""The entrance's gas: the published formula, below the contract's, and never less than the work is worth."""

import time
from typing import Any

import pytest
from eth_typing import Address

from chain.py_evm.evm_state import EvmState
from chain.py_evm.frame import execute_call
from chain.py_evm.frame_message import FrameMessage, TransactionContext
from chain.transactions import data_floor_gas
from precompiles.bn254 import G2_GENERATOR, R, multiply_point, negate, words
from precompiles.contract import CALL_GAS, INPUT_WORD_GAS
from precompiles.da_entrance import gas
from precompiles.da_signers import quorums
from precompiles.da_signers.signatures import (
    blob_message_hash,
    hash_to_g1,
    public_keys,
    sign,
    square_root,
)
from precompiles.solidity import prices

ROWS = 3_072
SECRET = 1_000
"""All 3,072 signers have this key."""
ROUNDS = 1_000
FRAME_GAS = 10**8
P = 21888242871839275222246405745257275088696311157297823662689037894645226208583


@pytest.fixture(scope="module")
def crowd(entrances: Any) -> Any:
    """A quorum in which every row has another signer."""
    pair = entrances.new_pair(signers=ROWS, votes=1, known_keys=False)
    assert pair.agree(entrances.call_data("sync")).succeeded
    return pair


def submission_of(entrances: Any, pair: Any, root: bytes, count: int) -> Any:
    """Signed by the first rows."""
    rows = quorums.load_quorum(pair.native.ledger, 1, 0)
    digest = blob_message_hash(root, 1, 0, entrances.COMMITMENT)
    secret = count * SECRET % R
    return entrances.Submission(
        root, 1, 0, entrances.COMMITMENT, entrances.bitmap_of(rows, rows[:count]),
        public_keys(secret)[1], sign(secret, hash_to_g1(digest)),
    )  # fmt: skip


def tries(digest: bytes) -> int:
    x, count = int.from_bytes(digest, "big") % P, 1
    while square_root((x * x * x + 3) % P) is None:
        x, count = x + 1, count + 1
    return count


def frame_cost(side: Any, to: bytes, data: bytes, number: int, runs: int) -> tuple[float, int]:
    """Best CPU time in ns, and gas, of one call in a frame of the engine."""
    state: EvmState = side.engine._state(side.environment(number), side.ledger)
    context = TransactionContext(Address(b"\xa1" * 20), 0)
    best, used = float("inf"), 0
    for _ in range(runs):
        message = FrameMessage(
            gas=FRAME_GAS, to=Address(to), sender=context.origin, value=0, data=data, code=b""
        )
        snapshot, start = state.snapshot(), time.process_time_ns()
        frame = execute_call(state, message, context)
        best = min(best, time.process_time_ns() - start)
        used = FRAME_GAS - frame.gas_left
        state.revert(snapshot)
    return best, used


def worst_ns_a_gas(side: Any) -> float:
    """Of precompiles 0x06 to 0x08, on points that are no short cut."""
    one, other = multiply_point((1, 2), 123_456_789), multiply_point((1, 2), R - 987_654_321)
    (x0, x1), (y0, y1) = G2_GENERATOR
    pair = words(x1, x0, y1, y0)
    inputs = {
        6: words(*one, *other),
        7: words(*one, R - 5),
        8: words(*one) + pair + words(*negate(one)) + pair,
    }
    costs = [
        frame_cost(side, number.to_bytes(20, "big"), data, 1, 60) for number, data in inputs.items()
    ]
    return max(ns / used for ns, used in costs)


def test_a_verified_commitment_costs_what_the_formula_says(pair: Any, entrances: Any) -> None:
    """docs/da-entrance-gas.md, "A commitment"."""
    root = b"\x01" * 32
    submission = entrances.signed(pair, root, 1, 0, (0, 1, 2))
    data = entrances.call_data("submitVerifiedCommitRoots", [submission.arguments()])
    receipt = pair.agree(data)
    digest = blob_message_hash(root, 1, 0, entrances.COMMITMENT)
    expected = (
        CALL_GAS + INPUT_WORD_GAS * (len(data) // 32)
        + 3 * prices.SLOT_READ + 3 * prices.SLOT_SET + prices.log(1, 96)
        + gas.QUORUM + gas.QUORUM_ROW * ROWS + gas.SIGNER * 3
        + gas.HASH_TO_CURVE_TRY * tries(digest)
        + 2 * (gas.POINT_MULTIPLIED + gas.POINT_ADDED) + gas.PAIRING_OF_TWO
    )  # fmt: skip
    nonzero = len(data) - data.count(0)
    intrinsic = 21_000 + 4 * data.count(0) + 16 * nonzero
    assert receipt.gas_used == max(intrinsic + expected, data_floor_gas(data))


@pytest.mark.parametrize("count", [1, 10, ROWS])
def test_verification_is_cheaper_than_the_contracts(crowd: Any, entrances: Any, count: int) -> None:
    """Also where it is refused, too few rows having signed."""
    submission = submission_of(entrances, crowd, bytes([count % 251]) * 32, count)
    data = entrances.call_data("submitVerifiedCommitRoots", [submission.arguments()])
    native, solidity = crowd.both(data)
    assert native.succeeded == solidity.succeeded == (count == ROWS)
    assert native.output == solidity.output
    assert native.gas_used < solidity.gas_used


def test_a_thousand_missed_rounds_are_cheaper_than_the_contracts(pair: Any, entrances: Any) -> None:
    pair.number = 30 * ROUNDS
    events = pair.events("sync")
    assert events == ["NewSampleRound"] * ROUNDS


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 10, ROWS])
def test_verification_is_not_underpriced(crowd: Any, entrances: Any, count: int) -> None:
    submission = submission_of(entrances, crowd, b"\xee" * 32, count)
    data = entrances.call_data("submitVerifiedCommitRoots", [submission.arguments()])
    rate = worst_ns_a_gas(crowd.native)
    ns, used = frame_cost(crowd.native, entrances.ENTRANCE, data, 1, 7)
    assert used * rate >= ns, f"{ns / used:.0f} ns a gas, {rate:.0f} at most"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sync", "currentEpoch", "DA_SIGNERS", "sampleTask"])
def test_what_else_is_called_often_is_not_underpriced(pair: Any, entrances: Any, name: str) -> None:
    rate = worst_ns_a_gas(pair.native)
    data = entrances.call_data(name)
    ns, used = frame_cost(pair.native, entrances.ENTRANCE, data, 1, 200)
    assert used * rate >= ns, f"{ns / used:.0f} ns a gas, {rate:.0f} at most"


@pytest.mark.slow
def test_missed_rounds_are_not_underpriced(pair: Any, entrances: Any) -> None:
    rate = worst_ns_a_gas(pair.native)
    data = entrances.call_data("sync")
    ns, used = frame_cost(pair.native, entrances.ENTRANCE, data, 30 * ROUNDS, 5)
    assert used > ROUNDS * 2_000
    assert used * rate >= ns, f"{ns / used:.0f} ns a gas, {rate:.0f} at most"
