"""Where DA signers run, on which chain, and with which keys."""

from dataclasses import dataclass

from eth_hash.auto import keccak
from eth_typing import Address

from node.da.commitments import DA_ENTRANCE
from node.da.keys import BlsKey
from precompiles.bn254_unchecked import R

_DEVNET_KEY_TAG = b"zerog devnet da signer"


@dataclass(frozen=True, slots=True)
class SignerAccount:
    """One signer: the account that registers and pays, and its BLS key."""

    address: Address
    private_key: bytes
    """secp256k1, 32 bytes."""
    key: BlsKey


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """One process of signers."""

    accounts: tuple[SignerAccount, ...]
    rpc_url: str
    host: str
    port: int
    entrance: str = DA_ENTRANCE
    """Whose uploads are signed for, and which contract says what is verified already."""

    def url_of(self, index: int) -> str:
        """Where that signer answers; registered on chain as its socket."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/signers/{index}"


def devnet_account(address: Address, private_key: bytes) -> SignerAccount:
    """A devnet's signer: its BLS key follows from the account's key, so there is no file to keep."""
    secret = int.from_bytes(keccak(_DEVNET_KEY_TAG + private_key), "big") % (R - 1) + 1
    return SignerAccount(address, private_key, BlsKey(secret))
