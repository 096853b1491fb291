"""The entrance twice, at the same address of two otherwise equal chains: as precompile and as contract."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from eth_utils import to_checksum_address

from chain.config import Rules
from chain.engine import Account, AccountChange, Environment, Log, Receipt
from chain.forks.fork import Fork
from chain.forks.table import FORK_ROWS
from chain.py_evm import PyEvmEngine
from chain.transactions import Transaction, data_floor_gas
from genesis.contracts import artifact
from precompiles.da_entrance import layout
from precompiles.da_entrance.activation import initial_storage
from precompiles.da_entrance.entrance import ADDRESS as ENTRANCE
from precompiles.da_signers import epochs, quorums, records
from precompiles.da_signers.signatures import (
    aggregate_g2_keys,
    aggregate_signatures,
    blob_message_hash,
    hash_to_g1,
    public_keys,
    sign,
)

CHAIN_ID = 16_601
EPOCH_BLOCKS = 40
EPOCHS = 5
SIGNERS = 4
VOTES = 1_100
"""4,400 ballots: two quorums."""
GAS = 20_000_000
DA_SIGNERS = Address(bytes(18) + b"\x10\x00")
ADMIN, STRANGER, HELPER = (Address(bytes([n]) * 20) for n in (0xA1, 0xA2, 0xA3))
FORWARDER = Address(b"\xf0" * 20)
FORWARD_STATIC = bytes.fromhex("365f5f375f5f365f61da015afa3d5f5f3e6017573d5ffd5b3d5ff3")
"""STATICCALL 0x…da01 with the call data; answer or revert with what comes back."""
COMMITMENT = hash_to_g1(b"\x11" * 32)


class Ledger:
    """A `StateReader` in dictionaries, and the `Storage` of DASigners for the setup."""

    def __init__(self) -> None:
        self.accounts: dict[Address, Account] = {}
        self.slots: dict[Address, dict[int, int]] = {}
        self.codes: dict[Hash32, bytes] = {Hash32(keccak(b"")): b""}

    def put(self, address: Address, balance: int = 0, code: bytes = b"") -> None:
        code_hash = Hash32(keccak(code))
        self.codes[code_hash] = code
        self.accounts[address] = Account(0, balance, code_hash)

    def copy(self) -> "Ledger":
        other = Ledger()
        other.accounts, other.codes = dict(self.accounts), dict(self.codes)
        other.slots = {address: dict(slots) for address, slots in self.slots.items()}
        return other

    def load(self, slot: int) -> int:
        return self.slot(DA_SIGNERS, slot)

    def store(self, slot: int, value: int) -> None:
        self.slots.setdefault(DA_SIGNERS, {})[slot] = value

    def account(self, address: Address) -> Account | None:
        return self.accounts.get(address)

    def slot(self, address: Address, slot: int) -> int:
        return self.slots.get(address, {}).get(slot, 0)

    def has_storage(self, address: Address) -> bool:
        return any(self.slots.get(address, {}).values())

    def code(self, code_hash: Hash32) -> bytes:
        return self.codes[code_hash]

    def block_hash(self, number: int) -> Hash32 | None:
        return Hash32(keccak(number.to_bytes(8, "big")))

    def apply(self, changes: Sequence[AccountChange]) -> None:
        for change in changes:
            if change.account is None:
                self.accounts.pop(change.address, None)
                self.slots.pop(change.address, None)
                continue
            self.accounts[change.address] = change.account
            self.slots.setdefault(change.address, {}).update(change.slots)
            if change.code is not None:
                self.codes[change.account.code_hash] = change.code

    def balances(self) -> dict[Address, int]:
        return {address: one.balance for address, one in self.accounts.items() if one.balance}

    def storage(self, address: Address) -> dict[int, int]:
        """The slots that are set."""
        return {slot: value for slot, value in self.slots.get(address, {}).items() if value}

    def has_same_storage(self, other: "Ledger", address: Address) -> bool:
        one, two = self.slots.get(address, {}), other.slots.get(address, {})
        return one == two or self.storage(address) == other.storage(address)


@dataclass
class Side:
    """One chain: every call is a block's only transaction, and costs no wei."""

    rules: Rules
    ledger: Ledger
    engine: PyEvmEngine = field(default_factory=PyEvmEngine)

    def transact(
        self, number: int, to: Address | None, data: bytes, sender: Address, value: int = 0
    ) -> Receipt:
        environment = self.environment(number)
        account = self.ledger.account(sender)
        transaction = Transaction(
            type=2, chain_id=CHAIN_ID, nonce=account.nonce if account else 0, gas_price=0,
            gas_limit=GAS, to=to, value=value, data=data, y_parity=0, r=1, s=1,
            max_priority_fee_per_gas=0, max_fee_per_gas=0,
        )  # fmt: skip
        result = self.engine.execute_block(
            environment, [transaction], [sender], [], [], self.ledger
        )
        assert not result.alarms
        self.ledger.apply(result.changes)
        return result.receipts[0]

    def environment(self, number: int) -> Environment:
        return Environment(
            rules=self.rules,
            number=number,
            timestamp=number,
            coinbase=Address(b"\x99" * 20),
            gas_limit=36_000_000,
            base_fee=0,
            prev_randao=Hash32(bytes(32)),
            difficulty=0,
            excess_blob_gas=0,
            parent_hash=Hash32(keccak((number - 1).to_bytes(8, "big"))),
            parent_beacon_block_root=Hash32(bytes(32)),
        )


