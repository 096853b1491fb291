"""Every recorded scenario of a real 0g-geth v1.0.6, through the `execute_block` that the node imports with.

The data is found in `$ZEROG_SHARED/vectors/0g-geth/` (default `../shared`). Only `check_header` is left out:
the scenarios' numbers, gas limits and base fees follow no rule. `estimate-gas.json` has another format and
is run through JSON-RPC's own tests.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.blocks import EMPTY_OMMERS_HASH, NO_NONCE, ZERO_HASH, Header, encode_withdrawal
from chain.config import ChainConfig
from chain.engine import (
    Account,
    AccountChange,
    BlockResult,
    Environment,
    Log,
    Message,
    Receipt,
    Withdrawal,
)
from chain.errors import InvalidTransaction
from chain.forks.fork import Fork
from chain.ordered_trie import ordered_trie_root
from chain.py_evm import PyEvmEngine
from chain.receipts import bloom_of, encode_receipt, requests_hash
from chain.transactions import Transaction, decode_transaction, recover_sender

SHARED = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDER = SHARED / "vectors" / "0g-geth"
DIFFICULTY_BEFORE_PARIS = 0x20000

Json = Mapping[str, Any]


def _entries() -> Iterator[Any]:
    files = sorted(FOLDER.glob("*.json"))
    if not files:
        reason = f"no vectors in {FOLDER}: set ZEROG_SHARED"
        yield pytest.param({}, id="absent", marks=pytest.mark.skip(reason=reason))
    for file in files:
        for name, entry in json.loads(file.read_text()).items():
            if "scenario" in entry:
                yield pytest.param(entry, id=f"{file.stem}/{name}")


@pytest.fixture(scope="module")
def engine() -> PyEvmEngine:
    return PyEvmEngine()


@pytest.mark.parametrize("entry", list(_entries()))
def test_a_recorded_scenario_comes_out_as_0g_geth_had_it(entry: Json, engine: PyEvmEngine) -> None:
    scenario, result = entry["scenario"], entry["result"]
    state = RecordedState(scenario["alloc"])
    _expect("genesis root", state.root(), result["genesisRoot"])
    config = _config(scenario["config"])
    environment: Environment | None = None
    for index, (block, expected) in enumerate(
        zip(scenario["blocks"], result["blocks"], strict=True)
    ):
        environment = _environment(config, block["env"], _bytes(expected["parentHash"]))
        where = f"block {index}"
        is_last = index == len(scenario["blocks"]) - 1
        final = result.get("alloc") if is_last else None
        _run_block(engine, state, environment, _Step(where, block, expected, final))
    for index, (call, answer) in enumerate(
        zip(scenario.get("calls") or [], result.get("calls") or [], strict=True)
    ):
        assert environment is not None
        _run_call(engine, state, environment, (f"call {index}", call, answer))


class RecordedState:
    """A `StateReader` over dictionaries, whose root is computed from scratch."""

    def __init__(self, alloc: Json) -> None:
        self.accounts: dict[Address, Account] = {}
        self.storage: dict[Address, dict[int, int]] = {}
        self._codes: dict[Hash32, bytes] = {}
        self._storage_roots: dict[Address, Hash32] = {}
        for key, entry in alloc.items():
            address, code = Address(_bytes(key)), _bytes(entry.get("code") or "0x")
            account = Account(
                _number(entry.get("nonce")), _number(entry.get("balance")), Hash32(keccak(code))
            )
            slots = {_number(slot): _number(value) for slot, value in _storage(entry)}
            self.accounts[address], self.storage[address] = account, slots
            self._codes[account.code_hash] = code

    def account(self, address: Address) -> Account | None:
        return self.accounts.get(address)

    def slot(self, address: Address, slot: int) -> int:
        return self.storage.get(address, {}).get(slot, 0)

    def has_storage(self, address: Address) -> bool:
        return any(self.storage.get(address, {}).values())

    def code(self, code_hash: Hash32) -> bytes:
        return self._codes[code_hash]

    def block_hash(self, number: int) -> Hash32 | None:
        raise AssertionError("no scenario asks for older hashes than the parent's")

    def apply(self, changes: Sequence[AccountChange]) -> None:
        for change in changes:
            self._storage_roots.pop(change.address, None)
            if change.account is None or change.wipes_storage:
                self.storage.pop(change.address, None)
            if change.account is None:
                self.accounts.pop(change.address, None)
                continue
            self.accounts[change.address] = change.account
            if change.code is not None:
                self._codes[Hash32(keccak(change.code))] = change.code
            slots = self.storage.setdefault(change.address, {})
            slots.update(change.slots)
            for slot in [slot for slot, value in change.slots if not value]:
                del slots[slot]

    def root(self) -> Hash32:
        return trie_root(
            {
                keccak(address): rlp.encode(
                    [
                        account.nonce,
                        account.balance,
                        self.storage_root(address),
                        account.code_hash,
                    ]
                )
                for address, account in self.accounts.items()
            }
        )

    def storage_root(self, address: Address) -> Hash32:
        if address not in self._storage_roots:
            slots = self.storage.get(address, {})
            self._storage_roots[address] = trie_root(
                {
                    keccak(slot.to_bytes(32, "big")): rlp.encode(value)
                    for slot, value in slots.items()
                    if value
                }
            )
        return self._storage_roots[address]


def trie_root(entries: Mapping[bytes, bytes]) -> Hash32:
    """Yellow Paper appendix D, written again so that the state layer's trie is not its own judge."""
    items = sorted((tuple(_nibbles(key)), value) for key, value in entries.items())
    return Hash32(keccak(rlp.encode(_trie_node(items, 0))))


