"""ethereum/tests' GeneralStateTests, through the `execute_block` and state update that the node imports with.

The data is found in `$ZEROG_SHARED/ethereum-tests/` (default `../shared`). Each case is one transaction on a
state: state root, logs and the kind of refusal are compared. Only `check_header` is left out. The ordinary
run takes one case of every sixth file; `make conformance` runs them all: ten minutes of one core, and another
twenty for the three loops of `loopMul`, which burn 9,200 million gas.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.account_records import EMPTY_CODE_HASH
from chain.blocks import ZERO_HASH
from chain.config import ChainConfig
from chain.engine import Account, AccountChange, BlockResult, Environment
from chain.errors import (
    BlobCreatesContract,
    BlobGasLimitReached,
    BlobHashesMissing,
    BlobHashVersionUnknown,
    InitCodeTooLarge,
    InsufficientFunds,
    InsufficientFundsForTransfer,
    IntrinsicGasTooLow,
    InvalidTransaction,
    InvalidTransactionInBlock,
    MaxFeeBelowBaseFee,
    SenderHasCode,
    UndecodableTransaction,
)
from chain.forks.fork import Fork
from chain.key_value import MemoryStore, Snapshot
from chain.py_evm import PyEvmEngine
from chain.rlp_items import encode_item
from chain.state import StateAt, prepare_update, state_root, write_update
from chain.transactions import decode_transaction, recover_sender

SHARED = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDER = SHARED / "ethereum-tests"
SAMPLE_STEP = 6
CHAIN_ID = 1
DEFAULT_BASE_FEE = 10

FORKS = {
    "Homestead": Fork.HOMESTEAD,
    "EIP150": Fork.TANGERINE_WHISTLE,
    "EIP158": Fork.SPURIOUS_DRAGON,
    "ConstantinopleFix": Fork.PETERSBURG,
    "Merge": Fork.PARIS,
} | {fork.name.title(): fork for fork in Fork if "_" not in fork.name}
"""By the tests' names; a name not here fails its file."""

REFUSALS: Mapping[str, tuple[type[InvalidTransaction], ...]] = {
    "INTRINSIC_GAS_TOO_LOW": (IntrinsicGasTooLow,),
    "INSUFFICIENT_ACCOUNT_FUNDS": (InsufficientFunds, InsufficientFundsForTransfer),
    "GASLIMIT_PRICE_PRODUCT_OVERFLOW": (InsufficientFunds,),
    "INITCODE_SIZE_EXCEEDED": (InitCodeTooLarge,),
    "INSUFFICIENT_MAX_FEE_PER_GAS": (MaxFeeBelowBaseFee,),
    "SENDER_NOT_EOA": (SenderHasCode,),
    "RLP_INVALID_VALUE": (UndecodableTransaction,),
    "TYPE_3_TX_INVALID_BLOB_VERSIONED_HASH": (BlobHashVersionUnknown,),
    "TYPE_3_TX_ZERO_BLOBS": (BlobHashesMissing,),
    "TYPE_3_TX_BLOB_COUNT_EXCEEDED": (BlobGasLimitReached,),
    # An empty recipient is no blob transaction at all: its encoding has no place for it.
    "TYPE_3_TX_CONTRACT_CREATION": (BlobCreatesContract, UndecodableTransaction),
}
"""`TransactionException` of the tests → ours."""

TAKES_LONG = (
    "stTimeConsuming/",
    "stQuadraticComplexityTest/",
    "vmPerformance/",
    "static_Call50000",
    "stAttackTest/",
)
"""Parts of paths that the sample passes over."""

Json = Mapping[str, Any]


def _files() -> list[Path]:
    return sorted(FOLDER.rglob("*.json"))


def _parameters(files: Sequence[Path]) -> Iterator[Any]:
    if not files:
        reason = f"no tests in {FOLDER}: set ZEROG_SHARED"
        yield pytest.param(None, id="absent", marks=pytest.mark.skip(reason=reason))
    for path in files:
        yield pytest.param(path, id=str(path.relative_to(FOLDER).with_suffix("")))