@dataclass
class Pair:
    """The precompile's chain and the contract's."""

    native: Side
    solidity: Side
    number: int = 1

    def both(
        self, data: bytes, sender: Address = ADMIN, value: int = 0, to: Address = ENTRANCE
    ) -> tuple[Receipt, Receipt]:
        native, solidity = (
            side.transact(self.number, to, data, sender, value)
            for side in (self.native, self.solidity)
        )
        return native, solidity

    def agree(
        self, data: bytes, sender: Address = ADMIN, value: int = 0, to: Address = ENTRANCE
    ) -> Receipt:
        """The precompile's receipt, after everything is found equal to the contract's."""
        native, solidity = self.both(data, sender, value, to)
        assert (native.succeeded, native.output) == (solidity.succeeded, solidity.output)
        assert native.logs == solidity.logs
        one, other = self.native.ledger, self.solidity.ledger
        for address in (ENTRANCE, DA_SIGNERS):
            assert one.has_same_storage(other, address)
        assert one.balances() == other.balances()
        if native.succeeded:
            is_at_floor = native.gas_used == data_floor_gas(data)
            assert native.gas_used < solidity.gas_used or is_at_floor
        return native

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """A function's answer, one value by itself; a `Refused` with the text where both refuse."""
        receipt = self.agree(call_data(name, *arguments), **options)
        if not receipt.succeeded:
            raise Refused(reason_of(receipt.output))
        values = decode(types_of(entry_of(name)["outputs"]), receipt.output)
        return values[0] if len(values) == 1 else values

    def events(self, name: str, *arguments: Any, **options: Any) -> list[str]:
        """Names of the logs of a call that succeeds."""
        receipt = self.agree(call_data(name, *arguments), **options)
        assert receipt.succeeded, reason_of(receipt.output)
        return [event_name(log) for log in receipt.logs]

    def copy(self) -> "Pair":
        sides = (
            Side(one.rules, one.ledger.copy(), one.engine) for one in (self.native, self.solidity)
        )
        return Pair(*sides, number=self.number)

    def put_slot(self, slot: int, value: int) -> None:
        for side in (self.native, self.solidity):
            side.ledger.slots[ENTRANCE][slot] = value


class Refused(Exception):
    """Both refused, with this reason."""


def reason_of(data: bytes) -> str:
    """The text of Error(string), `Panic(n)`, or the name of a custom error."""
    if not data:
        return ""
    if data[:4] == keccak(b"Error(string)")[:4]:
        return str(decode(["string"], data[4:])[0])
    if data[:4] == keccak(b"Panic(uint256)")[:4]:
        return f"Panic({int.from_bytes(data[4:], 'big'):#x})"
    errors = [entry for entry in artifact("IDAEntrance").abi if entry["type"] == "error"]
    [name] = [e["name"] for e in errors if keccak(signature_of(e).encode())[:4] == data[:4]]
    return str(name)


def typed(parameter: Mapping[str, Any]) -> str:
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(typed, parameter['components']))}){kind.removeprefix('tuple')}"


def types_of(parameters: Sequence[Mapping[str, Any]]) -> list[str]:
    return [typed(parameter) for parameter in parameters]


