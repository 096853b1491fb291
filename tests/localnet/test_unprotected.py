"""Transactions from before EIP-155 carry no chain id: 0G's own contracts were deployed by such."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from localnet import Node, free_ports, run_zerog, wait_for_height

from genesis.contracts import artifact
from node.client.json_rpc import RpcError

pytestmark = pytest.mark.localnet

Start = Callable[..., Any]
KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"


def unprotected_deployment() -> str:
    """Counter, deployed at nonce 0 of the second well-known account, for any chain."""
    transaction = {
        "nonce": 0, "gas": 400_000, "gasPrice": 10**11, "value": 0,
        "data": "0x" + artifact("Counter").bytecode.hex(),
    }  # fmt: skip
    signed = Account.sign_transaction(transaction, KEY)
    assert signed.v in (27, 28)
    return "0x" + bytes(signed.raw_transaction).hex()


def test_a_devnet_without_our_contracts_takes_anyones_raw_deployment(
    start_command: Start, tmp_path: Path
) -> None:
    ports = free_ports(2)
    start_command(
        "devnet", "--datadir", tmp_path / "devnet", "--validators", 1, "--no-predeploys",
        "--port", ports[0], "--p2p-port", ports[1], "--block-time", "0.3",
    )  # fmt: skip
    node = Node(tmp_path / "devnet" / "validator-0", ports[0])
    wait_for_height(node, 1)
    assert node.rpc.call("eth_getCode", MULTICALL3, "latest") == "0x"
    receipt = node.rpc.receipt(node.rpc.call("eth_sendRawTransaction", unprotected_deployment()))
    assert receipt["status"] == "0x1"
    assert int(receipt["gasUsed"], 16) == 400_000 * 80 // 100
    code = node.rpc.call("eth_getCode", receipt["contractAddress"], "latest")
    assert code == "0x" + artifact("Counter").runtime.hex()


def test_a_node_that_was_not_told_to_refuses_it_with_geths_text(
    start_command: Start, tmp_path: Path
) -> None:
    ports = free_ports(2)
    done = run_zerog(
        "init", "--devnet", "--datadir", tmp_path / "node", "--http.port", ports[0],
        "--p2p.port", ports[1],
    )  # fmt: skip
    assert done.returncode == 0
    start_command("run", "--datadir", tmp_path / "node", "--rpc-allow-unprotected-txs", "false")
    node = Node(tmp_path / "node", ports[0])
    wait_for_height(node, 1)
    with pytest.raises(RpcError) as refused:
        node.rpc.call("eth_sendRawTransaction", unprotected_deployment())
    assert refused.value.code == -32000
    assert refused.value.message == (
        "only replay-protected (EIP-155) transactions allowed over RPC"
    )
