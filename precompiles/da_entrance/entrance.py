"""One call of the entrance at work, and where it is."""

from typing import Final

from eth_typing import Address
from eth_utils.address import to_canonical_address

from precompiles.interface import StorageReader
from precompiles.solidity.work import Work

ADDRESS: Final = Address(to_canonical_address("0x000000000000000000000000000000000000da01"))
DA_SIGNERS: Final = Address(to_canonical_address("0x0000000000000000000000000000000000001000"))


class Entrance(Work):
    """What the functions work on."""

    @property
    def signers(self) -> StorageReader:
        """The storage of DASigners."""
        return self.call.storage_of(DA_SIGNERS)
