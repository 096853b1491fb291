"""The opcodes of a fork as a table of 256 rows: stack needed, gas, function."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from eth.vm.opcode import _FastOpcode

from chain.py_evm.common_opcodes import COMMON_OPCODES
from chain.py_evm.frame_errors import InvalidOpcode

if TYPE_CHECKING:
    from chain.py_evm.frame import Frame

OpcodeFunction = Callable[["Frame"], Any]
OpcodeRow = tuple[int, int, OpcodeFunction]
"""Items the stack must hold, gas taken before, what to run."""
OpcodeTable = tuple[OpcodeRow, ...]


def build_opcode_table(opcodes: Mapping[int, Any]) -> OpcodeTable:
    """Flatten py-evm's opcode objects, so that the common ones cost one call instead of three."""
    return tuple(_row(opcode, opcodes.get(opcode)) for opcode in range(256))


def _row(opcode: int, implementation: Any) -> OpcodeRow:
    if implementation is None:
        return 0, 0, _invalid(opcode)
    # py-evm wraps SELFDESTRUCT in a deprecation warning.
    implementation = getattr(implementation, "__wrapped__", implementation)
    needed = _STACK_NEEDED.get(opcode, 0)
    if isinstance(implementation, _FastOpcode):
        function = COMMON_OPCODES.get(opcode, implementation.logic_fn)
        return needed, implementation.gas_cost, function
    return needed, 0, implementation


def _invalid(opcode: int) -> OpcodeFunction:
    def refuse(frame: "Frame") -> NoReturn:
        raise InvalidOpcode(opcode)

    return refuse


def _stack_needed() -> dict[int, int]:
    """Items that each opcode takes (Yellow Paper H.2); checked first, as go-ethereum does."""
    one = (0x15, 0x19, 0x1E, 0x31, 0x35, 0x3B, 0x3F, 0x40, 0x49, 0x50, 0x51, 0x54, 0x56, 0x5C, 0xFF)
    two = (
        *range(0x01, 0x08), 0x0A, 0x0B, *range(0x10, 0x15), *range(0x16, 0x19), *range(0x1A, 0x1E),
        0x20, 0x52, 0x53, 0x55, 0x57, 0x5D, 0xF3, 0xFD,
    )  # fmt: skip
    needed = dict.fromkeys(one, 1) | dict.fromkeys(two, 2)
    needed |= dict.fromkeys((0x08, 0x09, 0x37, 0x39, 0x3E, 0x5E, 0xF0), 3)
    needed |= {0x3C: 4, 0xF5: 4, 0xF1: 7, 0xF2: 7, 0xF4: 6, 0xFA: 6}
    needed |= {0x80 + n: n + 1 for n in range(16)}
    needed |= {0x90 + n: n + 2 for n in range(16)}
    needed |= {0xA0 + n: n + 2 for n in range(5)}
    return needed


_STACK_NEEDED: Final = _stack_needed()
