"""The precompiles and 0G's own contracts answer the same, whatever is called."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from eth_abi.abi import decode
from flow_chains import EPOCH_BLOCKS, Pair, contract_side, native_side, shared_slots
from flow_steps import ADMIN, STRANGER, Step, Steps, call_data, checksum, same

pytestmark = pytest.mark.localnet

SUBMISSIONS = 200
GETTERS = (
    "epoch", "submissionIndex", "numSubmissions", "firstBlock", "blocksPerEpoch", "tree",
    "epochStartPosition", "getContext", "paused", "PAUSER_ROLE",
    "DEFAULT_ADMIN_ROLE",
)  # fmt: skip


def pair_of(compiled: Any) -> Pair:
    return Pair(native_side(), contract_side(compiled.flow, compiled.market))


@pytest.mark.parametrize("seed", range(4))
def test_random_calls_of_0gs_contract_and_of_the_precompile_are_one_history(
    compiled: Any, seed: int
) -> None:
    """Answers, errors, logs, balances, storage; and never more gas."""
    pair = pair_of(compiled)
    steps = Steps(seed, epoch_blocks=EPOCH_BLOCKS)
    for step in steps.until(SUBMISSIONS):
        pair.take(step)
        assert shared_slots(pair.native) == shared_slots(pair.contract), step
    for data, to in questions(seed, pair):
        pair.ask(data, to)


@pytest.mark.parametrize("seed", range(2))
def test_trees_of_up_to_64_levels_agree(compiled: Any, seed: int) -> None:
    contract = contract_side(compiled.flow, compiled.market, price=0)
    pair = Pair(native_side(price=0), contract, number=10)
    steps = Steps(seed, EPOCH_BLOCKS, highest=60)
    for _ in range(40):
        pair.take(steps.submission())
        assert shared_slots(pair.native) == shared_slots(pair.contract)
    (length, _) = decode(["uint256", "uint256"], pair.ask(call_data("tree"))[1])
    assert length > 1 << 56


def questions(seed: int, pair: Pair) -> Iterator[tuple[bytes, str]]:
    """Every view, with arguments that are there and such that are not."""
    rng = random.Random(seed)
    for name in GETTERS:
        yield call_data(name), "flow"
    (epochs,) = decode(["uint256"], pair.ask(call_data("epoch"))[1])
    for index in [0, 1, epochs - 1, epochs, epochs + 1, *rng.sample(range(epochs + 1), 5)]:
        found, answer = pair.ask(call_data("getEpochRangeHistory", ["uint256"], max(index, 0)))
        if found:
            yield call_data("getEpochRange", ["bytes32"], answer[64:]), "flow"
        yield call_data("getFlowRootByTxSeq", ["uint256"], max(index, 0)), "flow"
        yield call_data("available", ["uint256"], max(index, 0)), "history"
        found, root = pair.ask(call_data("at", ["uint256"], max(index, 0)), "history")
        yield call_data("contains", ["bytes32"], root if found else b"\1" * 32), "history"
    for name in ("pricePerSector", "PARAMS_ADMIN_ROLE"):
        yield call_data(name), "market"
    for name, types in (("insert", "bytes32"), ("transferOwnership", "address")):
        yield (
            call_data(name, [types], b"\2" * 32 if types == "bytes32" else checksum(ADMIN)),
            "history",
        )


def test_a_history_of_more_than_a_thousand_epochs_forgets_the_same_roots(compiled: Any) -> None:
    pair = pair_of(compiled)
    for epochs in (700, 500):
        pair.take(same("far", call_data("makeContext"), blocks=epochs * EPOCH_BLOCKS))
    for index in (0, 198, 199, 200, 201, 1_198, 1_199, 1_200):
        pair.ask(call_data("available", ["uint256"], index), "history")
        pair.ask(call_data("at", ["uint256"], index), "history")


def test_roles_are_given_and_taken_alike(compiled: Any) -> None:
    pair = pair_of(compiled)
    for to, role_name in (("flow", "PAUSER_ROLE"), ("market", "PARAMS_ADMIN_ROLE")):
        role = pair.ask(call_data(role_name), to)[1]
        types, stranger = ["bytes32", "address"], checksum(STRANGER)
        for name, sender in (
            ("grantRole", STRANGER), ("grantRole", ADMIN), ("grantRole", ADMIN),
            ("renounceRole", ADMIN), ("renounceRole", STRANGER), ("grantRole", ADMIN),
            ("revokeRole", STRANGER), ("revokeRole", ADMIN),
        ):  # fmt: skip
            data = call_data(name, types, role, stranger)
            pair.take(Step(name, data, data, sender=sender, to=to))
            for question in ("hasRole", "getRoleMember"):
                last = stranger if question == "hasRole" else 1
                kinds = ["bytes32", "address" if question == "hasRole" else "uint256"]
                pair.ask(call_data(question, kinds, role, last), to)
            pair.ask(call_data("getRoleMemberCount", ["bytes32"], role), to)
