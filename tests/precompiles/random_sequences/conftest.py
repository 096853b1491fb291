"""An independent model of 0G's two precompiles, from the facts alone; imports nothing of ours.

Its MessagePack is u-msgpack's, its curve py_ecc's, its ABI eth_abi's. It has no pairing: it knows which
secret key made a key or a signature, and so whether the equation holds. Equal ballots do not occur
(one signer at most has the all-zero keys), so any sort will do.
"""

import re
import sys
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import pytest
import umsgpack
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from py_ecc import bn128

REGISTRY = bytes.fromhex("20f30b2584f3096ea0d6c18c3b5cacc0585e12fc")
TOKEN = bytes.fromhex("1cd0690ff9a693f5ef2dd976660a8dafc81a109c")
AGENCY = bytes.fromhex("e1a5162f99e075f8c6681ae28191ab3ac250b468")
WORD = 1 << 256
ROWS = 3_072
SIGNER = "(address,string,(uint256,uint256),(uint256[2],uint256[2]))"


@dataclass(frozen=True)
class ModelFunction:
    """What the facts say of a function before it runs."""

    arguments: list[str]
    gas: int
    flagged: bool = False


FUNCTIONS = {
    "params": ModelFunction([], 1_000),
    "epochNumber": ModelFunction([], 1_000),
    "quorumCount": ModelFunction(["uint256"], 1_000),
    "isSigner": ModelFunction(["address"], 10_000),
    "getSigner": ModelFunction(["address[]"], 100_000),
    "getQuorum": ModelFunction(["uint256", "uint256"], 100_000),
    "getQuorumRow": ModelFunction(["uint256", "uint256", "uint32"], 10_000),
    "registerSigner": ModelFunction([SIGNER, "(uint256,uint256)"], 100_000, True),
    "updateSocket": ModelFunction(["string"], 50_000, True),
    "registeredEpoch": ModelFunction(["address", "uint256"], 10_000),
    "registerNextEpoch": ModelFunction(["address", "(uint256,uint256)", "uint256"], 100_000, True),
    "makeEpoch": ModelFunction([], 100_000),
    "getAggPkG1": ModelFunction(["uint256", "uint256", "bytes"], 1_000_000),
    "getWA0GI": ModelFunction([], 5_000),
    "minterSupply": ModelFunction(["address"], 10_000),
    "mint": ModelFunction(["address", "uint256"], 100_000, True),
    "burn": ModelFunction(["address", "uint256"], 100_000, True),
    "setMinterCap": ModelFunction(["address", "uint256", "uint256"], 100_000),
}


class Refused(Exception):
    """A domain error."""


def _u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _slot(preimage: bytes) -> int:
    return int.from_bytes(keccak(preimage), "big")


def affine(point: Any) -> tuple[int, int]:
    """A point of py_ecc's as two numbers."""
    return (0, 0) if point is None else (int(point[0]), int(point[1]))


@cache
def public_keys(secret_key: int) -> tuple[Any, Any]:
    """Both keys of a small secret key."""
    g2 = bn128.multiply(bn128.G2, secret_key)
    pairs = ((0, 0), (0, 0)) if g2 is None else [tuple(map(int, part.coeffs)) for part in g2]
    return affine(bn128.multiply(bn128.G1, secret_key)), tuple(pairs)


