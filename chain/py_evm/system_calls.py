"""Calls that the protocol itself makes, before the first and after the last transaction.

EIP-4788 and EIP-2935 begin a block; EIP-7002 and EIP-7251 queues are read at its end. Each call is a frame
with its own snapshot: the state of a failed one is taken back. Warm set and transient storage are whatever
the last transaction left (facts [O5]).
"""

from typing import Final

from eth_typing import Address, Hash32
from eth_utils import to_canonical_address

from chain.errors import RequestsInvalid
from chain.forks.fork import Fork
from chain.py_evm.evm_state import EvmState
from chain.py_evm.frame import Frame, execute_call
from chain.py_evm.frame_errors import geth_text
from chain.py_evm.frame_message import FrameMessage, TransactionContext

SYSTEM_ADDRESS: Final = Address(to_canonical_address("0xfffffffffffffffffffffffffffffffffffffffe"))
SYSTEM_CALL_GAS: Final = 30_000_000
BEACON_ROOTS_ADDRESS: Final = Address(
    to_canonical_address("0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02")
)
"""EIP-4788."""
BLOCK_HASHES_ADDRESS: Final = Address(
    to_canonical_address("0x0000F90827F1C53a10cb7A02335B175320002935")
)
"""EIP-2935."""
REQUEST_QUEUES: Final = (
    (b"\x01", Address(to_canonical_address("0x00000961Ef480Eb55e80D19ad83579A64c007002"))),
    (b"\x02", Address(to_canonical_address("0x0000BBdDc7CE488642fb579F8B00f3a590007251"))),
)
"""Request type and contract (EIPs 7002, 7251)."""


def system_call(state: EvmState, target: Address, data: bytes) -> Frame:
    """A free call from the system address; the caller settles the state."""
    message = FrameMessage(
        gas=SYSTEM_CALL_GAS,
        to=target,
        sender=SYSTEM_ADDRESS,
        value=0,
        data=data,
        code=state.get_code(target),
    )
    return execute_call(state, message, TransactionContext(SYSTEM_ADDRESS, 0))


def begin_block(state: EvmState, parent_beacon_block_root: Hash32 | None) -> None:
    """Write the parent's beacon root and hash into their contracts, where those have code."""
    if state.fork >= Fork.CANCUN and parent_beacon_block_root is not None:
        _call_if_present(state, BEACON_ROOTS_ADDRESS, parent_beacon_block_root)
    if state.fork >= Fork.PRAGUE:
        _call_if_present(state, BLOCK_HASHES_ADDRESS, state.environment.parent_hash)


def read_request_queues(state: EvmState) -> list[bytes]:
    """Withdrawal and consolidation requests, type byte first; raises `RequestsInvalid`."""
    requests = []
    for request_type, contract in REQUEST_QUEUES:
        frame = _call_if_present(state, contract, b"")
        if frame is None:
            continue
        if frame.error is not None:
            text = geth_text(frame.error)
            raise RequestsInvalid(f"system call failed to execute: {text}")
        if frame.output:
            requests.append(request_type + frame.output)
    return requests


def _call_if_present(state: EvmState, contract: Address, data: bytes) -> Frame | None:
    # go-ethereum warms the address whether or not there is code.
    state.mark_address_warm(contract)
    if not state.get_code(contract):
        return None
    frame = system_call(state, contract, data)
    state.settle()
    return frame
