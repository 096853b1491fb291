"""The blocks of the execution benchmark: what prepares the state, and what is measured."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_hash.auto import keccak
from eth_typing import Address
from execution_parts.chains import ETHER, Sender, filler

from chain.py_evm.transaction_executor import created_address
from chain.transactions import Transaction

CONTRACTS = Path(__file__).parent / "contracts"
LOOP_GAS = 5_000_000
HASH_ROUNDS, STORED_SLOTS = 12_500, 216
"""So many that a loop uses about five million gas."""
BN254_MODULUS = 21888242871839275222246405745257275088696311157297823662689037894645226208583
G1 = (1, 2)
G2 = (
    11559732032986387107991004021392285783925812861821192530917403151452391805634,
    10857046999023057135944570762232829481370756359578518086990519993285655852781,
    4082367875863433681332203403145435568316851327593401208105741076214120093531,
    8495653923123431417604973247489272438418190587263600148770280649306958101930,
)
PAIRING_ADDRESS = Address(bytes(19) + b"\x08")


def artifact(name: str) -> Any:
    return json.loads((CONTRACTS / f"{name}.json").read_text())


def creation(name: str) -> bytes:
    return bytes.fromhex(artifact(name)["bytecode"].removeprefix("0x"))


def call(signature: str, *arguments: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1]
    return keccak(signature.encode())[:4] + encode(types.split(",") if types else [], arguments)


class Workloads:
    """Addresses of the contracts, and blocks as the senders' nonces stand."""

    def __init__(self, senders: Sequence[Sender], accounts: int) -> None:
        """`accounts`: how many fillers there are."""
        self._senders, self._accounts = senders, accounts
        first = senders[0].address
        self.tokens = created_address(first, 0), created_address(first, 1)
        self.pair, self.loops = created_address(first, 2), created_address(first, 3)

    def deployments(self) -> list[Transaction]:
        sender = self._senders[0]
        pair = creation("BenchmarkPair") + encode(["address", "address"], self.tokens)
        codes = (
            creation("BenchmarkToken"),
            creation("BenchmarkToken"),
            pair,
            creation("BenchmarkLoops"),
        )
        return [sender.sign(None, data=code, gas=3_000_000) for code in codes]

    def provisions(self) -> list[Transaction]:
        """Tokens for everybody and the pair, which may take them."""
        made = []
        for token in self.tokens:
            for sender in self._senders:
                mint = call("mint(address,uint256)", sender.address, 10**6 * ETHER)
                made.append(sender.sign(token, data=mint, gas=100_000))
                approve = call("approve(address,uint256)", self.pair, 2**256 - 1)
                made.append(sender.sign(token, data=approve, gas=100_000))
            mint = call("mint(address,uint256)", self.pair, 10**9 * ETHER)
            made.append(self._senders[0].sign(token, data=mint, gas=100_000))
        made.append(self._senders[0].sign(self.pair, data=call("sync()"), gas=200_000))
        return made

    def transfers(self, first: int = 0, count: int = 1_000) -> list[Transaction]:
        """Plain value; every second recipient is new."""
        return [
            self._sender(number).sign(
                _new_address(b"paid", number) if number % 2 else filler(number % self._accounts),
                value=number + 1,
            )
            for number in range(first, first + count)
        ]

    def token_transfers(self, count: int = 300) -> list[Transaction]:
        """ERC-20; every second recipient is new."""
        made = []
        for number in range(count):
            to = _new_address(b"holder", number) if number % 2 else self._sender(number + 1).address
            data = call("transfer(address,uint256)", to, number + 1)
            made.append(self._sender(number).sign(self.tokens[0], data=data, gas=100_000))
        return made

    def swaps(self, count: int = 50) -> list[Transaction]:
        """In both directions by turns."""
        made = []
        for number in range(count):
            sender, gives_first = self._sender(number), not number % 2
            data = call("swap(uint256,uint256,bool,address)", ETHER, 1, gives_first, sender.address)
            made.append(sender.sign(self.pair, data=data, gas=300_000))
        return made

    def hashing_loop(self) -> list[Transaction]:
        data = call("hash(uint256)", HASH_ROUNDS)
        return [self._senders[1].sign(self.loops, data=data, gas=LOOP_GAS * 2)]

    def storage_loop(self) -> list[Transaction]:
        data = call("store(uint256,uint256)", 0, STORED_SLOTS)
        return [self._senders[1].sign(self.loops, data=data, gas=LOOP_GAS * 2)]

    def da_verifications(self, count: int = 10) -> list[Transaction]:
        """The two-pair check that verifying one commitment's aggregate signature comes down to."""
        minus = (G1[0], BN254_MODULUS - G1[1])
        data = encode(["uint256"] * 12, [*G1, *G2, *minus, *G2])
        return [
            self._sender(number).sign(PAIRING_ADDRESS, data=data, gas=200_000)
            for number in range(count)
        ]

    def _sender(self, number: int) -> Sender:
        return self._senders[number % len(self._senders)]


def _new_address(kind: bytes, number: int) -> Address:
    return Address(keccak(kind + number.to_bytes(8, "big"))[:20])
