"""The well-known accounts of development chains, derived from a mnemonic (BIP-39, BIP-44).

The same mnemonic gives the same accounts in hardhat, anvil and here, so that scripts work unchanged.
Their keys are public: whoever funds them elsewhere loses the funds.
"""

from eth_account import Account
from eth_account.hdaccount import key_from_seed, seed_from_mnemonic
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from genesis.errors import InvalidGenesis

DEV_MNEMONIC = "test test test test test test test test test test test junk"
DERIVATION_PATH = "m/44'/60'/0'/0"
ACCOUNTS_MAX = 1_000
"""Each costs half a millisecond or so to derive."""


def dev_accounts(
    mnemonic: str = DEV_MNEMONIC, count: int = 10, first: int = 0
) -> list[tuple[Address, bytes]]:
    """(address, 32-byte private key) of `count` accounts of the mnemonic, from number `first` on.

    Raises InvalidGenesis of a mnemonic whose words or checksum are wrong.
    """
    if not 0 <= count <= ACCOUNTS_MAX:
        raise InvalidGenesis("accounts", f"0 to {ACCOUNTS_MAX}", str(count))
    try:
        seed = seed_from_mnemonic(mnemonic, passphrase="")
    except (ValidationError, ValueError) as error:
        raise InvalidGenesis("mnemonic", "BIP-39 words", f"others ({error})") from error
    numbers = range(first, first + count)
    keys = [bytes(key_from_seed(seed, f"{DERIVATION_PATH}/{index}")) for index in numbers]
    return [(_address_of(key), key) for key in keys]


def _address_of(private_key: bytes) -> Address:
    return Address(bytes.fromhex(Account.from_key(private_key).address[2:]))
