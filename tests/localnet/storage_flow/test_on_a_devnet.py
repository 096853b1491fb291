"""0G's own contracts, deployed by a user on a running network, beside the precompiles of its genesis."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_hash.auto import keccak
from eth_typing import Address
from flow_steps import SUBMISSION, Step, Steps, call_data, checksum
from localnet import Network, wait_until

from chain.storage_flow import StorageFlow
from genesis.dev_accounts import dev_accounts
from genesis.predeploys import MULTICALL3_ADDRESS
from genesis.storage_flow_alloc import storage_flow_alloc, storage_flow_section
from node.client.json_rpc import RpcClient
from node.client.wallet import Wallet
from precompiles.solidity.roles import PARAMS_ADMIN_ROLE
from precompiles.storage_flow.addresses import FLOW, MARKET, REWARD, ROOT_HISTORY
from precompiles.storage_flow.pausing import PAUSER_ROLE

pytestmark = pytest.mark.localnet

SEED = 1
SUBMISSIONS = 200
STEPS_A_TRANSACTION = 5
EPOCH_BLOCKS = 20
BLOCKS_BEFORE = 300
"""More than opcode BLOCKHASH reaches back: the first epochs' hashes come from EIP-2935's contract."""
BLOCKS_MAX_S = 180
GAS = 16_000_000
DEPLOYMENT_GAS = 8_000_000
STOP_CODE = bytes.fromhex("60015ff3")
"""Init code of a contract whose code is a single STOP."""

BEACON_CODE = bytes.fromhex("5f545f5260205ff3")
"""Returns slot 0."""
PROXY_CODE = bytes.fromhex(
    "60205f5f5f5f545afa505f51365f5f375f5f365f845af43d5f5f3e6021573d5ffd5b3d5ff3"
)
"""Asks the beacon in slot 0 for a contract and delegates to that, as OpenZeppelin's BeaconProxy."""
PAYER_CODE = bytes.fromhex("5f5f5f5f345f545ff15f5260205ff3")
"""Sends its value to the account in slot 0 with the 2,300 gas that come with value; whether it arrived."""


class Place:
    """Where a Flow and what belongs to it are."""

    def __init__(self, flow: Address, market: Address, reward: Address, history: Address) -> None:
        self.addresses = {"flow": flow, "market": market, "reward": reward, "history": history}

    def __getitem__(self, name: str) -> Address:
        return self.addresses[name]


NATIVE = Place(FLOW, MARKET, REWARD, ROOT_HISTORY)


class Chain:
    """A network's JSON-RPC, and an account on it."""

    def __init__(self, client: RpcClient) -> None:
        self.client = client
        chain_id = client.number("eth_chainId")
        self.wallet = Wallet(client, dev_accounts()[0][1], chain_id)

    def send(self, to: Address | None, data: bytes, value: int = 0, gas: int = GAS) -> Any:
        """The receipt of a transaction that succeeds."""
        target = None if to is None else checksum(to)
        receipt = self.client.receipt(self.wallet.send(target, data, gas=gas, value=value))
        assert receipt["status"] == "0x1", receipt
        return receipt

    def deploy(self, init_code: bytes) -> Address:
        receipt = self.send(None, init_code, gas=DEPLOYMENT_GAS)
        return Address(bytes.fromhex(receipt["contractAddress"][2:]))

    def ask(self, to: Address, data: bytes, value: int = 0) -> bytes:
        """The answer of a call that succeeds."""
        request = {
            "from": self.wallet.address, "to": checksum(to), "data": "0x" + data.hex(),
            "value": hex(value),
        }  # fmt: skip
        return bytes.fromhex(self.client.call("eth_call", request, "latest")[2:])

    def balance(self, address: Address) -> int:
        return self.client.number("eth_getBalance", checksum(address), "latest")

    def height(self) -> int:
        return self.client.number("eth_blockNumber")


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """One validator, a block as soon as it can, a Flow with short epochs from block 1 on."""
    root = tmp_path_factory.mktemp("flow")
    network = Network(root, 1, "--consensus.block-time", "0.05")
    owner, _ = dev_accounts()[0]
    begin_with(root, StorageFlow(0, owner, 1, EPOCH_BLOCKS, first_block=1))
    try:
        network.start()
        network.wait_for_height(1)
        yield Chain(network.nodes[0].rpc)
    finally:
        network.stop()


