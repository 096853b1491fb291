"""Selectors, topics and errors of the contracts are those that 0G's clients and other tools know."""

from typing import Any

import pytest
from eth_hash.auto import keccak

from genesis.contracts import artifact


def typed(parameter: dict[str, Any]) -> str:
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(typed, parameter['components']))}){kind.removeprefix('tuple')}"


def digests(name: str, kind: str) -> dict[str, str]:
    """Hash of the signature → the signature, of all functions, events or errors of a contract."""
    signatures = [
        f"{entry['name']}({','.join(map(typed, entry['inputs']))})"
        for entry in artifact(name).abi
        if entry["type"] == kind
    ]
    return {keccak(text.encode()).hex(): text for text in signatures}


def has(name: str, kind: str, beginning: str) -> bool:
    return any(digest.startswith(beginning) for digest in digests(name, kind))


@pytest.mark.parametrize(
    ("name", "kind", "beginning"),
    [
        ("DARegistry", "function", "7ca4dd5e"),  # registerSigner (facts §2)
        ("DARegistry", "function", "56a32372"),  # registerNextEpoch
        ("DARegistry", "function", "8129fc1c"),  # initialize
        ("DARegistry", "error", "0f15d651"),  # sender is not origin
        ("DARegistry", "error", "4090e434"),  # sender is not signer
        ("DARegistry", "error", "2e9b1de8"),  # no votes
        ("WrappedA0GI", "event", "ab8530f8"),  # Mint (facts §4)
        ("WrappedA0GI", "event", "bac40739"),  # Burn
        ("WrappedA0GI", "function", "40c10f19"),  # mint(address,uint256)
        ("WrappedA0GI", "function", "42966c68"),  # burn(uint256)
        ("WrappedA0GI", "function", "9dc29fac"),  # burn(address,uint256)
        ("WrappedA0GI", "function", "79cc6790"),  # burnFrom(address,uint256)
        ("WrappedA0GI", "function", "d0e30db0"),  # deposit()
        ("WrappedA0GI", "function", "2e1a7d4d"),  # withdraw(uint256)
        ("WrappedA0GIBaseAgency", "function", "dddba6c8"),  # setMinterCap
        ("WrappedA0GIBaseAgency", "function", "8129fc1c"),  # initialize
        ("DAVerifier", "function", "eafed6ce"),  # submitVerifiedCommitRoots (facts §2)
        ("DAVerifier", "function", "9da3a69b"),  # verifiedErasureCommitment
        ("DAVerifier", "function", "6a53525d"),  # commitmentExists
        (
            "DAVerifier",
            "event",
            "0f1b20d87bebd11dddaaab51f01cf2726880cb3f8073b636dbafa2aa8cacd256",
        ),
        ("Multicall3", "function", "252dba42"),  # aggregate
        ("Multicall3", "function", "82ad56cb"),  # aggregate3
        ("Multicall3", "function", "174dea71"),  # aggregate3Value
        ("Multicall3", "function", "c3077fa9"),  # blockAndAggregate
        ("Multicall3", "function", "bce38bd7"),  # tryAggregate
        ("Multicall3", "function", "399542e9"),  # tryBlockAndAggregate
        ("Multicall3", "function", "4d2301cc"),  # getEthBalance
        ("Multicall3", "function", "42cbb15c"),  # getBlockNumber
        ("Multicall3", "function", "ee82ac5e"),  # getBlockHash
        ("Multicall3", "function", "27e86d6e"),  # getLastBlockHash
        ("Multicall3", "function", "0f28c97d"),  # getCurrentBlockTimestamp
        ("Multicall3", "function", "72425d9d"),  # getCurrentBlockDifficulty
        ("Multicall3", "function", "86d516e8"),  # getCurrentBlockGasLimit
        ("Multicall3", "function", "a8b0574e"),  # getCurrentBlockCoinbase
        ("Multicall3", "function", "3e64a696"),  # getBasefee
        ("Multicall3", "function", "3408e470"),  # getChainId
    ],
)
def test_a_contract_has_what_clients_call_and_read(name: str, kind: str, beginning: str) -> None:
    assert has(name, kind, beginning)


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("679917c2006df1daaa987a56bf1d66e99764d5ad317892d9e83a6eb4e3f051e7", "NewSigner"),
        ("09617a966176a40f8f1410768b118506db0096484acd5811064fcc12038798de", "SocketUpdated"),
    ],
)
def test_the_signers_interface_has_the_precompiles_events(topic: str, name: str) -> None:
    assert digests("IDASigners", "event")[topic].startswith(name)


def test_the_signers_interface_has_the_precompiles_functions() -> None:
    selectors = {digest[:8] for digest in digests("IDASigners", "function")}
    assert selectors == {
        "cff0ab96", "f4145a83", "5ecba503", "7df73e27", "d1f5e5f8", "6ab6f654", "fa6fcba6",
        "7ca4dd5e", "0cf4b767", "6c9e560c", "0f62bda5", "5a889f0c", "50b73739",
    }  # fmt: skip
