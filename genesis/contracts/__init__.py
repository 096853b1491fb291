"""Our Solidity contracts, and what the compiler made of them.

The sources lie beside this file, one contract a file; `compile.mjs` (`make contracts`) compiles
them with the pinned npm package `solc` into `artifacts/`, which is committed.

    DARegistry.sol             takes registrations of DA signers to the precompile 0x…1000
    WrappedA0GI.sol            the native coin as an ERC-20 token, over the precompile 0x…1002
    WrappedA0GIBaseAgency.sol  its owner sets the minters' caps
    Staking.sol                validators and the stake behind them: who decides
    DAVerifier.sol             verifies signed DA commitments (interface: IDAVerifier.sol)
    DAEntrance.sol             0G's DA entrance; the precompile 0x…da01 is the same (IDAEntrance.sol)
    CommitmentConsumer.sol     an example: a rollup that waits for its data to be available
    Multicall3.sol             many calls in one
    Counter.sol                a first contract to deploy and call
    TallyVoter.sol             votes through a plug-in: an example of a caller
    TestProbe.sol              endless loops and failures on demand, for tests
    IDASigners.sol             the interface of the precompile 0x…1000
    IFlow.sol                  that of the storage Flow at 0x…f10a
    IMarket.sol                of its market at 0x…f10b
    IDigestHistory.sol         and of its history of roots at 0x…f10c
    BN254.sol, DAChunks.sol, DAVerification.sol, IRoles.sol, Owned.sol, Roles.sol
                               what the others are built from
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract."""

    name: str
    abi: tuple[dict[str, Any], ...]
    """As Solidity's compiler writes it."""
    bytecode: bytes
    """Init code, to which a creation appends the constructor's arguments; empty of an interface."""
    runtime: bytes
    """The code that lies at the contract's address."""


@cache
def artifact(name: str) -> Artifact:
    """The artifact of one contract, e.g. `artifact("Counter")`; raises `KeyError` of an unknown name."""
    path = files(__package__) / "artifacts" / f"{name}.json"
    if not path.is_file():
        raise KeyError(name)
    parsed = json.loads(path.read_text(encoding="utf-8"))
    return Artifact(
        name=name,
        abi=tuple(parsed["abi"]),
        bytecode=bytes.fromhex(parsed["bytecode"][2:]),
        runtime=bytes.fromhex(parsed["deployedBytecode"][2:]),
    )
