"""What web3.py's own provider suite asks for: contracts, accounts and blocks on a running network.

The suite comes with web3.py's wheel (`web3/_utils/module_testing`); its classes name these fixtures.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from localnet import Devnet, wait_until
from web3 import AsyncHTTPProvider, AsyncWeb3, Web3, WebSocketProvider
from web3._utils.contract_sources.contract_data._custom_contract_data import EMITTER_ENUM
from web3._utils.contract_sources.contract_data.emitter_contract import EMITTER_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.math_contract import MATH_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.offchain_lookup import OFFCHAIN_LOOKUP_DATA
from web3._utils.contract_sources.contract_data.panic_errors_contract import (
    PANIC_ERRORS_CONTRACT_DATA,
)
from web3._utils.contract_sources.contract_data.revert_contract import REVERT_CONTRACT_DATA
from web3._utils.contract_sources.contract_data.storage_contract import STORAGE_CONTRACT_DATA
from web3._utils.module_testing.utils import RequestMocker

from genesis.dev_accounts import dev_accounts
from node.devnet.settings import DEFAULT_MNEMONIC

REQUEST_TIMEOUT_S = 30
TURNS_MAX = 16
"""Four validators take turns, so that four would do if none was ever late."""
RECEIPT_MAX_S = 30
CONTRACTS = {
    "math": MATH_CONTRACT_DATA,
    "emitter": EMITTER_CONTRACT_DATA,
    "revert": REVERT_CONTRACT_DATA,
    "offchain_lookup": OFFCHAIN_LOOKUP_DATA,
    "panic_errors": PANIC_ERRORS_CONTRACT_DATA,
    "storage": STORAGE_CONTRACT_DATA,
}
[(_, FIRST_KEY)] = dev_accounts(DEFAULT_MNEMONIC, 1)
SUITES_CHAIN_ID = 131277322940537
"""The suite compares it, and sends a transaction signed for it."""
BLOCK_TIME_S = 1
"""The suite replaces transactions that it has just sent, so there must be time to do it in."""

HIGHEST_BLOCK_ASKED_FOR = 6
NEEDS_A_FRESH_BLOCK = ("replace", "modify")
EXCEPTIONS = {
    "test_invalid_eth_sign_typed_data": (
        "wants web3.py's own ValueError, which no answer of a node becomes; ours is -32602"
    ),
    "test_eth_simulate_v1": (
        "wants 21,000 gas for a call without a limit; 0G charges 80 % of it, the block's"
    ),
    "TestAsyncEthModule::test_eth_sign_typed_data": (
        "web3.py's asynchronous client fails over the message before it asks (_utils/abi.py)"
    ),
}
"""By the test's name, or its class and name: the rule of this chain, or of web3.py, it does not fit."""


class Prepared:
    """The contracts, deployed by an unlocked account, and one of each kind of block."""

    def __init__(self, web3: Web3) -> None:
        self._web3 = web3
        self.account = web3.eth.accounts[0]
        deployments = {
            name: web3.eth.contract(**data).constructor().transact({"from": self.account})
            for name, data in CONTRACTS.items()
        }
        self.deployed_by = {name: self._receipt(sent) for name, sent in deployments.items()}
        self.with_log = self._alone(self._emit)
        self.transfer = self._alone(self._send)
        self._pay_the_first_proposer()
        self.empty_block = wait_until(self._find_empty_block, RECEIPT_MAX_S)
        wait_until(lambda: web3.eth.block_number >= HIGHEST_BLOCK_ASKED_FOR, RECEIPT_MAX_S)

    def contract(self, web3: Any, name: str) -> Any:
        """The deployed contract, for a client of any kind."""
        address = self.deployed_by[name]["contractAddress"]
        return web3.eth.contract(address=address, **CONTRACTS[name])

    def _receipt(self, sent: Any) -> Any:
        receipt = self._web3.eth.wait_for_transaction_receipt(sent, RECEIPT_MAX_S, 0.05)
        assert receipt["status"] == 1
        return receipt

    def _alone(self, send: Callable[[], Any]) -> Any:
        """The receipt: the suite wants the first transaction of its block, and the only one."""
        receipt = self._receipt(send())
        assert len(self._web3.eth.get_block(receipt["blockNumber"])["transactions"]) == 1
        return receipt

    def _emit(self) -> Any:
        emitter = self.contract(self._web3, "emitter")
        emit = emitter.functions.logDouble(EMITTER_ENUM["LogDoubleWithIndex"], 12345, 54321)
        return emit.transact({"from": self.account})

    def _send(self) -> Any:
        transfer = {"from": self.account, "to": self.account, "value": 1, "gas": 21_000}
        return self._web3.eth.send_transaction(transfer | {"gasPrice": self._web3.eth.gas_price})

    def _pay_the_first_proposer(self) -> None:
        """The suite expects that block zero's proposer has earned something since."""
        proposer = self._web3.eth.get_block(0)["miner"]
        first = self._web3.eth.get_balance(proposer, 0)
        for _ in range(TURNS_MAX):
            if self._web3.eth.get_balance(proposer) != first:
                return
            self._receipt(self._send())
        raise AssertionError(f"{proposer} proposed none of {TURNS_MAX} blocks with a transaction")

    def _find_empty_block(self) -> Any:
        block = self._web3.eth.get_block("latest")
        return None if block["transactions"] else block


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    """Four running validators for each file: the suite counts logs from block 0 on."""
    root = tmp_path_factory.mktemp("web3") / "devnet"
    flags = ("--block-time", BLOCK_TIME_S, "--chain-id", SUITES_CHAIN_ID)
    with Devnet(root, *flags) as running:
        yield running