def signature_of(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(types_of(entry['inputs']))})"


FUNCTIONS = {
    entry["name"]: entry for entry in artifact("IDAEntrance").abi if entry["type"] == "function"
}
EVENTS = {
    keccak(signature_of(entry).encode()): entry["name"]
    for entry in artifact("IDAEntrance").abi
    if entry["type"] == "event"
}


def entry_of(name: str) -> Mapping[str, Any]:
    return FUNCTIONS[name]


def event_name(log: Log) -> str:
    return str(EVENTS[log.topics[0]])


def call_data(name: str, *arguments: Any) -> bytes:
    entry = entry_of(name)
    selector = keccak(signature_of(entry).encode())[:4]
    return bytes(selector + encode(types_of(entry["inputs"]), list(arguments)))


@cache
def keys_of(signer: int) -> Any:
    return public_keys(1_000 + signer)


def signer_address(signer: int) -> Address:
    return Address(bytes([signer + 1]) * 20)


def register_signers(ledger: Ledger, count: int, votes: int, known_keys: bool = True) -> None:
    """Signers of the first epochs, as DASigners would have stored them."""
    for signer in range(count):
        (x, y), ((a, b), (c, d)) = keys_of(signer if known_keys else 0)
        address = signer_address(signer) if known_keys else Address(signer.to_bytes(20, "big"))
        record = records.Signer(
            address, b"10.0.0.1:34000", records.G1Key(x, y), records.G2Key([a, b], [c, d])
        )
        records.store_signer(ledger, record)
        for epoch in range(1, EPOCHS + 1):
            signature = keccak(address + epoch.to_bytes(8, "big"))
            epochs.register(ledger, epoch, address, signature, votes)


def new_pair(signers: int = SIGNERS, votes: int = VOTES, known_keys: bool = True) -> Pair:
    """Before the first epoch, initialized in block 0."""
    base = Ledger()
    for account in (ADMIN, STRANGER, HELPER):
        base.put(account, balance=10**24)
    base.put(DA_SIGNERS, code=b"\x01")
    base.put(FORWARDER, code=FORWARD_STATIC)
    register_signers(base, signers, votes, known_keys)
    base.slots[ENTRANCE] = dict(initial_storage(ADMIN, 0, 0))
    sides = []
    for code, admin in ((b"\x01", ADMIN), (artifact("DAEntrance").runtime, None)):
        ledger = base.copy()
        ledger.put(ENTRANCE, code=code)
        rules = Rules(
            chain_id=CHAIN_ID, fork=Fork.PRAGUE, has_zero_g_precompiles=True,
            da_epoch_blocks=EPOCH_BLOCKS, da_entrance_admin=admin,
            blobs=FORK_ROWS[Fork.PRAGUE].blobs,
        )  # fmt: skip
        sides.append(Side(rules, ledger))
    return Pair(*sides)


@dataclass(frozen=True)
class Submission:
    """A commitment that signers have signed, with the G2 key real part first."""

    data_root: bytes
    epoch: int
    quorum_id: int
    commitment: tuple[int, int]
    bitmap: bytes
    key_g2: Any
    signature: tuple[int, int]

    def arguments(self) -> tuple[Any, ...]:
        x, y = self.key_g2
        eip_197 = (x[::-1], y[::-1])
        return (
            self.data_root, self.epoch, self.quorum_id, self.commitment,
            self.bitmap, eip_197, self.signature,
        )  # fmt: skip


