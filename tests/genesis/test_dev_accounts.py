"""The development accounts are those of hardhat and anvil."""

import pytest

from genesis.dev_accounts import dev_accounts
from genesis.errors import InvalidGenesis


def test_the_first_accounts_are_those_that_hardhat_and_anvil_print() -> None:
    (first, first_key), (second, _) = dev_accounts(count=2)
    assert first.hex() == "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    assert first_key.hex() == "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    assert second.hex() == "70997970c51812dc3a010c7d01b50e0d17dc79c8"


def test_another_mnemonic_gives_other_accounts() -> None:
    other = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    assert dev_accounts(other, 1) != dev_accounts(count=1)


@pytest.mark.parametrize("mnemonic", ["", "test", "test " * 11 + "test", "not words at all"])
def test_a_wrong_mnemonic_is_an_error_that_says_so(mnemonic: str) -> None:
    with pytest.raises(InvalidGenesis, match="mnemonic: expected BIP-39 words"):
        dev_accounts(mnemonic, 1)


def test_the_number_of_accounts_has_a_limit() -> None:
    with pytest.raises(InvalidGenesis, match="accounts"):
        dev_accounts(count=1_001)
