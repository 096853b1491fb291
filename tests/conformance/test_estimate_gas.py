"""eth_estimateGas and eth_call as a real 0g-geth v1.0.6 answered them, through `Queries`.

The recorded state goes in as state overrides, as it did there; the format is in the vectors' README.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_typing import Address, Hash32

from chain.answers import BlockTag
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
from chain.engine import AccountOverride
from chain.key_value import MemoryStore
from chain.message_calls import CallRequest
from chain.py_evm.engine import PyEvmEngine
from chain.queries import ChainView, Queries, QueryLimits
from chain.query_errors import ExecutionReverted, QueryError

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
    overrides = _overrides(records[name]["state"])
    with queries_of[name].view() as view:
        answer = _answer(view, entry, overrides)
    assert answer == {key: entry[key] for key in ("result", "error") if key in entry}


def _answer(
    view: ChainView, entry: Mapping[str, Any], overrides: dict[Address, AccountOverride]
) -> dict[str, Any]:
    request = _request(entry["params"][0])
    try:
        if entry["method"] == "eth_call":
            return {"result": "0x" + view.call(request, BlockTag.LATEST, overrides).hex()}
        assert entry["method"] == "eth_estimateGas"
        return {"result": hex(view.estimate_gas(request, BlockTag.LATEST, overrides))}
    except ExecutionReverted as error:
        return {"error": {"code": 3, "message": str(error), "data": "0x" + error.data.hex()}}
    except QueryError as error:
        return {"error": {"code": -32000, "message": str(error)}}


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


def _overrides(state: Mapping[str, Mapping[str, str]]) -> dict[Address, AccountOverride]:
    return {
        Address(_bytes(address)): AccountOverride(
            balance=_optional_number(fields.get("balance")),
            nonce=_optional_number(fields.get("nonce")),
            code=_bytes(fields["code"]) if "code" in fields else None,
        )
        for address, fields in state.items()
    }


def _request(call: Mapping[str, str]) -> CallRequest:
    known = {"from", "to", "gas", "gasPrice", "value", "data"}
    assert set(call) <= known, f"a parameter this test does not pass on: {set(call) - known}"
    return CallRequest(
        sender=Address(_bytes(call["from"])),
        to=Address(_bytes(call["to"])) if call.get("to") else None,
        gas=_optional_number(call.get("gas")),
        gas_price=_optional_number(call.get("gasPrice")),
        value=_optional_number(call.get("value")) or 0,
        data=_bytes(call.get("data", "0x")),
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _optional_number(text: str | None) -> int | None:
    return None if text is None else int(text, 16)
