"""go-ethereum's names of opcodes (core/vm/opcodes.go), whatever the fork."""

from typing import Final

_RUNS: Final = (
    (0x00, "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND"),
    (0x10, "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ"),
    (0x20, "KECCAK256"),
    (
        0x30,
        "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY"
        " GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH",
    ),
    (
        0x40,
        "BLOCKHASH COINBASE TIMESTAMP NUMBER DIFFICULTY GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH"
        " BLOBBASEFEE",
    ),
    (
        0x50,
        "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY PUSH0",
    ),
    (0x60, " ".join(f"PUSH{size}" for size in range(1, 33))),
    (0x80, " ".join(f"DUP{position}" for position in range(1, 17))),
    (0x90, " ".join(f"SWAP{position}" for position in range(1, 17))),
    (0xA0, "LOG0 LOG1 LOG2 LOG3 LOG4"),
    (0xF0, "CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2"),
    (0xFA, "STATICCALL"),
    (0xFD, "REVERT INVALID SELFDESTRUCT"),
)


def _all() -> tuple[str, ...]:
    names = [f"opcode {opcode:#x} not defined" for opcode in range(256)]
    for first, run in _RUNS:
        for opcode, name in enumerate(run.split(), first):
            names[opcode] = name
    return tuple(names)


OPCODE_NAMES: Final = _all()
"""By opcode; 0x44 is DIFFICULTY after Paris too, as in go-ethereum."""