def _sample() -> list[Path]:
    files = [path for path in _files() if not any(part in str(path) for part in TAKES_LONG)]
    return files[::SAMPLE_STEP]


@pytest.fixture(scope="module")
def engine() -> PyEvmEngine:
    return PyEvmEngine()


@pytest.mark.parametrize("path", list(_parameters(_sample())))
def test_a_sampled_case_comes_out_as_recorded(path: Path, engine: PyEvmEngine) -> None:
    cases = list(_cases(json.loads(path.read_text())))
    case = cases[crc32(path.name.encode()) % len(cases)]
    problem = case.problem(engine, _store(case.entry["pre"]))
    assert problem is None, f"{case.name}: {problem}"


@pytest.mark.slow
@pytest.mark.parametrize("path", list(_parameters(_files())))
def test_every_case_of_a_file_comes_out_as_recorded(path: Path, engine: PyEvmEngine) -> None:
    problems = []
    entries = json.loads(path.read_text())
    stores = {name: _store(entry["pre"]) for name, entry in entries.items()}
    for case in _cases(entries):
        problem = case.problem(engine, stores[case.entry_name])
        if problem is not None:
            problems.append(f"{case.name}: {problem}")
    assert not problems, "\n".join(problems)


def test_a_changed_expectation_is_seen(engine: PyEvmEngine) -> None:
    path = FOLDER / "GeneralStateTests" / "stExample" / "add11.json"
    if not path.exists():
        pytest.skip(f"no {path}: set ZEROG_SHARED")
    case = next(_cases(json.loads(path.read_text())))
    store = _store(case.entry["pre"])
    wrong_root = replace(case, post={**case.post, "hash": "0x" + "11" * 32})
    assert "state root" in str(wrong_root.problem(engine, store))
    wrong_logs = replace(case, post={**case.post, "logs": "0x" + "11" * 32})
    assert "logs" in str(wrong_logs.problem(engine, store))
    refused = {**case.post, "expectException": "TransactionException.SENDER_NOT_EOA"}
    assert "accepted" in str(replace(case, post=refused).problem(engine, store))


@dataclass(frozen=True)
class Case:
    """One transaction at one fork."""

    entry_name: str
    entry: Json
    fork_name: str
    post: Json

    @property
    def name(self) -> str:
        return f"{self.entry_name} at {self.fork_name}, {self.post['indexes']}"

    def problem(self, engine: PyEvmEngine, store: MemoryStore) -> str | None:
        """What came out wrong; None where nothing did."""
        environment = _environment(FORKS[self.fork_name], self.entry["env"])
        expected_refusal = self.post.get("expectException")
        with store.snapshot() as snapshot:
            try:
                result = _run(engine, environment, _bytes(self.post["txbytes"]), snapshot)
            except InvalidTransaction as error:
                if not isinstance(_reason(error), _refusals(expected_refusal)):
                    return f"refused: {error}, expected {expected_refusal or 'no refusal'}"
                return _difference("state root", state_root(snapshot), self.post["hash"])
            if expected_refusal:
                return f"accepted, expected {expected_refusal}"
            changes = _without_reward(result.changes, environment)
            root = prepare_update(snapshot, changes).state_root
        return _difference("state root", root, self.post["hash"]) or _difference(
            "logs", _logs_hash(result), self.post["logs"]
        )


def _cases(entries: Json) -> Iterator[Case]:
    for name, entry in entries.items():
        for fork_name, posts in entry["post"].items():
            for post in posts:
                yield Case(name, entry, fork_name, post)


class _StateBefore(StateAt):
    """Older blocks' hashes are made up from their numbers, as these tests have it."""

    def block_hash(self, number: int) -> Hash32 | None:
        return _hash_of_block(number)


def _hash_of_block(number: int) -> Hash32:
    return Hash32(keccak(str(number).encode()))