def _trie_node(items: list[tuple[tuple[int, ...], bytes]], depth: int) -> Any:
    if not items:
        return b""
    if len(items) == 1:
        return [_compact(items[0][0][depth:], 2), items[0][1]]
    first, last = items[0][0], items[-1][0]
    shared = depth
    while first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return [_compact(first[depth:shared], 0), _reference(_trie_node(items, shared))]
    branches: list[list[Any]] = [[] for _ in range(16)]
    for item in items:
        branches[item[0][depth]].append(item)
    return [_reference(_trie_node(branch, depth + 1)) for branch in branches] + [b""]


def _reference(node: Any) -> Any:
    encoded = rlp.encode(node)
    return node if len(encoded) < 32 else keccak(encoded)


def _compact(nibbles: tuple[int, ...], flag: int) -> bytes:
    padded = (flag + 1, *nibbles) if len(nibbles) % 2 else (flag, 0, *nibbles)
    return bytes(high * 16 + low for high, low in zip(padded[::2], padded[1::2], strict=True))


def _nibbles(key: bytes) -> Iterator[int]:
    for byte in key:
        yield byte >> 4
        yield byte & 15


@dataclass(frozen=True)
class _Step:
    where: str
    block: Json
    expected: Json
    final_alloc: Json | None
    """The recorded state after this block, where there is one."""


def _run_block(
    engine: PyEvmEngine, state: RecordedState, environment: Environment, step: _Step
) -> None:
    where, expected = step.where, step.expected
    refused = {_number(item["index"]): item["error"] for item in expected.get("rejected") or []}
    transactions = [decode_transaction(_bytes(item["rlp"])) for item in step.block["transactions"]]
    withdrawals = _withdrawals(step.block.get("withdrawals"))
    slashed = _withdrawals(step.block.get("slashed"))
    kept = [item for index, item in enumerate(transactions) if index not in refused]
    senders = [recover_sender(transaction) for transaction in kept]
    result = engine.execute_block(environment, kept, senders, withdrawals, slashed, state)
    if refused:
        transcript = engine.begin_block(environment, state)
        _try_all(transcript, transactions, refused, where)
        finished = transcript.finish(withdrawals, slashed)
        assert finished == result, f"{where}: a refused transaction left a trace"
    labels = [str(item.get("label")) for item in step.block["transactions"]]
    for receipt, recorded in zip(result.receipts, expected["receipts"], strict=True):
        label = labels[_number(recorded["index"])]
        _compare_receipt(f"{where}, receipt {recorded['index']} ({label})", receipt, recorded)
    _expect(
        f"{where}: system errors", list(result.system_errors), expected.get("systemErrors") or []
    )
    _expect(f"{where}: alarms", list(result.alarms), [])
    state.apply(result.changes)
    root = state.root()
    if _hex(root) != expected["stateRoot"].lower():
        pytest.fail(
            f"{where}: state root {_hex(root)}; {_first_difference(state, step.final_alloc)}"
        )
    _compare_header(where, _header(environment, kept, withdrawals, result, root), expected)
    recorded_requests = expected.get("requests")
    if recorded_requests is not None:
        _expect(f"{where}: requests", [_hex(item) for item in result.requests], recorded_requests)


