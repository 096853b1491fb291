"""The opcodes that make up most of any program, without py-evm's layers around a list of numbers.

The table has checked that the stack holds what they take (`opcode_table`), and has charged their constant
gas. What they do is the Yellow Paper's, section H.2; `tests/chain/py_evm/test_against_revm.py` compares.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from eth.exceptions import FullStack, InvalidJumpDestination

if TYPE_CHECKING:
    from chain.py_evm.frame import Frame

CommonOpcode = Callable[["Frame"], None]

STACK_LIMIT: Final = 1_024
WORD: Final = 1 << 256
WORD_MASK: Final = WORD - 1
_SIGN_BIT: Final = 1 << 255


def _number(item: Any) -> int:
    """py-evm's own opcodes leave bytes on the stack where that suits them."""
    return item if type(item) is int else int.from_bytes(item, "big")


def _binary(function: Callable[[int, int], int]) -> CommonOpcode:
    def run(frame: "Frame") -> None:
        values: list[Any] = frame.stack_values
        top = values.pop()
        second = values[-1]
        if type(top) is not int:
            top = int.from_bytes(top, "big")
        if type(second) is not int:
            second = int.from_bytes(second, "big")
        values[-1] = function(top, second)

    return run


def _shift_left(shift: int, value: int) -> int:
    return value << shift & WORD_MASK if shift < 256 else 0


def _shift_right(shift: int, value: int) -> int:
    return value >> shift if shift < 256 else 0


def _signed_less(a: int, b: int) -> int:
    # With the sign bit flipped the order of words is that of signed numbers.
    return 1 if a ^ _SIGN_BIT < b ^ _SIGN_BIT else 0


def _is_zero(frame: "Frame") -> None:
    values = frame.stack_values
    values[-1] = 0 if _number(values[-1]) else 1


def _not(frame: "Frame") -> None:
    values = frame.stack_values
    values[-1] = _number(values[-1]) ^ WORD_MASK


def _pop(frame: "Frame") -> None:
    frame.stack_values.pop()


def _jump_destination(frame: "Frame") -> None:
    """Nothing but its gas."""


def _jump(frame: "Frame") -> None:
    destination = frame.stack_values.pop()
    if destination not in frame.jump_destinations:
        # py-evm's own opcodes may have left it as bytes.
        _go_to(frame, _number(destination))
        return
    frame.code.program_counter = destination


def _jump_if(frame: "Frame") -> None:
    values = frame.stack_values
    destination = values.pop()
    if _number(values.pop()):
        _go_to(frame, _number(destination))


def _go_to(frame: "Frame", destination: int) -> None:
    if destination not in frame.jump_destinations:
        raise InvalidJumpDestination
    frame.code.program_counter = destination


def _load_memory(frame: "Frame") -> None:
    values = frame.stack_values
    start = _number(values[-1])
    frame.extend_memory(start, 32)
    values[-1] = int.from_bytes(frame.memory.content[start : start + 32], "big")


def _store_memory(frame: "Frame") -> None:
    values = frame.stack_values
    start, value = _number(values.pop()), _number(values.pop())
    frame.extend_memory(start, 32)
    frame.memory.content[start : start + 32] = value.to_bytes(32, "big")


def _push_zero(frame: "Frame") -> None:
    values = frame.stack_values
    if len(values) >= STACK_LIMIT:
        raise FullStack
    values.append(0)


def _push(size: int) -> CommonOpcode:
    def run(frame: "Frame") -> None:
        values, code = frame.stack_values, frame.code
        if len(values) >= STACK_LIMIT:
            raise FullStack
        start = code.program_counter
        code.program_counter = stop = start + size
        data = code.raw[start:stop]
        if len(data) < size:
            # Code that ends inside the data goes on with zeros.
            data = data.ljust(size, b"\0")
        values.append(int.from_bytes(data, "big"))

    return run


def _duplicate(position: int) -> CommonOpcode:
    def run(frame: "Frame") -> None:
        values = frame.stack_values
        if len(values) >= STACK_LIMIT:
            raise FullStack
        values.append(values[-position])

    return run


def _swap(position: int) -> CommonOpcode:
    def run(frame: "Frame") -> None:
        values = frame.stack_values
        values[-1], values[-position] = values[-position], values[-1]

    return run


def _all() -> dict[int, CommonOpcode]:
    found: dict[int, CommonOpcode] = {
        0x01: _binary(lambda a, b: a + b & WORD_MASK),
        0x02: _binary(lambda a, b: a * b & WORD_MASK),
        0x03: _binary(lambda a, b: a - b & WORD_MASK),
        0x04: _binary(lambda a, b: a // b if b else 0),
        0x06: _binary(lambda a, b: a % b if b else 0),
        0x10: _binary(lambda a, b: 1 if a < b else 0),
        0x11: _binary(lambda a, b: 1 if a > b else 0),
        0x12: _binary(_signed_less),
        0x13: _binary(lambda a, b: _signed_less(b, a)),
        0x14: _binary(lambda a, b: 1 if a == b else 0),
        0x15: _is_zero,
        0x16: _binary(lambda a, b: a & b),
        0x17: _binary(lambda a, b: a | b),
        0x18: _binary(lambda a, b: a ^ b),
        0x19: _not,
        0x1B: _binary(_shift_left),
        0x1C: _binary(_shift_right),
        0x50: _pop,
        0x51: _load_memory,
        0x52: _store_memory,
        0x56: _jump,
        0x57: _jump_if,
        0x5B: _jump_destination,
        0x5F: _push_zero,
    }
    found |= {0x5F + size: _push(size) for size in range(1, 33)}
    found |= {0x7F + position: _duplicate(position) for position in range(1, 17)}
    found |= {0x8F + position: _swap(position + 1) for position in range(1, 17)}
    return found


COMMON_OPCODES: Final[Mapping[int, CommonOpcode]] = _all()
"""By opcode; used where the fork has the opcode at all."""
