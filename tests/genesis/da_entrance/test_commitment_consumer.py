"""A contract that consumes verified commitments, over the precompile and over the contract."""

from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_hash.auto import keccak

G1 = "(uint256,uint256)"


def selector(signature: str) -> bytes:
    return bytes(keccak(signature.encode())[:4])


@pytest.fixture(params=["native", "solidity"])
def side(request: pytest.FixtureRequest, sampling: Any) -> tuple[Any, Any]:
    """A chain on which a piece's commitment is verified, and the consumer's address there."""
    pair, piece = sampling
    return getattr(pair, request.param), piece


@pytest.fixture
def consumer(side: tuple[Any, Any], entrances: Any) -> Any:
    chain, _ = side
    argument = encode(["address"], [entrances.ENTRANCE])
    code = entrances.artifact("CommitmentConsumer").bytecode + argument

    def call(signature: str, *arguments: Any) -> Any:
        types = signature[signature.index("(") :]
        data = selector(signature) + encode([types], [arguments])
        if "[]" in types:
            # A dynamic tuple by itself has an offset in front that arguments do not have.
            data = selector(signature) + encode([types], [arguments])[32:]
        return chain.transact(61, address, data, entrances.STRANGER)

    address = chain.transact(60, None, code, entrances.ADMIN).contract_address
    return call


def test_a_batch_is_accepted_once_its_data_are_available(
    consumer: Any, side: tuple[Any, Any], entrances: Any
) -> None:
    _, piece = side
    refused = consumer("accept(bytes32)", b"\x05" * 32)
    assert refused.output == selector("NotAvailable(bytes32)") + b"\x05" * 32
    receipt = consumer("accept(bytes32)", piece.data_root)
    assert receipt.succeeded
    [log] = receipt.logs
    assert log.topics == (keccak(b"BatchAccepted(bytes32,uint256,uint256)"), piece.data_root)
    assert decode(["uint256", "uint256"], log.data) == (1, 0)
    batch = consumer("batch(bytes32)", piece.data_root).output
    assert decode(["uint256", "uint256", G1], batch) == (1, 0, entrances.COMMITMENT)


def test_a_chunk_of_an_accepted_batch_is_proven(
    consumer: Any, side: tuple[Any, Any], entrances: Any
) -> None:
    _, piece = side
    hashes = [keccak(piece.data[at : at + 256]) for at in range(0, 1_024, 256)]
    siblings = [hashes[1], keccak(hashes[2] + hashes[3]), *piece.siblings]
    index = (piece.line * 32 + piece.subline) * 4
    name = "firstWord(bytes32,bytes32[3],uint256,bytes32[],bytes)"
    proof = (piece.data_root, list(piece.blob_roots), index, siblings, piece.data[:256])
    assert consumer(name, *proof).output[:4] == selector("NotAvailable(bytes32)")
    assert consumer("accept(bytes32)", piece.data_root).succeeded
    assert consumer(name, *proof).output == piece.data[:32]
    wrong = (*proof[:4], bytes(256))
    assert consumer(name, *wrong).output[:4] == selector("NotInBatch(bytes32,uint256)")