def _try_all(
    transcript: Any, transactions: list[Transaction], refused: Mapping[int, str], where: str
) -> None:
    for index, transaction in enumerate(transactions):
        if index not in refused:
            transcript.try_transaction(transaction, recover_sender(transaction))
            continue
        with pytest.raises(InvalidTransaction) as caught:
            transcript.try_transaction(transaction, recover_sender(transaction))
        _expect(f"{where}, transaction {index}: refusal", str(caught.value), refused[index])


def _compare_receipt(where: str, receipt: Receipt, expected: Json) -> None:
    _expect(f"{where}: error", receipt.error, expected.get("error") or None)
    _expect(f"{where}: status", int(receipt.succeeded), _number(expected["status"]))
    _expect(f"{where}: gas used", receipt.gas_used, _number(expected["gasUsed"]))
    cumulative = _number(expected["cumulativeGasUsed"])
    _expect(f"{where}: cumulative gas", receipt.cumulative_gas_used, cumulative)
    _expect(f"{where}: type", receipt.type, _number(expected["type"]))
    if expected.get("contractAddress"):
        created = receipt.contract_address or b""
        _expect(f"{where}: contract address", created, expected["contractAddress"])
    _compare_data(f"{where}: return data", receipt.output, expected, "returnData")
    logs = expected.get("logs") or []
    _expect(f"{where}: number of logs", len(receipt.logs), len(logs))
    for log, recorded in zip(receipt.logs, logs, strict=True):
        _compare_log(f"{where}: log", log, recorded)


def _compare_log(where: str, log: Log, expected: Json) -> None:
    _expect(f"{where} address", log.address, expected["address"])
    topics = [topic.lower() for topic in expected["topics"]]
    _expect(f"{where} topics", [_hex(topic) for topic in log.topics], topics)
    _compare_data(f"{where} data", log.data, expected, "data")


def _compare_data(where: str, data: bytes, expected: Json, name: str) -> None:
    if name in expected:
        _expect(where, data, expected[name] or "0x")
    elif f"{name}Keccak" in expected:
        _expect(f"{where} size", len(data), _number(expected[f"{name}Size"]))
        _expect(f"{where} hash", Hash32(keccak(data)), expected[f"{name}Keccak"])


def _compare_header(where: str, header: Header, expected: Json) -> None:
    for name, got in (
        ("gasUsed", header.gas_used),
        ("blobGasUsed", header.blob_gas_used),
        ("receiptsRoot", header.receipts_root),
        ("txRoot", header.transactions_root),
        ("withdrawalsRoot", header.withdrawals_root),
        ("logsBloom", header.bloom),
        ("requestsHash", header.requests_hash),
        ("hash", header.hash),
    ):
        if expected.get(name) is not None and got is not None:
            recorded = expected[name]
            _expect(
                f"{where}: {name}", got, _number(recorded) if isinstance(got, int) else recorded
            )


def _run_call(
    engine: PyEvmEngine,
    state: RecordedState,
    environment: Environment,
    recorded: tuple[str, Json, Json],
) -> None:
    where, call, expected = recorded
    message = Message(
        sender=Address(_bytes(call["from"])),
        to=Address(_bytes(call["to"])) if call.get("to") else None,
        gas_limit=_number(call["gas"]),
        value=_number(call.get("value")),
        data=_bytes(call.get("data") or "0x"),
    )
    try:
        result = engine.call(environment, message, state)
    except InvalidTransaction as error:
        _expect(f"{where}: refusal", str(error), expected.get("error"))
        return
    _expect(f"{where}: error", result.error, expected.get("error") or None)
    _expect(f"{where}: gas used", result.gas_used, _number(expected["gasUsed"]))
    _compare_data(f"{where}: return data", result.output, expected, "returnData")