def sign(secret_key: int, message: bytes) -> tuple[int, int]:
    """Hash to the curve by try and increment, times the key."""
    p = bn128.field_modulus
    x = int.from_bytes(keccak(message), "big") % p
    while True:
        y = pow(x**3 + 3, (p + 1) // 4, p)
        if (y * y - x**3 - 3) % p == 0:
            return affine(bn128.multiply((bn128.FQ(x), bn128.FQ(y)), secret_key))
        x += 1


@dataclass
class AccountModel:
    """What both precompiles share, over one account's slots."""

    chain_id: int
    epoch_blocks: int
    number: int = 1
    slots: dict[int, int] = field(default_factory=dict)
    wei: dict[bytes, int] = field(default_factory=dict)
    code: bytes = b""
    logs: list[Any] = field(default_factory=list)
    gas_left: int = 0

    def call(
        self, name: str, arguments: list[Any], kind: str, caller: bytes, origin: bytes, gas: int
    ) -> tuple[str, bytes]:
        """How it ends (returned, reverted, failed, out of gas) and what comes back."""
        function = FUNCTIONS[name]
        self.gas_left = 0
        if gas < function.gas:
            return "out of gas", b""
        if kind != "CALL" and function.flagged:
            self.gas_left = gas - function.gas
            return "reverted", b""
        before = dict(self.slots), dict(self.wei), self.code, list(self.logs)
        if kind == "CALL":
            self.code = self.code or b"\x01"
        self.caller, self.origin = caller, origin
        try:
            types, values = getattr(self, f"_{_snake_case(name)}")(*arguments)
        except Refused:
            self.slots, self.wei, self.code, self.logs = before
            return "failed", b""
        self.gas_left = gas - function.gas
        return "returned", encode(types, values)

    def _get(self, preimage: bytes) -> int:
        return self.slots.get(_slot(preimage), 0)

    def _set(self, preimage: bytes, value: int) -> None:
        self.slots[_slot(preimage)] = value
        if not value:
            del self.slots[_slot(preimage)]

    def _store(self, preimage: bytes, value: Any) -> None:
        blob = umsgpack.packb(value)
        base = keccak(keccak(preimage))
        self._set(keccak(preimage), len(blob))
        for index in range(0, len(blob), 32):
            chunk = blob[index : index + 32].ljust(32, b"\0")
            self._set(base + _u64(index // 32), int.from_bytes(chunk, "big"))

    def _load(self, preimage: bytes) -> Any:
        base = keccak(keccak(preimage))
        length = self._get(keccak(preimage))
        words = [self._get(base + _u64(index)) for index in range((length + 31) // 32)]
        blob = b"".join(word.to_bytes(32, "big") for word in words)[:length]
        return umsgpack.unpackb(blob) if blob else None

    def _require(self, holds: bool) -> None:
        if not holds:
            raise Refused


class DaSignersModel(AccountModel):
    """DASigners, facts §1a-1."""

    def _params(self) -> Any:
        return ["uint256"] * 5, [30, 102_400, 10, self.epoch_blocks, ROWS]

    def _epoch(self) -> int:
        return self._get(b"\x05")

    def _epoch_number(self) -> Any:
        return ["uint256"], [self._epoch()]

    def _quorum_count(self, epoch: int) -> Any:
        return ["uint256"], [self._get(b"\x04" + _u64(epoch % 2**64))]

    def _signer(self, account: bytes) -> Any:
        record = self._load(b"\x00" + account)
        self._require(record is not None)
        integers = {
            key: {axis: self._ints(value) for axis, value in record[key].items()}
            for key in ("PkG1", "PkG2")
        }
        return (
            bytes.fromhex(record["Signer"].decode()[2:]),
            record["Socket"],
            (integers["PkG1"]["X"], integers["PkG1"]["Y"]),
            (tuple(integers["PkG2"]["X"]), tuple(integers["PkG2"]["Y"])),
        )

    def _ints(self, value: Any) -> Any:
        return [int(part) for part in value] if isinstance(value, list) else int(value)

    def _store_signer(self, signer: Any) -> None:
        def number(value: int) -> bytes:
            return str(value).encode()

        address, socket, g1, g2 = signer
        record = {
            "Signer": b"0x" + address.hex().encode(),
            "Socket": socket,
            "PkG1": {"X": number(g1[0]), "Y": number(g1[1])},
            "PkG2": {"X": [*map(number, g2[0])], "Y": [*map(number, g2[1])]},
        }
        self._store(b"\x00" + address, record)

    def _is_signer(self, account: bytes) -> Any:
        return ["bool"], [self._load(b"\x00" + account) is not None]

    def _get_signer(self, accounts: list[bytes]) -> Any:
        return [f"{SIGNER}[]"], [[self._signer(account) for account in accounts]]

    def _holds(self, signer: Any, message: bytes, signature: tuple[int, int]) -> bool:
        """Both keys must come from one secret key, and the signature from it and the message."""
        return any(
            (signer[2], signer[3]) == public_keys(key) and signature == sign(key, message)
            for key in range(8)
        )

    def _register_signer(self, signer: Any, signature: tuple[int, int]) -> Any:
        address, socket, g1, g2 = signer
        self._require(self.caller == REGISTRY)
        self._require(self._load(b"\x00" + address) is None)
        chain = self.chain_id.to_bytes(32, "big")
        message = address + chain + b"0G_BN254_Pubkey_Registration"
        self._require(self._holds(signer, message, signature))
        self._store_signer(signer)
        event = "NewSigner(address,(uint256,uint256),(uint256[2],uint256[2]))"
        self._log(event, address, ["uint256"] * 6, [*g1, *g2[0], *g2[1]])
        self._log("SocketUpdated(address,string)", address, ["string"], [socket])
        return [], []

    def _log(self, event: str, account: bytes, types: list[str], values: list[Any]) -> None:
        topics = (keccak(event.encode()), account.rjust(32, b"\0"))
        self.logs.append((topics, encode(types, values)))

    def _update_socket(self, socket: str) -> Any:
        self._require(self.caller == self.origin)
        address, _, g1, g2 = self._signer(self.caller)
        self._store_signer((address, socket, g1, g2))
        self._log("SocketUpdated(address,string)", address, ["string"], [socket])
        return [], []

    def _registered_epoch(self, account: bytes, epoch: int) -> Any:
        return ["bool"], [self._get(b"\x02" + _u64(epoch % 2**64) + account) != 0]

    def _register_next_epoch(self, account: bytes, signature: tuple[int, int], votes: int) -> Any:
        self._require(self.caller == REGISTRY)
        signer, epoch = self._signer(account), _u64(self._epoch() + 1)
        message = account + epoch + self.chain_id.to_bytes(32, "big")
        self._require(self._holds(signer, message, signature))
        if self._get(b"\x02" + epoch + account):
            return [], []
        count = self._get(b"\x07" + epoch)
        signature_bytes = b"".join(part.to_bytes(32, "big") for part in signature)
        self._set(b"\x02" + epoch + account, int.from_bytes(keccak(signature_bytes), "big"))
        self._set(b"\x03" + epoch + account, votes)
        self._set(b"\x07" + epoch, count + 1)
        self._set(b"\x08" + epoch + _u64(count), int.from_bytes(account, "big"))
        return [], []

    def _make_epoch(self) -> Any:
        current = self._epoch()
        started = self._get(b"\x06" + _u64(current))
        if started and self.number < started + self.epoch_blocks:
            return [], []
        epoch = current + 1
        rows = self._draw(_u64(epoch))
        quorums = []
        if rows and len(rows) < ROWS:
            quorums = [[rows[index % len(rows)] for index in range(ROWS)]]
        while len(quorums) < 10 and len(rows) >= ROWS * (len(quorums) + 1):
            quorums.append(rows[ROWS * len(quorums) :][:ROWS])
        if len(rows) > ROWS and len(rows) % ROWS and len(quorums) < 10:
            quorums.append(rows[-ROWS:])
        for index, quorum in enumerate(quorums):
            texts = [b"0x" + address.hex().encode() for address in quorum]
            self._store(b"\x01" + _u64(epoch) + _u64(index), texts)
        self._set(b"\x04" + _u64(epoch), len(quorums))
        self._set(b"\x05", epoch)
        self._set(b"\x06" + _u64(epoch), self.number)
        return [], []

    def _draw(self, epoch: bytes) -> list[bytes]:
        ballots = []
        for index in range(self._get(b"\x07" + epoch)):
            account = self._get(b"\x08" + epoch + _u64(index)).to_bytes(20, "big")
            votes = self._get(b"\x03" + epoch + account) % 2**64
            votes = 0 if votes >> 63 else min(votes, 102_400)
            ballot = self._get(b"\x02" + epoch + account).to_bytes(32, "big")
            for _ in range(votes):
                ballots.append((ballot, account))
                ballot = keccak(ballot)
        return [account for _, account in sorted(ballots)]

    def _quorum(self, epoch: int, quorum_id: int) -> list[bytes]:
        epoch, quorum_id = epoch % 2**64, quorum_id % 2**64
        self._require(quorum_id < self._get(b"\x04" + _u64(epoch)))
        self._require(epoch <= self._epoch())
        texts = self._load(b"\x01" + _u64(epoch) + _u64(quorum_id))
        return [bytes.fromhex(text.decode()[2:]) for text in texts]

    def _get_quorum(self, epoch: int, quorum_id: int) -> Any:
        return ["address[]"], [self._quorum(epoch, quorum_id)]

    def _get_quorum_row(self, epoch: int, quorum_id: int, row: int) -> Any:
        quorum = self._quorum(epoch, quorum_id)
        self._require(row < len(quorum))
        return ["address"], [quorum[row]]

    def _get_agg_pk_g1(self, epoch: int, quorum_id: int, bitmap: bytes) -> Any:
        quorum = self._quorum(epoch, quorum_id)
        self._require(len(bitmap) * 8 == len(quorum))
        first_bits: dict[bytes, int] = {}
        for index, account in enumerate(quorum):
            if bitmap[index // 8] & (1 << (index % 8)):
                first_bits.setdefault(account, index)
        total, hits = None, 0
        for account in first_bits:
            key = self._signer(account)[2]
            total = bn128.add(total, None if key == (0, 0) else tuple(map(bn128.FQ, key)))
        for index, account in enumerate(quorum):
            hits += account in first_bits and index >= first_bits[account]
        return ["uint256"] * 4, [*affine(total), len(quorum), hits]


class WrappedModel(AccountModel):
    """WrappedA0GIBase, facts §1a-2."""

    def _get_wa0gi(self) -> Any:
        return ["address"], [TOKEN]

    def _supply(self, minter: bytes) -> list[int]:
        record = self._load(b"\x00" + minter) or {"Cap": 0, "InitialSupply": 0, "Supply": 0}
        return [int(record[name]) for name in ("Cap", "InitialSupply", "Supply")]

    def _store_supply(self, minter: bytes, *amounts: int) -> None:
        texts = (str(amount).encode() for amount in amounts)
        record = dict(zip(("Cap", "InitialSupply", "Supply"), texts, strict=True))
        self._store(b"\x00" + minter, record)

    def _minter_supply(self, minter: bytes) -> Any:
        return ["uint256"] * 3, [amount % WORD for amount in self._supply(minter)]

    def _mint(self, minter: bytes, amount: int) -> Any:
        self._require(self.caller == TOKEN)
        cap, initial, supply = self._supply(minter)
        self._require(supply + amount <= cap)
        return self._move(minter, cap, initial, supply, amount)

    def _burn(self, minter: bytes, amount: int) -> Any:
        self._require(self.caller == TOKEN)
        cap, initial, supply = self._supply(minter)
        self._require(supply >= amount)
        return self._move(minter, cap, initial, supply, -amount)

    def _move(self, minter: bytes, cap: int, initial: int, supply: int, amount: int) -> Any:
        self.wei[TOKEN] = (self.wei.get(TOKEN, 0) + amount) % WORD
        self._store_supply(minter, cap, initial, supply + amount)
        return [], []

    def _set_minter_cap(self, minter: bytes, cap: int, initial: int) -> Any:
        self._require(self.caller == AGENCY)
        _, old_initial, supply = self._supply(minter)
        self._store_supply(minter, cap, initial, max(0, supply + initial - old_initial))
        return [], []


@pytest.fixture(scope="session")
def model() -> ModuleType:
    """This module."""
    return sys.modules[__name__]
