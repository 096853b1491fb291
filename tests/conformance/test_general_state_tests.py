"""ethereum/tests' GeneralStateTests from Paris on, each transaction as a block of its own.

The ordinary run takes one case of every fifth file; the rest is marked slow. Older forks pay a reward to the
miner of a block, which these tests leave out.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.config import Rules
from chain.engine import Account, AccountChange, BlockResult, Environment
from chain.errors import InvalidTransaction
from chain.forks.fork import Fork
from chain.forks.table import FORK_ROWS
from chain.key_value import MemoryStore
from chain.py_evm import PyEvmEngine
from chain.state import StateAt, prepare_update, write_update
from chain.transactions import decode_transaction, recover_sender

SHARED = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDER = SHARED / "ethereum-tests" / "GeneralStateTests"
SAMPLE_STEP = 5
FORKS = {fork.name.capitalize(): fork for fork in (Fork.PARIS, Fork.SHANGHAI, Fork.CANCUN)}
SLOW_FOLDERS = ("stTimeConsuming", "vmPerformance", "stQuadraticComplexityTest", "stStaticCall")
"""Minutes a case."""

Json = Mapping[str, Any]


def _files() -> list[Path]:
    return sorted(FOLDER.rglob("*.json"))


def _sampled() -> list[Any]:
    files = [path for path in _files() if not set(path.parts) & set(SLOW_FOLDERS)]
    return [pytest.param(path, id=path.stem) for path in files[::SAMPLE_STEP]] or _absent()


def _all() -> list[Any]:
    return [
        pytest.param(path, id=str(path.relative_to(FOLDER).with_suffix(""))) for path in _files()
    ] or _absent()


def _absent() -> list[Any]:
    reason = f"no state tests in {FOLDER}: set ZEROG_SHARED"
    return [pytest.param(FOLDER, id="absent", marks=pytest.mark.skip(reason=reason))]


@pytest.fixture(scope="module")
def engine() -> PyEvmEngine:
    return PyEvmEngine()


@pytest.mark.parametrize("path", _sampled())
def test_a_sample_of_state_tests_ends_in_the_expected_state(
    path: Path, engine: PyEvmEngine
) -> None:
    for name, case, fork, post in _cases(path):
        _check_case(engine, name, case, fork, post)
        return


@pytest.mark.slow
@pytest.mark.parametrize("path", _all())
def test_every_state_test_ends_in_the_expected_state(path: Path, engine: PyEvmEngine) -> None:
    for name, case, fork, post in _cases(path):
        _check_case(engine, name, case, fork, post)


def _cases(path: Path) -> Iterator[tuple[str, Json, Fork, Json]]:
    for name, case in json.loads(path.read_text()).items():
        for fork_name, posts in case["post"].items():
            if fork_name in FORKS:
                for post in posts:
                    yield f"{name} {post['indexes']}", case, FORKS[fork_name], post


def _check_case(engine: PyEvmEngine, name: str, case: Json, fork: Fork, post: Json) -> None:
    store = MemoryStore()
    with store.write() as batch:
        write_update(batch, 0, prepare_update(batch, _allocations(case["pre"])))
    with store.snapshot() as snapshot:
        reader = _HashesByNumber(snapshot)
        result = _result(engine, _environment(case["env"], fork), _bytes(post["txbytes"]), reader)
        changes = () if result is None else result.changes
        assert (result is None) == ("expectException" in post), name
        root = prepare_update(snapshot, changes).state_root
    assert "0x" + root.hex() == post["hash"], name
    if result is not None:
        assert result.alarms == (), name
        assert "0x" + _logs_hash(result).hex() == post["logs"], name


def _result(
    engine: PyEvmEngine, environment: Environment, raw: bytes, reader: StateAt
) -> BlockResult | None:
    """None where the transaction is invalid."""
    try:
        transaction = decode_transaction(raw)
        sender = recover_sender(transaction)
        return engine.execute_block(environment, [transaction], [sender], [], [], reader)
    except InvalidTransaction:
        return None


class _HashesByNumber(StateAt):
    """The suite's convention: the hash of block n is keccak of n's decimal digits."""

    def block_hash(self, number: int) -> Hash32 | None:
        return Hash32(keccak(str(number).encode()))


def _logs_hash(result: BlockResult) -> bytes:
    logs = [log for receipt in result.receipts for log in receipt.logs]
    return bytes(keccak(rlp.encode([[log.address, list(log.topics), log.data] for log in logs])))


def _allocations(pre: Json) -> list[AccountChange]:
    return sorted((_allocation(*item) for item in pre.items()), key=lambda change: change.address)


def _allocation(key: str, entry: Json) -> AccountChange:
    code = _bytes(entry["code"])
    slots = {_number(slot): _number(value) for slot, value in entry["storage"].items()}
    return AccountChange(
        address=Address(_bytes(key)),
        account=Account(_number(entry["nonce"]), _number(entry["balance"]), Hash32(keccak(code))),
        slots=tuple(sorted((slot, value) for slot, value in slots.items() if value)),
        code=code or None,
    )


def _environment(env: Json, fork: Fork) -> Environment:
    number = _number(env["currentNumber"])
    randao = env.get("currentRandom") or env.get("currentDifficulty") or "0x0"
    return Environment(
        rules=Rules(chain_id=1, fork=fork, blobs=FORK_ROWS[fork].blobs),
        number=number,
        timestamp=_number(env["currentTimestamp"]),
        coinbase=Address(_bytes(env["currentCoinbase"])),
        gas_limit=_number(env["currentGasLimit"]),
        base_fee=_number(env["currentBaseFee"]),
        prev_randao=Hash32(_number(randao).to_bytes(32, "big")),
        difficulty=0,
        excess_blob_gas=(
            _number(env.get("currentExcessBlobGas", "0x0")) if fork >= Fork.CANCUN else None
        ),
        parent_hash=Hash32(keccak(str(number - 1).encode())),
        parent_beacon_block_root=None,
    )


def _number(value: str) -> int:
    return int(value, 16)


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))
