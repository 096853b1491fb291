"""What a frame is asked to do, and the transaction for which it does it.

The attribute names are those that py-evm's opcodes and precompiles read.
"""

from collections.abc import Sequence

from eth_typing import Address, Hash32


class FrameMessage:
    """One call or creation; unchecked, because only the executor and py-evm's opcodes make them."""

    __slots__ = (
        "code",
        "code_address",
        "data",
        "depth",
        "gas",
        "is_create",
        "is_delegation",
        "is_static",
        "sender",
        "should_transfer_value",
        "storage_address",
        "to",
        "value",
    )

    def __init__(
        self,
        gas: int,
        to: Address,
        sender: Address,
        value: int,
        data: bytes,
        code: bytes,
        depth: int = 0,
        create_address: Address | None = None,
        code_address: Address | None = None,
        should_transfer_value: bool = True,
        is_static: bool = False,
        is_delegation: bool = False,
    ) -> None:
        self.gas = gas
        self.to = to
        """Empty for a creation."""
        self.sender = sender
        self.value = value
        self.data = data
        self.code = code
        self.depth = depth
        self.is_create = create_address is not None
        self.storage_address = to if create_address is None else create_address
        self.code_address = to if code_address is None else code_address
        self.should_transfer_value = should_transfer_value
        self.is_static = is_static
        self.is_delegation = is_delegation
        """The code is that of an EIP-7702 delegate at `code_address`."""

    @property
    def data_as_bytes(self) -> bytes:
        return self.data


class TransactionContext:
    """What ORIGIN, GASPRICE and BLOBHASH answer."""

    __slots__ = ("blob_versioned_hashes", "gas_price", "origin")

    def __init__(
        self, origin: Address, gas_price: int, blob_versioned_hashes: Sequence[Hash32] = ()
    ) -> None:
        self.origin = origin
        self.gas_price = gas_price
        self.blob_versioned_hashes = blob_versioned_hashes
