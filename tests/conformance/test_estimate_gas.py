"""eth_estimateGas and eth_call as a real 0g-geth v1.0.6 answered them, through our methods of them.

The recorded state goes in as state overrides, as it did there; the format is in the vectors' README.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_typing import Address, Hash32

from chain.blocks import (
    EMPTY_BLOOM,
    EMPTY_OMMERS_HASH,
    EMPTY_TRIE_ROOT,
    NO_NONCE,
    ZERO_HASH,
    Header,
)
from chain.chain import Chain
from chain.config import ChainConfig
from chain.key_value import MemoryStore
from chain.py_evm.engine import PyEvmEngine
from chain.queries import Queries, QueryLimits
from node.json_rpc.dispatch import run_in_view
from node.json_rpc.errors import RpcError
from node.json_rpc.table import all_methods

SHARED = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[2] / ".." / "shared"))
VECTORS = SHARED / "vectors" / "0g-geth" / "estimate-gas.json"
BLOCK_FORKS = [
    "homestead",
    "eip150",
    "eip158",
    "byzantium",
    "constantinople",
    "istanbul",
    "berlin",
    "london",
]
TIME_FORKS = ("shanghai", "cancun", "prague")
GAS_CAP = 50_000_000
METHODS = all_methods()


def recorded() -> dict[str, Any]:
    return json.loads(VECTORS.read_text()) if VECTORS.exists() else {}


def cases() -> Iterator[Any]:
    for name, record in recorded().items():
        for entry in record["entries"]:
            yield pytest.param(name, entry, id=f"{name}: {entry['method']}: {entry['label']}")


@pytest.fixture(scope="module")
def records() -> dict[str, Any]:
    return recorded()


@pytest.fixture(scope="module")
def queries_of(records: dict[str, Any]) -> dict[str, Queries]:
    return {name: _queries(name, record) for name, record in records.items()}


@pytest.mark.skipif(not VECTORS.exists(), reason=f"no vectors at {VECTORS}")
@pytest.mark.parametrize(("name", "entry"), list(cases()) or [pytest.param("", {}, id="no data")])
def test_the_answer_is_that_of_0g_geth(
    records: dict[str, Any], queries_of: dict[str, Queries], name: str, entry: dict[str, Any]
) -> None:
    params = [*entry["params"], records[name]["state"]]
    try:
        answer = {"result": run_in_view(queries_of[name], METHODS[entry["method"]], params)}
    except RpcError as error:
        answer = {"error": error.encoded()}
    assert answer == {key: entry[key] for key in ("result", "error") if key in entry}


def _queries(name: str, record: Mapping[str, Any]) -> Queries:
    config: dict[str, Any] = {"chainId": int(record["chainId"], 16), "terminalTotalDifficulty": 0}
    config |= {f"{fork}Block": 0 for fork in BLOCK_FORKS} | {
        f"{fork}Time": 0 for fork in TIME_FORKS
    }
    config["zerog"] = {"precompiles": "0g"}
    if name == "rule-on":
        config |= {"StakingActivationTime": 0, "RestakingActivationTime": 0}
    store = MemoryStore()
    Chain.initialize(store, _header(record["head"]), ())
    limits = QueryLimits(gas_cap=GAS_CAP)
    return Queries(store, ChainConfig.from_genesis(config), PyEvmEngine(), limits)


def _header(head: Mapping[str, str]) -> Header:
    return Header(
        parent_hash=ZERO_HASH,
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=Address(bytes(20)),
        state_root=EMPTY_TRIE_ROOT,
        transactions_root=EMPTY_TRIE_ROOT,
        receipts_root=EMPTY_TRIE_ROOT,
        bloom=EMPTY_BLOOM,
        difficulty=0,
        number=int(head["number"], 16),
        gas_limit=int(head["gasLimit"], 16),
        gas_used=int(head["gasUsed"], 16),
        timestamp=int(head["timestamp"], 16),
        extra_data=b"",
        mix_hash=ZERO_HASH,
        nonce=NO_NONCE,
        base_fee=int(head["baseFeePerGas"], 16),
        withdrawals_root=EMPTY_TRIE_ROOT,
        blob_gas_used=0,
        excess_blob_gas=0,
        parent_beacon_block_root=ZERO_HASH,
        requests_hash=Hash32(ZERO_HASH),
    )