def _header(
    environment: Environment,
    transactions: Sequence[Transaction],
    withdrawals: Sequence[Withdrawal],
    result: BlockResult,
    state_root: Hash32,
) -> Header:
    """Assembled as the vectors' README says, so that its hash can be compared."""
    fork = environment.rules.fork
    is_shanghai, is_cancun = fork >= Fork.SHANGHAI, fork >= Fork.CANCUN
    return Header(
        parent_hash=environment.parent_hash,
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=environment.coinbase,
        state_root=state_root,
        transactions_root=ordered_trie_root([item.encoded for item in transactions]),
        receipts_root=ordered_trie_root([encode_receipt(item) for item in result.receipts]),
        bloom=bloom_of(log for receipt in result.receipts for log in receipt.logs),
        difficulty=environment.difficulty,
        number=environment.number,
        gas_limit=environment.gas_limit,
        gas_used=result.gas_used,
        timestamp=environment.timestamp,
        extra_data=b"",
        mix_hash=environment.prev_randao,
        nonce=NO_NONCE,
        base_fee=environment.base_fee,
        withdrawals_root=(
            ordered_trie_root([encode_withdrawal(item) for item in withdrawals])
            if is_shanghai
            else None
        ),
        blob_gas_used=result.blob_gas_used if is_cancun else None,
        excess_blob_gas=environment.excess_blob_gas,
        parent_beacon_block_root=environment.parent_beacon_block_root,
        requests_hash=requests_hash(result.requests) if fork >= Fork.PRAGUE else None,
    )


def _first_difference(state: RecordedState, alloc: Json | None) -> str:
    if alloc is None:
        return "the state after this block was not recorded"
    expected = RecordedState(alloc)
    counted = {Address(_bytes(key)) for key, entry in alloc.items() if "storageCount" in entry}
    for address in sorted(state.accounts.keys() | expected.accounts.keys()):
        got, wanted = state.account(address), expected.account(address)
        if got != wanted:
            return f"account {_hex(address)}: got {got}, expected {wanted}"
        if address in counted:
            continue
        slots = state.storage.get(address, {}).keys() | expected.storage.get(address, {}).keys()
        for slot in sorted(slots):
            if state.slot(address, slot) != expected.slot(address, slot):
                return (
                    f"account {_hex(address)}, slot {slot:#x}: got {state.slot(address, slot):#x}, "
                    f"expected {expected.slot(address, slot):#x}"
                )
    return "the accounts agree with the recorded ones: the difference is in a storage not listed"


def _config(section: Json) -> ChainConfig:
    fork = Fork[section["fork"].upper()]
    return ChainConfig(
        chain_id=_number(section["chainId"]),
        fork_blocks={older: 0 for older in Fork if older <= min(fork, Fork.PARIS)},
        fork_times={older: 0 for older in Fork if Fork.PARIS < older <= fork},
        staking_time=_optional_number(section["stakingActivationTime"]),
        restaking_time=_optional_number(section["restakingActivationTime"]),
        has_zero_g_precompiles=True,
    )


def _environment(config: ChainConfig, env: Json, parent_hash: bytes) -> Environment:
    number, timestamp = _number(env["currentNumber"]), _number(env["currentTimestamp"])
    rules = config.rules(number, timestamp)
    is_cancun = rules.fork >= Fork.CANCUN
    return Environment(
        rules=rules,
        number=number,
        timestamp=timestamp,
        coinbase=Address(_bytes(env["currentCoinbase"])),
        gas_limit=_number(env["currentGasLimit"]),
        base_fee=_number(env["currentBaseFee"]) if rules.fork >= Fork.LONDON else None,
        prev_randao=Hash32(_bytes(env.get("currentRandom") or _hex(ZERO_HASH))),
        difficulty=0 if rules.fork >= Fork.PARIS else DIFFICULTY_BEFORE_PARIS,
        excess_blob_gas=_number(env.get("currentExcessBlobGas")) if is_cancun else None,
        parent_hash=Hash32(parent_hash),
        parent_beacon_block_root=(
            Hash32(_bytes(env["parentBeaconBlockRoot"])) if is_cancun else None
        ),
    )


def _withdrawals(entries: Sequence[Json] | None) -> list[Withdrawal]:
    return [
        Withdrawal(
            index=_number(entry["index"]),
            validator_index=_number(entry["validatorIndex"]),
            address=Address(_bytes(entry["address"])),
            amount=_number(entry["amount"]),
        )
        for entry in entries or []
    ]


def _storage(entry: Json) -> Iterator[tuple[str, str]]:
    yield from (entry.get("storage") or {}).items()


def _number(value: str | int | None) -> int:
    return int(value, 16) if isinstance(value, str) else value or 0


def _optional_number(value: str | None) -> int | None:
    return None if value is None else _number(value)


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _expect(what: str, got: object, expected: object) -> None:
    if isinstance(got, bytes):
        got = _hex(got)
    if isinstance(expected, str) and expected.startswith("0x"):
        expected = expected.lower()
    assert got == expected, f"{what}: got {got}, expected {expected}"
