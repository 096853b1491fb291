"""Submissions: numbers seen from 0G's own contract, both forms, fees, refusals, logs."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.storage_flow.addresses import FLOW, MARKET, REWARD
from precompiles.storage_flow.submitting import SUBMIT

ADMIN, STRANGER, HELPER = (Address(bytes([n]) * 20) for n in (0xA1, 0xA2, 0xA3))
ROOT = bytes(keccak(b"zerog"))
SEEN = (
    ([8], 256, 512, "e88488ba138d4151dad2ed78819c68d9a34a8c63d6ddd069715bdb39f6e1acdc"),
    ([9, 8, 7, 6], 1024, 1984, "1122e99b205121639e74140ac248c741498e2d186e45d88950727c7ec9d93df4"),
    ([9, 8, 7, 6], 2048, 3008, "5fb66dd9b881dea8e7cc02825add4073bc99e8933bcf85b45442197fb3819e8d"),
    ([0], 3008, 3009, "cf9ef60dd2d0a938fa9da3ff3502e047486e4403336d13ac79083162ce24a48e"),
)
"""Heights, first sector, length of the tree, its root: 0G's contract, every node keccak("zerog")."""


UNAUTHORIZED = "^" + keccak(b"AccessControlUnauthorizedAccount(address,bytes32)")[:4].hex()


def not_enough(price: int, amount: int, paid: int) -> str:
    words = encode(["uint256"] * 3, [price, amount, paid])
    return f"^{(keccak(b'NotEnoughFee(uint256,uint256,uint256)')[:4] + words).hex()}$"


def test_the_numbers_seen_from_0gs_own_contract(flow: Any) -> None:
    for index, (heights, start, length, root) in enumerate(SEEN):
        identity = keccak(ROOT * len(heights))
        sectors = sum(1 << height for height in heights)
        assert flow.submit(*heights) == (index, identity, start, sectors)
        assert flow.call("tree")[0] == length
        assert flow.call("computeFlowRoot").hex() == root
        assert flow.call("getFlowRootByTxSeq", index).hex() == root


def test_the_log_names_the_submitter_and_holds_the_submission(flow: Any) -> None:
    nodes = [(ROOT, 3), (b"\1" * 32, 1)]
    data = (2_400, b"tag", nodes)
    flow.call("submit(((", (data, HELPER), caller=STRANGER, value=10)
    [(topics, words)] = flow.logs
    assert topics[0] == SUBMIT
    assert topics[0].hex() == "167ce04d2aa1981994d3a31695da0d785373335b1078cec239a1a3a2c7675555"
    assert topics[1] == HELPER.rjust(32, b"\0")
    assert topics[2] == keccak(ROOT + b"\1" * 32)
    types = ["uint256", "uint256", "uint256", "(uint256,bytes,(bytes32,uint256)[])"]
    assert decode(types, words) == (0, 8, 10, (2_400, b"tag", tuple(nodes)))


def test_the_older_form_names_its_caller(flow: Any) -> None:
    data = (256, b"", [(ROOT, 0)])
    assert flow.call("submit((uint256", data, caller=STRANGER, value=1)[0] == 0
    flow.call("batchSubmit((uint256", [data, data], caller=STRANGER, value=2)
    assert [topics[1][12:] for topics, _ in flow.logs] == [STRANGER] * 3
    assert flow.call("numSubmissions") == flow.call("submissionIndex") == 3


def test_a_batch_answers_in_columns(flow: Any) -> None:
    datas = [((256, b"", [(ROOT, 0)]), ADMIN), ((512, b"", [(ROOT, 1)]), HELPER)]
    answer = flow.call("batchSubmit(((", datas, value=3)
    assert answer == ((0, 1), (keccak(ROOT),) * 2, (1, 2), (1, 2))
    assert flow.call("batchSubmit(((", []) == ((), (), (), ())


def test_one_bad_submission_undoes_its_batch(flow: Any, refused: type[Exception]) -> None:
    good: Any = ((256, b"", [(ROOT, 0)]), ADMIN)
    bad: Any = ((0, b"", []), ADMIN)
    with pytest.raises(refused, match=r"^Invalid submission$"):
        flow.call("batchSubmit(((", [good, bad], value=5)
    assert flow.call("numSubmissions") == 0
    assert not flow.logs


def test_a_fee_reaches_the_reward_account(flow_of: Callable[..., Any]) -> None:
    flow = flow_of(price=7)
    flow.submit(3, value=56)
    assert flow.wei.of == {FLOW: 0, REWARD: 56}


def test_what_was_paid_too_much_stays_and_pays_for_the_next(
    flow: Any, refused: type[Exception]
) -> None:
    flow.submit(0, value=3)
    assert flow.wei.get(FLOW) == 2
    flow.submit(1, value=0)
    with pytest.raises(refused, match=not_enough(1, 1, 0)):
        flow.submit(0, value=0)
    with pytest.raises(refused, match=not_enough(1, 4, 3)):
        flow.submit(2, value=3)


def test_wei_sent_to_the_market_go_along_with_the_next_fee(flow: Any) -> None:
    flow.run(b"", to=MARKET, value=9)
    assert flow.wei.get(MARKET) == 9
    flow.submit(0)
    assert (flow.wei.get(MARKET), flow.wei.get(REWARD)) == (0, 10)


def test_a_price_that_no_number_holds_is_an_overflow(
    flow_of: Callable[..., Any], refused: type[Exception]
) -> None:
    flow = flow_of(price=1 << 255)
    panic = keccak(b"Panic(uint256)")[:4] + (0x11).to_bytes(32, "big")
    with pytest.raises(refused, match=panic.hex()):
        flow.submit(1, value=0)


def test_nothing_is_taken_before_the_first_block(
    flow_of: Callable[..., Any], refused: type[Exception]
) -> None:
    flow = flow_of(first_block=5)
    nothing: Any = ((0, b"", []), ADMIN)
    calls: dict[str, list[Any]] = {
        "makeContext()": [], "makeContextWithResult": [], "batchSubmit(((": [[]],
        "submit(((": [nothing],
    }  # fmt: skip
    for name, arguments in calls.items():
        with pytest.raises(refused, match=r"^Contract has not launched\.$"):
            flow.call(name, *arguments)
    flow.number = 5
    assert flow.submit(0)[0] == 0


def test_a_paused_flow_takes_nothing_until_it_goes_on(flow: Any, refused: type[Exception]) -> None:
    enforced, expected = (
        keccak(f"{name}Pause()".encode())[:4].hex() for name in ("Enforced", "Expected")
    )
    with pytest.raises(refused, match=expected):
        flow.call("unpause")
    with pytest.raises(refused, match=UNAUTHORIZED):
        flow.call("pause()", caller=STRANGER)
    flow.call("pause()")
    assert flow.call("paused") is True
    calls: list[tuple[str, list[Any]]] = [
        ("submit(((", [((0, b"", []), bytes(20))]), ("batchSubmit(((", [[]]), ("makeContext()", []),
        ("queryContextAtPosition", [0]), ("pause()", []),
    ]  # fmt: skip
    for name, arguments in calls:
        with pytest.raises(refused, match=f"^{enforced}$"):
            flow.call(name, *arguments)
    assert flow.call("computeFlowRoot") == bytes(32)
    flow.call("unpause")
    assert flow.submit(0)[0] == 0
    assert [topics[0] for topics, _ in flow.logs[:2]] == [
        keccak(b"Paused(address)"),
        keccak(b"Unpaused(address)"),
    ]