def bitmap_of(rows: Sequence[Address], signers: Sequence[Address]) -> bytes:
    signed, bits = set(signers), bytearray(-(-len(rows) // 8))
    for row, signer in enumerate(rows):
        if signer in signed:
            bits[row // 8] |= 1 << row % 8
    return bytes(bits)


@cache
def signatures_of(digest: Hash32, signers: tuple[int, ...]) -> tuple[int, int]:
    point = hash_to_g1(digest)
    return aggregate_signatures(sign(1_000 + signer, point) for signer in signers)


@cache
def g2_keys_of(signers: tuple[int, ...]) -> Any:
    return aggregate_g2_keys(keys_of(signer)[1] for signer in signers)


def signed(
    pair: Pair, data_root: bytes, epoch: int, quorum_id: int, signers: tuple[int, ...]
) -> Submission:
    """Signed by these; the quorum must be there."""
    rows = quorums.load_quorum(pair.native.ledger, epoch, quorum_id)
    digest = blob_message_hash(Hash32(data_root), epoch, quorum_id, COMMITMENT)
    return Submission(
        data_root, epoch, quorum_id, COMMITMENT,
        bitmap_of(rows, [signer_address(one) for one in signers]),
        g2_keys_of(signers), signatures_of(digest, signers),
    )  # fmt: skip


@dataclass(frozen=True)
class Subline:
    """A piece of data in its place of a data root, the other places filled with anything."""

    line: int
    subline: int
    data: bytes
    blob_roots: tuple[bytes, bytes, bytes]
    siblings: tuple[bytes, ...]

    @property
    def data_root(self) -> bytes:
        a, b, c = self.blob_roots
        return bytes(keccak(keccak(a + b) + c))

    def quality(self, seed: bytes, epoch: int, quorum_id: int) -> int:
        """May need more than 256 bits."""
        line = keccak(
            seed + encode(["uint256", "uint256"], [epoch, quorum_id]) + self.data_root
            + self.line.to_bytes(8, "big")
        )  # fmt: skip
        data = keccak(line + self.subline.to_bytes(32, "big") + self.data)
        return int.from_bytes(line, "big") + int.from_bytes(data, "big")

    def response(self, seed: bytes, epoch: int, quorum_id: int) -> tuple[Any, ...]:
        return (
            seed, epoch, quorum_id, self.line, self.subline,
            self.quality(seed, epoch, quorum_id) % 2**256,
            self.data_root, list(self.blob_roots), list(self.siblings), self.data,
        )  # fmt: skip


def subline_of(line: int, subline: int, salt: int) -> Subline:
    data = keccak(salt.to_bytes(8, "big")) * 32
    siblings = tuple(bytes(keccak(bytes([level]) + data)) for level in range(15))
    a, b, c, d = (keccak(data[at : at + 256]) for at in range(0, 1_024, 256))
    node, position = keccak(keccak(a + b) + keccak(c + d)), line % 1_024 * 32 + subline
    for sibling in siblings:
        node = keccak(sibling + node) if position & 1 else keccak(node + sibling)
        position >>= 1
    roots = [bytes(keccak(bytes([200 + blob]) + data)) for blob in range(3)]
    roots[line // 1_024] = bytes(node)
    return Subline(line, subline, data, (roots[0], roots[1], roots[2]), siblings)


def checksummed(address: bytes) -> str:
    return str(to_checksum_address(address))


@pytest.fixture(scope="session")
def entrances() -> ModuleType:
    """This module."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def epoch_one_start() -> Pair:
    """Epoch 1 made, with two quorums."""
    pair = new_pair()
    assert pair.agree(call_data("sync")).succeeded
    return pair


@pytest.fixture
def pair(epoch_one_start: Pair) -> Pair:
    """Block 1 of epoch 1, two quorums of four signers."""
    return epoch_one_start.copy()


@pytest.fixture(scope="session")
def sampling_start(epoch_one_start: Pair) -> tuple[Pair, Subline]:
    pair = epoch_one_start.copy()
    seed = bytes(keccak((EPOCH_BLOCKS + 19).to_bytes(8, "big")))
    piece = next(
        piece
        for piece in (subline_of(salt % 3_072, salt % 32, salt) for salt in range(1 << 16))
        if piece.quality(seed, 1, 0) < 2**254
    )
    submission = signed(pair, piece.data_root, 1, 0, (0, 1, 2))
    pair.call("submitVerifiedCommitRoots", [submission.arguments()])
    pair.call("donate", value=1_000)
    pair.call("setBaseReward", 7)
    pair.call("submitOriginalData", [b"\x22" * 32], value=24 * 10**5)
    pair.number = EPOCH_BLOCKS + 20
    pair.call("sync")
    # As if many rounds had gone by without a response; a real target takes long to meet.
    pair.put_slot(layout.PODAS_TARGET, 2**255)
    return pair, piece


@pytest.fixture
def sampling(sampling_start: tuple[Pair, Subline]) -> tuple[Pair, Subline]:
    """Epoch 2, with a commitment of epoch 1 that can be sampled, and a piece of its data."""
    pair, piece = sampling_start
    return pair.copy(), piece