@pytest.fixture(scope="module")
def endpoint(devnet: Devnet) -> str:
    return f"127.0.0.1:{devnet.nodes[0].port}"


@pytest.fixture(autouse=True)
def _begin_with_an_empty_pool(devnet: Devnet, request: pytest.FixtureRequest) -> None:
    """What the test before has sent is in a block; who replaces transactions begins with one."""
    rpc = devnet.nodes[0].rpc
    wait_until(lambda: rpc.call("txpool_status")["pending"] == "0x0", RECEIPT_MAX_S)
    if any(word in request.node.name for word in NEEDS_A_FRESH_BLOCK):
        height = rpc.number("eth_blockNumber")
        wait_until(lambda: rpc.number("eth_blockNumber") > height, RECEIPT_MAX_S)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = getattr(item, "originalname", "")
        in_class = f"{item.parent.name}::{name}" if item.parent is not None else name
        reason = EXCEPTIONS.get(name) or EXCEPTIONS.get(in_class)
        if reason is not None and "web3_provider" in item.nodeid:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="module")
def w3(endpoint: str) -> Web3:
    provider = Web3.HTTPProvider(
        f"http://{endpoint}", request_kwargs={"timeout": REQUEST_TIMEOUT_S}
    )
    return Web3(provider)


@pytest.fixture(scope="module")
def prepared(w3: Web3) -> Prepared:
    return Prepared(w3)


@pytest_asyncio.fixture(scope="module")
async def http_client(endpoint: str) -> AsyncIterator[Any]:
    """An asynchronous client over HTTP."""
    client = AsyncWeb3(AsyncHTTPProvider(f"http://{endpoint}"))
    yield client
    await client.provider.disconnect()


@pytest_asyncio.fixture(scope="module")
async def websocket_client(endpoint: str) -> AsyncIterator[Any]:
    """One connection for all tests of a file."""
    async with AsyncWeb3(WebSocketProvider(f"ws://{endpoint}")) as client:
        yield client


@pytest.fixture(scope="module")
def request_mocker() -> type[RequestMocker]:
    return RequestMocker


@pytest.fixture(scope="module")
def skip_if_testrpc() -> Callable[[Any], None]:
    """This is a real node: nothing to skip."""
    return lambda _web3: None


@pytest.fixture(scope="module")
def async_skip_if_testrpc() -> Callable[[Any], None]:
    return lambda _web3: None


@pytest.fixture(scope="module")
def keyfile_account_pkey() -> str:
    return "0x" + FIRST_KEY.hex()


@pytest.fixture(scope="module")
def keyfile_account_address(prepared: Prepared) -> Any:
    return prepared.account


@pytest.fixture(scope="module")
def keyfile_account_address_dual_type(prepared: Prepared) -> Any:
    return prepared.account


@pytest.fixture(scope="module")
def mined_txn_hash(prepared: Prepared) -> str:
    return prepared.transfer["transactionHash"].to_0x_hex()


@pytest.fixture(scope="module")
def txn_hash_with_log(prepared: Prepared) -> str:
    return prepared.with_log["transactionHash"].to_0x_hex()


@pytest.fixture(scope="module")
def math_contract_deploy_txn_hash(prepared: Prepared) -> str:
    return prepared.deployed_by["math"]["transactionHash"].to_0x_hex()


def _contract(name: str) -> Any:
    """The fixture of one contract, for the client whose tests ask."""

    @pytest.fixture(scope="module")
    def contract(prepared: Prepared, w3: Web3) -> Any:
        return prepared.contract(w3, name)

    return contract


def _async_contract(name: str) -> Any:
    @pytest.fixture(scope="module")
    def contract(prepared: Prepared, async_w3: Any) -> Any:
        return prepared.contract(async_w3, name)

    return contract


def _address(name: str) -> Any:
    """Of a contract, as text and as bytes: web3.py takes both."""

    @pytest.fixture(scope="module", params=["text", "bytes"])
    def address(prepared: Prepared, request: pytest.FixtureRequest) -> Any:
        text = prepared.deployed_by[name]["contractAddress"]
        return text if request.param == "text" else bytes.fromhex(text[2:])

    return address


def _block(find: Callable[[Prepared], Any]) -> Any:
    @pytest.fixture(scope="module")
    def block(prepared: Prepared, w3: Web3) -> Any:
        return w3.eth.get_block(find(prepared))

    return block


math_contract = _contract("math")
emitter_contract = _contract("emitter")
revert_contract = _contract("revert")
offchain_lookup_contract = _contract("offchain_lookup")
panic_errors_contract = _contract("panic_errors")
storage_contract = _contract("storage")
async_math_contract = _async_contract("math")
async_emitter_contract = _async_contract("emitter")
async_revert_contract = _async_contract("revert")
async_offchain_lookup_contract = _async_contract("offchain_lookup")
async_panic_errors_contract = _async_contract("panic_errors")
async_storage_contract = _async_contract("storage")
math_contract_address = async_math_contract_address = _address("math")
emitter_contract_address = async_emitter_contract_address = _address("emitter")
async_keyfile_account_address = keyfile_account_address
async_keyfile_account_address_dual_type = keyfile_account_address_dual_type
block_with_txn = async_block_with_txn = _block(lambda chain: chain.transfer["blockHash"])
block_with_txn_with_log = async_block_with_txn_with_log = _block(
    lambda chain: chain.with_log["blockHash"]
)
empty_block = async_empty_block = _block(lambda chain: chain.empty_block["hash"])
