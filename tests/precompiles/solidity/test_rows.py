"""Rows of a table: what a function that always refuses leaves behind."""

import gc
import weakref
from typing import Any

from eth_typing import Address

from precompiles.contract import ContractPrecompile, custom_error
from precompiles.interface import Reverted
from precompiles.solidity.rows import function, refuse
from precompiles.solidity.work import Work

ADDRESS = Address(b"\x02" * 20)
CLOSED = "Closed()"


def test_a_refused_call_is_not_kept_in_memory(chain_of: Any) -> None:
    works: list[weakref.ref[Work]] = []

    class Watched(Work):
        def __init__(self, call: Any) -> None:
            super().__init__(call)
            works.append(weakref.ref(self))

    row = function("close()", refuse(CLOSED), writes=True, kind=Watched)
    chain = chain_of(ContractPrecompile(ADDRESS, [row]))
    for _ in range(3):
        assert chain.call(row.selector, gas=10**6) == Reverted(custom_error(CLOSED).data)
    gc.collect()
    assert [work() for work in works] == [None] * 3
