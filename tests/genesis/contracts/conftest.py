"""A chain of one block after another, on which the contracts of genesis are called."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from coincurve import PrivateKey
from eth_abi.abi import decode, encode
from eth_account import Account as Signer
from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from eth_utils import to_checksum_address

from chain.config import ChainConfig
from chain.engine import Account, AccountChange, CallResult, Environment, Message, Receipt
from chain.py_evm import PyEvmEngine
from chain.transactions import decode_transaction, recover_sender
from genesis.contracts import artifact
from genesis.dev_accounts import dev_accounts
from genesis.document import load_document
from genesis.networks import devnet_document

VALIDATOR = PrivateKey(bytes(31) + b"\1").public_key.format()
CHAIN_ID = 16_601
DA_EPOCH_BLOCKS = 3
GAS = 2_000_000
CALL_GAS = 30_000_000
GAS_PRICE_WEI = 2 * 10**9
MINER = Address(bytes(19) + b"\x99")


class Refused(Exception):
    """A call failed; `data` is what it reverted with."""

    def __init__(self, error: str, data: bytes) -> None:
        super().__init__(f"{error}: {reason_of(data)}")
        self.data = data

    @property
    def reason(self) -> str:
        return reason_of(self.data)


def reason_of(data: bytes) -> str:
    """The text of Error(string), `Panic(n)`, or the selector of another error in hex."""
    if data[:4] == keccak(b"Error(string)")[:4]:
        [text] = decode(["string"], data[4:])
        return str(text)
    if data[:4] == keccak(b"Panic(uint256)")[:4]:
        return f"Panic({int.from_bytes(data[4:], 'big')})"
    return data[:4].hex()


class DictState:
    """A `StateReader` over dicts, which takes the changes of each block."""

    def __init__(self) -> None:
        self.accounts: dict[Address, Account] = {}
        self.slots: dict[Address, dict[int, int]] = {}
        self.codes: dict[Hash32, bytes] = {Hash32(keccak(b"")): b""}

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

    def apply(self, changes: tuple[AccountChange, ...]) -> None:
        for change in changes:
            if change.wipes_storage or change.account is None:
                self.slots.pop(change.address, None)
            if change.account is None:
                self.accounts.pop(change.address, None)
                continue
            self.accounts[change.address] = change.account
            self.slots.setdefault(change.address, {}).update(dict(change.slots))
            if change.code is not None:
                self.codes[change.account.code_hash] = change.code


class World:
    """The devnet's chain: every transaction is a block of its own."""

    def __init__(self, balance_wei: int) -> None:
        self.document = load_document(
            devnet_document(
                [(VALIDATOR, "one")],
                accounts=12,
                balance_wei=balance_wei,
                da_epoch_blocks=DA_EPOCH_BLOCKS,
            )
        )
        self.engine = PyEvmEngine()
        self.state = DictState()
        self.state.apply(self.document.alloc)
        self.accounts = dev_accounts(count=12)
        self.number = 0

    @property
    def config(self) -> ChainConfig:
        return self.document.config

    def address(self, account: int) -> Address:
        return self.accounts[account][0]

    def balance(self, address: Address) -> int:
        account = self.state.account(address)
        return account.balance if account else 0

    def environment(self) -> Environment:
        return Environment(
            rules=self.config.rules(self.number, self.number),
            number=self.number,
            timestamp=self.number,
            coinbase=MINER,
            gas_limit=36_000_000,
            base_fee=10**9,
            prev_randao=Hash32(bytes(32)),
            difficulty=0,
            excess_blob_gas=0,
            parent_hash=Hash32(keccak((self.number - 1).to_bytes(8, "big", signed=True))),
            parent_beacon_block_root=Hash32(bytes(32)),
        )

    def transact(
        self, to: Address | None, data: bytes = b"", value: int = 0, gas: int = GAS, sender: int = 0
    ) -> Receipt:
        """One block with one transaction of one of the development accounts."""
        address, key = self.accounts[sender]
        account = self.state.account(address)
        assert account is not None
        fields: dict[str, Any] = {
            "chainId": CHAIN_ID, "nonce": account.nonce, "gas": gas, "value": value,
            "gasPrice": GAS_PRICE_WEI, "data": data,
        }  # fmt: skip
        if to is not None:
            fields["to"] = to_checksum_address(to)
        signed = Signer.sign_transaction(fields, key)
        transaction = decode_transaction(bytes(signed.raw_transaction))
        self.number += 1
        result = self.engine.execute_block(
            self.environment(), [transaction], [recover_sender(transaction)], [], [], self.state
        )
        self.state.apply(result.changes)
        return result.receipts[0]

    def mine(self, count: int) -> None:
        """Empty blocks."""
        for _ in range(count):
            self.number += 1
            result = self.engine.execute_block(self.environment(), [], [], [], [], self.state)
            self.state.apply(result.changes)

    def call(
        self, to: Address, data: bytes, value: int = 0, gas: int = CALL_GAS, sender: int = 0
    ) -> CallResult:
        message = Message(sender=self.address(sender), to=to, gas_limit=gas, value=value, data=data)
        environment = replace(self.environment(), base_fee=0)
        return self.engine.call(environment, message, self.state)

    def deploy(self, name: str, gas: int = GAS) -> "Contract":
        receipt = self.transact(None, artifact(name).bytecode, gas=gas)
        assert receipt.succeeded, receipt.error
        assert receipt.contract_address is not None
        return Contract(self, name, receipt.contract_address)