def _run(
    engine: PyEvmEngine, environment: Environment, encoded: bytes, snapshot: Snapshot
) -> BlockResult:
    transaction = decode_transaction(encoded)
    sender = recover_sender(transaction)
    reader = _StateBefore(snapshot)
    return engine.execute_block(environment, [transaction], [sender], [], [], reader)


def _reason(error: InvalidTransaction) -> InvalidTransaction:
    return error.reason if isinstance(error, InvalidTransactionInBlock) else error


def _refusals(expected: str | None) -> tuple[type[InvalidTransaction], ...]:
    """The errors that fit names joined by `|`; nothing fits None."""
    names = [name.removeprefix("TransactionException.") for name in (expected or "").split("|")]
    return tuple(kind for name in names if name for kind in REFUSALS[name])


def _without_reward(
    changes: tuple[AccountChange, ...], environment: Environment
) -> list[AccountChange]:
    """The tests pay the miner fees, but no block reward."""
    reward = environment.rules.row.block_reward
    return [
        _with_less(change, reward) if change.address == environment.coinbase else change
        for change in changes
    ]


def _with_less(change: AccountChange, reward: int) -> AccountChange:
    if change.account is None or not reward:
        return change
    account = replace(change.account, balance=change.account.balance - reward)
    # Without the reward the fees may have been nothing: then there is no account (EIP-161).
    is_empty = account == Account(0, 0, EMPTY_CODE_HASH)
    return replace(change, account=None if is_empty else account)


def _logs_hash(result: BlockResult) -> Hash32:
    logs = result.receipts[0].logs
    return Hash32(keccak(encode_item([[log.address, [*log.topics], log.data] for log in logs])))


def _difference(what: str, got: bytes, expected: str) -> str | None:
    if got == _bytes(expected):
        return None
    return f"{what}: got 0x{got.hex()}, expected {expected}"


def _store(pre: Json) -> MemoryStore:
    store = MemoryStore()
    changes = sorted(
        (_account_change(address, entry) for address, entry in pre.items()),
        key=lambda change: change.address,
    )
    with store.write() as batch:
        write_update(batch, 0, prepare_update(batch, changes))
    return store


def _account_change(address: str, entry: Json) -> AccountChange:
    code = _bytes(entry["code"])
    slots = sorted((_number(slot), _number(value)) for slot, value in entry["storage"].items())
    code_hash = Hash32(keccak(code)) if code else EMPTY_CODE_HASH
    return AccountChange(
        address=Address(_bytes(address)),
        account=Account(_number(entry["nonce"]), _number(entry["balance"]), code_hash),
        slots=tuple(slots),
        code=code or None,
    )


def _environment(fork: Fork, env: Json) -> Environment:
    config = ChainConfig(
        chain_id=CHAIN_ID,
        fork_blocks={older: 0 for older in Fork if older <= min(fork, Fork.PARIS)},
        fork_times={older: 0 for older in Fork if Fork.PARIS < older <= fork},
    )
    number, timestamp = _number(env["currentNumber"]), _number(env["currentTimestamp"])
    is_cancun, is_paris = fork >= Fork.CANCUN, fork >= Fork.PARIS
    return Environment(
        rules=config.rules(number, timestamp),
        number=number,
        timestamp=timestamp,
        coinbase=Address(_bytes(env["currentCoinbase"])),
        gas_limit=_number(env["currentGasLimit"]),
        base_fee=(
            _number(env.get("currentBaseFee"), DEFAULT_BASE_FEE) if fork >= Fork.LONDON else None
        ),
        prev_randao=Hash32(_number(env.get("currentRandom")).to_bytes(32, "big")),
        difficulty=0 if is_paris else _number(env["currentDifficulty"]),
        excess_blob_gas=_number(env.get("currentExcessBlobGas")) if is_cancun else None,
        parent_hash=_hash_of_block(number - 1),
        parent_beacon_block_root=ZERO_HASH if is_cancun else None,
    )


def _number(value: str | None, default: int = 0) -> int:
    return default if value is None else int(value, 16)


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))
