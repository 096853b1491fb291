"""The same signed transactions on anvil and here: the same frames, differences and Parity traces.

Random programs that call, create, log, fail and destroy. What is left out of the comparison is written
differently by anvil: texts of errors, the outermost frame's gas (anvil leaves the intrinsic gas out), logs of
failed frames, code hashes, empty accounts.
"""

import importlib.util
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from eth_account import Account
from eth_typing import Address, Hash32
from npm_project import NpmMissing, foundry

from chain.building import PayloadAttributes
from chain.candidates import Candidates
from chain.chain import Chain
from chain.key_value import MemoryStore
from chain.pooled_transaction import PooledTransaction
from chain.py_evm import PyEvmEngine
from chain.queries import Queries
from chain.transactions import decode_transaction, recover_sender
from genesis.block import genesis_block
from genesis.dev_accounts import dev_accounts
from genesis.document import load_chain_genesis
from node.json_rpc.dispatch import run_in_view
from node.json_rpc.table import all_methods

_spec = importlib.util.spec_from_file_location(
    "revm_programs",
    Path(__file__).parents[1] / "chain" / "py_evm" / "test_against_revm.py",
)
assert _spec is not None
assert _spec.loader is not None
revm_programs = importlib.util.module_from_spec(_spec)
sys.modules["revm_programs"] = revm_programs
_spec.loader.exec_module(revm_programs)

pytestmark = pytest.mark.localnet

