"""Osaka's opcodes, which py-evm lacks: Prague's and CLZ."""

from typing import Any, Final

from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.opcode import as_opcode

CLZ: Final = 0x1E
CLZ_GAS: Final = 5
"""EIP-7939; the same as MUL."""


def count_leading_zeros(frame: Any) -> None:
    """How many zero bits the word on the stack begins with; 256 for zero (EIP-7939)."""
    values = frame.stack_values
    word = values[-1]
    number = word if type(word) is int else int.from_bytes(word, "big")
    values[-1] = 256 - number.bit_length()


class OsakaComputation(PragueComputation):
    """The opcodes of Osaka and of the blob-parameter forks after it."""

    opcodes = PragueComputation.opcodes | {
        CLZ: as_opcode(logic_fn=count_leading_zeros, mnemonic="CLZ", gas_cost=CLZ_GAS)
    }