@dataclass(frozen=True)
class Contract:
    """A contract at an address, called by the names of its functions."""

    world: World
    name: str
    address: Address

    def encode(self, function: str, *arguments: object) -> bytes:
        return encode_call(self.name, function, *arguments)

    def read(self, function: str, *arguments: object, sender: int = 0, value: int = 0) -> Any:
        """What a call answers, one value by itself; raises `Refused`."""
        data = self.encode(function, *arguments)
        result = self.world.call(self.address, data, value=value, sender=sender)
        if result.error is not None:
            raise Refused(result.error, result.output)
        values = decode(types_of(entry_of(self.name, function)["outputs"]), result.output)
        return values[0] if len(values) == 1 else values

    def send(
        self, function: str, *arguments: object, sender: int = 0, value: int = 0, gas: int = GAS
    ) -> Receipt:
        """A transaction that must succeed; raises `Refused`."""
        data = self.encode(function, *arguments)
        receipt = self.world.transact(self.address, data, value=value, gas=gas, sender=sender)
        if not receipt.succeeded:
            raise Refused(receipt.error or "", receipt.output)
        return receipt

    def events(self, receipt: Receipt) -> list[tuple[str, dict[str, Any]]]:
        """The logs of this contract in a receipt: name and arguments of each."""
        return [
            event_of(self.name, log.topics, log.data)
            for log in receipt.logs
            if log.address == self.address
        ]


def typed(parameter: dict[str, Any]) -> str:
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(typed, parameter['components']))}){kind.removeprefix('tuple')}"


def types_of(parameters: list[dict[str, Any]]) -> list[str]:
    return [typed(parameter) for parameter in parameters]


def signature_of(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(types_of(entry['inputs']))})"


def entry_of(name: str, function: str) -> dict[str, Any]:
    """A function of the ABI by name, or by signature where the name is overloaded."""
    entries = [entry for entry in artifact(name).abi if entry["type"] == "function"]
    [found] = [e for e in entries if function in (e["name"], signature_of(e))]
    return found


def encode_call(name: str, function: str, *arguments: object) -> bytes:
    entry = entry_of(name, function)
    selector = keccak(signature_of(entry).encode())[:4]
    return bytes(selector + encode(types_of(entry["inputs"]), list(arguments)))


def event_of(name: str, topics: tuple[Hash32, ...], data: bytes) -> tuple[str, dict[str, Any]]:
    events = [entry for entry in artifact(name).abi if entry["type"] == "event"]
    [entry] = [e for e in events if keccak(signature_of(e).encode()) == topics[0]]
    indexed = [p for p in entry["inputs"] if p["indexed"]]
    plain = [p for p in entry["inputs"] if not p["indexed"]]
    values = {
        p["name"]: decode([typed(p)], topic)[0]
        for p, topic in zip(indexed, topics[1:], strict=True)
    }
    shown = decode(types_of(plain), data)
    return entry["name"], values | {p["name"]: v for p, v in zip(plain, shown, strict=True)}


@pytest.fixture(scope="session")
def world_of() -> Callable[[int], World]:
    """A new chain on which each development account has so much wei."""
    return World


@pytest.fixture
def world() -> World:
    return World(10_000 * 10**18)


@pytest.fixture
def at(world: World) -> Callable[[str, Address], Contract]:
    """A contract of the ordinary world's genesis by name and address."""
    return lambda name, address: Contract(world, name, address)


@pytest.fixture(scope="session")
def contract_at() -> Callable[[World, str, Address], Contract]:
    return Contract


@pytest.fixture(scope="session")
def refused() -> type[Refused]:
    return Refused