PORT = 21_045
START_MAX_S = 20
CHAIN_ID = 31_337
PROGRAMS = 60
CONTRACTS = tuple("0x" + address.hex() for address in (revm_programs.ALICE_CODE, revm_programs.BOB))
COINBASE = "0x" + "00" * 20
"""Gets another base fee's rest on each side."""
FUNDS = 10_000 * 10**18
FORKS = [
    "homesteadBlock",
    "eip150Block",
    "eip155Block",
    "eip158Block",
    "byzantiumBlock",
    "constantinopleBlock",
    "petersburgBlock",
    "istanbulBlock",
    "berlinBlock",
    "londonBlock",
    "terminalTotalDifficulty",
    "shanghaiTime",
    "cancunTime",
    "pragueTime",
]
INTRINSIC_GAS = 21_000
BLOBS = {"target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716}


class Anvil:
    """One process; its state is put back between programs."""

    def __init__(self, binary: Path) -> None:
        options = ["--port", str(PORT), "--hardfork", "prague", "--chain-id", str(CHAIN_ID)]
        self._process = subprocess.Popen([binary, "--silent", *options])
        self._wait()

    def ask(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}", body.encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["result"]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _wait(self) -> None:
        end = time.monotonic() + START_MAX_S
        while time.monotonic() < end:
            with suppress(OSError):
                self.ask("eth_chainId")
                return
            time.sleep(0.05)
        raise AssertionError("anvil does not answer")


@pytest.fixture(scope="module")
def anvil(npm_packages: Any) -> Iterator[Anvil]:
    project = npm_packages("@foundry-rs/anvil")
    try:
        started = Anvil(foundry(project, "anvil"))
    except NpmMissing as error:
        pytest.skip(str(error))
    yield started
    started.stop()


class Ours:
    """A chain in memory with one block of one transaction."""

    def __init__(self, codes: tuple[bytes, bytes], raw: bytes) -> None:
        alloc: dict[str, Any] = {
            address: {"balance": hex(100), "nonce": "0x1", "code": "0x" + code.hex()}
            for address, code in zip(CONTRACTS, codes, strict=True)
        }
        alloc |= {"0x" + owner.hex(): {"balance": hex(FUNDS)} for owner, _ in dev_accounts()}
        schedule = {"cancun": BLOBS, "prague": BLOBS}
        genesis = load_chain_genesis(
            {
                "config": dict.fromkeys(FORKS, 0) | {"chainId": CHAIN_ID, "blobSchedule": schedule},
                "alloc": alloc,
                "gasLimit": hex(30_000_000),
                "difficulty": "0x0",
                "timestamp": "0x1",
                "baseFeePerGas": hex(10**9),
            }
        )
        store, engine = MemoryStore(), PyEvmEngine()
        Chain.initialize(store, *genesis_block(genesis))
        chain = Chain(store, genesis.config, engine)
        transaction = decode_transaction(raw)
        pooled = PooledTransaction(transaction, recover_sender(transaction), 0)
        attributes = PayloadAttributes(
            timestamp=2,
            prev_randao=Hash32(bytes(32)),
            coinbase=Address(bytes(20)),
            parent_beacon_block_root=Hash32(bytes(32)),
            gas_limit_target=30_000_000,
        )
        chain.commit(
            chain.build_payload(attributes, Candidates([[pooled]], base_fee=0), lambda: False)
        )
        self._queries, self._methods = Queries(store, genesis.config, engine), all_methods()

    def ask(self, method: str, *params: Any) -> Any:
        found = run_in_view(self._queries, self._methods[method], list(params))
        return orjson.loads(orjson.dumps(found))


def frames(frame: Any, is_undone: bool = False) -> Any:
    """callTracer's answer without what anvil writes in its own way."""
    is_undone = is_undone or "error" in frame
    kept = {
        name: value
        for name, value in frame.items()
        if name not in ("error", "revertReason", "logs", "calls")
    }
    kept["hasFailed"] = "error" in frame
    kept["calls"] = [frames(call, is_undone) for call in frame.get("calls", ())]
    logs = () if is_undone else frame.get("logs", ())
    kept["logs"] = [
        {name: log.get(name) for name in ("address", "topics", "data", "position")} for log in logs
    ]
    return kept


def flat(trace: Any) -> Any:
    kept = {name: trace[name] for name in ("type", "action", "subtraces", "traceAddress")}
    result = None if trace.get("error") else trace.get("result")
    return kept | {"hasFailed": bool(trace.get("error")), "result": result}


def without_precompiles(traces: list[Any]) -> list[Any]:
    """Without unpaid calls of Ethereum's precompiles, which anvil shows and Parity did not."""
    places: dict[tuple[int, ...], tuple[int, ...]] = {(): ()}
    children: dict[tuple[int, ...], int] = {}
    kept = []
    for trace in traces:
        place, action = tuple(trace["traceAddress"]), trace["action"]
        is_precompile = int(action.get("to", "0x" + "f" * 40), 16) < 0x200
        is_paid = action.get("callType") == "call" and action["value"] != "0x0"
        if is_precompile and not is_paid and place:
            continue
        if place:
            parent = places[place[:-1]]
            places[place] = (*parent, children.get(parent, 0))
            children[parent] = children.get(parent, 0) + 1
        kept.append(trace | {"traceAddress": list(places[place])})
    return [trace | {"subtraces": children.get(tuple(trace["traceAddress"]), 0)} for trace in kept]


def difference(sides: Any) -> Any:
    """prestateTracer's in diff mode."""
    return {
        side: {
            address: {name: value for name, value in account.items() if name != "codeHash"}
            for address, account in accounts.items()
            if address != COINBASE and account not in ({"balance": "0x0"}, {})
        }
        for side, accounts in sides.items()
    }


def lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {lowered(name): lowered(item) for name, item in value.items()}
    if isinstance(value, list):
        return [lowered(item) for item in value]
    return value.lower() if isinstance(value, str) and value.startswith("0x") else value


@pytest.mark.parametrize("seed", range(3))
def test_random_programs_leave_the_traces_that_anvil_shows(anvil: Anvil, seed: int) -> None:
    programs = revm_programs.Programs(seed + 77)
    for _ in range(PROGRAMS // 3):
        codes = programs.program(), programs.program()
        gas = programs.random.choice((80_000, 200_000))
        data = programs.random.randbytes(programs.random.choice((0, 4, 36)))
        before = anvil.ask("evm_snapshot")
        compare(anvil, codes, signed(gas, data))
        assert anvil.ask("evm_revert", before) is True


def signed(gas: int, data: bytes) -> bytes:
    fields = {
        "chainId": CHAIN_ID,
        "nonce": 0,
        "to": bytes.fromhex(CONTRACTS[0][2:]),
        "value": 5,
        "gas": gas,
        "gasPrice": 10**10,
        "data": data,
    }
    _, key = dev_accounts()[0]
    return bytes(Account.from_key(key).sign_transaction(fields).raw_transaction)


def compare(anvil: Anvil, codes: tuple[bytes, bytes], raw: bytes) -> None:
    for address, code in zip(CONTRACTS, codes, strict=True):
        anvil.ask("anvil_setCode", address, "0x" + code.hex())
        anvil.ask("anvil_setBalance", address, hex(100))
        anvil.ask("anvil_setNonce", address, "0x1")
    name = anvil.ask("eth_sendRawTransaction", "0x" + raw.hex())
    anvil.ask("evm_mine")
    ours = Ours(codes, raw)
    what = f"codes {codes[0].hex()} {codes[1].hex()}"
    options = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
    theirs, mine = (
        lowered(frames(side.ask("debug_traceTransaction", name, options))) for side in (anvil, ours)
    )
    # Intrinsic gas: ours is the transaction's, theirs the frame's.
    assert int(mine.pop("gas"), 16) - int(theirs.pop("gas"), 16) >= INTRINSIC_GAS
    assert mine == theirs, what
    options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    theirs, mine = (
        lowered(difference(side.ask("debug_traceTransaction", name, options)))
        for side in (anvil, ours)
    )
    assert mine == theirs, what
    theirs, mine = (
        lowered([flat(trace) for trace in without_precompiles(traces)])
        for traces in (side.ask("trace_transaction", name) for side in (anvil, ours))
    )
    assert mine == theirs, what