def begin_with(root: Path, flow: StorageFlow) -> None:
    """Write these parameters into the genesis documents under `root`."""
    for path in root.rglob("genesis.json"):
        document = json.loads(path.read_text())
        document["config"]["zerog"]["storageFlow"] = storage_flow_section(flow)
        document["alloc"].update(storage_flow_alloc(flow))
        path.write_text(json.dumps(document))


@pytest.fixture(scope="module")
def contracts(chain: Chain, compiled: Any) -> Place:
    """0G's Flow and market with the same parameters; the reward address has a code that stops."""
    flow = chain.deploy(compiled.flow + encode(["uint256"], [0]))
    place = deployed_around(chain, flow, chain.deploy(compiled.market))
    grant_to_multicall(chain, place)
    grant_to_multicall(chain, NATIVE)
    return place


def deployed_around(chain: Chain, flow: Address, market: Address) -> Place:
    """Join a new Flow and a new market to each other. What `setParams` has set, `initialize` keeps."""
    reward = chain.deploy(STOP_CODE)
    parameters = call_data(
        "setParams", ["uint256", "uint256", "address"], EPOCH_BLOCKS, 1, checksum(bytes(20))
    )
    chain.send(flow, parameters)
    start = call_data("initialize", ["address", "uint256"], checksum(market), EPOCH_BLOCKS)
    chain.send(flow, start)
    kinds = ["uint256", "address", "address"]
    chain.send(market, call_data("initialize", kinds, 1, checksum(flow), checksum(reward)))
    history = chain.ask(flow, call_data("rootHistory"))[12:]
    return Place(flow, market, reward, Address(history))


def grant_to_multicall(chain: Chain, place: Place) -> None:
    """It calls both in one transaction, also where a role is asked for."""
    for to, role in (("flow", PAUSER_ROLE), ("market", PARAMS_ADMIN_ROLE)):
        kinds = ["bytes32", "address"]
        chain.send(place[to], call_data("grantRole", kinds, role, checksum(MULTICALL3_ADDRESS)))


def together(steps: Sequence[Step], contracts: Place) -> tuple[bytes, int]:
    """Call data and value for Multicall3: each step on the precompile, then on the contract."""
    calls = []
    for step in steps:
        for place, data in ((NATIVE, step.native), (contracts, step.contract)):
            calls.append((checksum(place[step.to]), True, step.value, data))
    data = call_data("aggregate3Value", ["(address,bool,uint256,bytes)[]"], calls)
    return data, sum(value for _, _, value, _ in calls)


def logs_of(receipt: Any, place: Place) -> list[tuple[str, list[str], str]]:
    names = {checksum(address): name for name, address in place.addresses.items()}
    return [
        (names[log["address"]], log["topics"], log["data"])
        for log in receipt["logs"]
        if log["address"] in names
    ]


def take(chain: Chain, contracts: Place, steps: Sequence[Step]) -> int:
    """Answers and errors by a call, then logs of a transaction; how many submissions were logged."""
    data, value = together(steps, contracts)
    answer = chain.ask(MULTICALL3_ADDRESS, data, value)
    (results,) = decode(["(bool,bytes)[]"], answer)
    for step, native, contract in zip(steps, results[::2], results[1::2], strict=True):
        assert native == contract, step
    receipt = chain.send(MULTICALL3_ADDRESS, data, value)
    logs = logs_of(receipt, NATIVE)
    assert logs == logs_of(receipt, contracts)
    for name in ("flow", "market", "reward"):
        assert chain.balance(NATIVE[name]) == chain.balance(contracts[name])
    return len(logs)


