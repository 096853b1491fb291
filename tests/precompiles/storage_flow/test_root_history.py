"""The roots at the ends of epochs, for a thousand epochs."""

from typing import Any

import pytest
from eth_hash.auto import keccak

from precompiles.storage_flow.addresses import FLOW, ROOT_HISTORY


def ask(flow: Any, name: str, *arguments: Any) -> Any:
    return flow.call(name, *arguments, to=ROOT_HISTORY)


def test_an_epochs_root_is_kept_from_its_end_on(flow: Any, refused: type[Exception]) -> None:
    flow.submit(8)
    root = flow.call("computeFlowRoot")
    with pytest.raises(refused, match=keccak(b"UnavailableIndex(uint256)")[:4].hex()):
        ask(flow, "at", 0)
    assert not ask(flow, "contains", root)
    flow.number = 101
    flow.call("makeContext()")
    assert ask(flow, "at", 0) == root
    assert ask(flow, "contains", root)
    assert (ask(flow, "available", 0), ask(flow, "available", 1)) == (True, False)


def test_after_a_thousand_epochs_it_is_forgotten(flow: Any) -> None:
    flow.submit(8)
    root = flow.call("computeFlowRoot")
    flow.number = 101
    flow.call("makeContext()")
    flow.submit(3)
    flow.number = 100_001
    flow.call("makeContext()")
    assert flow.call("epoch") == 1_000
    assert ask(flow, "at", 0) == root
    flow.number = 100_101
    flow.call("makeContext()")
    assert [ask(flow, "available", index) for index in (0, 1, 1_000, 1_001)] == [0, 1, 1, 0]
    assert not ask(flow, "contains", root)
    assert ask(flow, "contains", flow.call("computeFlowRoot"))


def test_nobody_else_writes(flow: Any, refused: type[Exception]) -> None:
    assert ask(flow, "owner") == FLOW
    unauthorized = "^" + keccak(b"OwnableUnauthorizedAccount(address)")[:4].hex()
    for name, arguments in (
        ("insert", [b"\1" * 32]), ("transferOwnership", [FLOW]), ("renounceOwnership", []),
    ):  # fmt: skip
        with pytest.raises(refused, match=unauthorized):
            ask(flow, name, *arguments)