def test_random_submissions_are_one_history_on_a_running_chain(
    chain: Chain, contracts: Place
) -> None:
    wait_until(lambda: chain.height() > BLOCKS_BEFORE, BLOCKS_MAX_S)
    steps = Steps(SEED, EPOCH_BLOCKS, admin=MULTICALL3_ADDRESS, others=()).until(SUBMISSIONS)
    logged = 0
    while some := list(islice(steps, STEPS_A_TRANSACTION)):
        logged += take(chain, contracts, some)
    assert logged > SUBMISSIONS / 3
    assert_same_views(chain, contracts)
    assert_the_first_context_has_its_blocks_hash(chain, contracts)


def assert_same_views(chain: Chain, contracts: Place) -> None:
    def both(name: str, types: Sequence[str] = (), *arguments: Any, to: str = "flow") -> bytes:
        data = call_data(name, types, *arguments)
        native, contract = chain.ask(NATIVE[to], data), chain.ask(contracts[to], data)
        assert native == contract, name
        return native

    for name in ("tree", "epochStartPosition", "getContext", "firstBlock", "blocksPerEpoch"):
        both(name)
    for index in range(int.from_bytes(both("numSubmissions"), "big")):
        both("getFlowRootByTxSeq", ["uint256"], index)
    for epoch in range(int.from_bytes(both("epoch"), "big")):
        both("getEpochRangeHistory", ["uint256"], epoch)
        root = both("at", ["uint256"], epoch, to="history")
        both("contains", ["bytes32"], root, to="history")


def assert_the_first_context_has_its_blocks_hash(chain: Chain, contracts: Place) -> None:
    """Made when only EIP-2935's contract knew it, over a tree in which nothing was."""
    block = chain.client.call("eth_getBlockByNumber", hex(1 + EPOCH_BLOCKS), False)["hash"]
    root, length = bytes(32), (1).to_bytes(32, "big")
    digest = keccak(bytes.fromhex(block[2:]) + root + length)
    for place in (NATIVE, contracts):
        data = call_data("getEpochRangeHistory", ["uint256"], 0)
        assert chain.ask(place["flow"], data)[64:] == digest


def with_first_slot(code: bytes, address: Address) -> bytes:
    """Init code of a contract with this code, and the address in slot 0."""
    prefix = b"\x73" + address + bytes.fromhex("5f55")
    return prefix + b"\x60" + bytes([len(code)]) + bytes.fromhex("8060205f395ff3") + code


def test_a_market_behind_a_beacon_proxy_is_paid_with_2300_gas(chain: Chain, compiled: Any) -> None:
    """The call for the price has warmed proxy, beacon and code (EIP-2929); a cold one is out of gas."""
    beacon = chain.deploy(with_first_slot(BEACON_CODE, chain.deploy(compiled.market)))
    market = chain.deploy(with_first_slot(PROXY_CODE, beacon))
    flow = chain.deploy(compiled.flow + encode(["uint256"], [0]))
    place = deployed_around(chain, flow, market)
    one = ((256, b"", [(b"\1" * 32, 0)]), chain.wallet.address)
    chain.send(flow, call_data("submit", [SUBMISSION], one), value=1)
    assert chain.balance(place["reward"]) == 1
    payer = chain.deploy(with_first_slot(PAYER_CODE, market))
    assert chain.ask(payer, b"", value=1) == (0).to_bytes(32, "big")


def test_blake2f_answers_as_eip_152_says(chain: Chain) -> None:
    """0G's miners hash with it; vector 5 of the EIP: BLAKE2b of "abc"."""
    state = (
        "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
        "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b"
    )
    block, counter = "616263".ljust(256, "0"), "0300000000000000" + "00" * 8
    data = bytes.fromhex("0000000c" + state + block + counter + "01")
    answer = chain.ask(Address(bytes(19) + b"\x09"), data)
    assert answer == hashlib.blake2b(b"abc").digest()
