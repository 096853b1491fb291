"""A node that loses its power has the transactions of its own users again."""

from typing import Any

import pytest
from eth_account import Account
from localnet import START_MAX_S, Network, seconds_until, wait_until

from genesis.dev_accounts import dev_accounts
from node.client.json_rpc import RpcError
from node.devnet.settings import DEFAULT_CHAIN_ID, DEFAULT_MNEMONIC

pytestmark = pytest.mark.localnet

GWEI = 10**9
GAP = 3
[(_, KEY)] = dev_accounts(DEFAULT_MNEMONIC, 9)[8:]


def test_what_waits_behind_a_gap_waits_there_again_after_a_power_cut(network: Network) -> None:
    victim, other = network.nodes[2], network.nodes[0]
    sender = Account.from_key(KEY)
    nonce = int(str(victim.rpc.call("eth_getTransactionCount", sender.address, "latest")), 16)

    def transfer(number: int) -> str:
        fields = {
            "chainId": DEFAULT_CHAIN_ID, "nonce": number, "gas": 21_000, "value": 1,
            "to": sender.address, "maxFeePerGas": 9 * GWEI, "maxPriorityFeePerGas": GWEI,
        }  # fmt: skip
        return "0x" + sender.sign_transaction(fields).raw_transaction.hex()

    def queued() -> list[str] | None:
        """Nonces; None while the node is not there."""
        try:
            content: Any = victim.rpc.call("txpool_contentFrom", sender.address)
        except (OSError, RpcError):
            return None
        return list(content["queued"])

    waiting = victim.rpc.call("eth_sendRawTransaction", transfer(nonce + GAP))
    assert queued() == [str(nonce + GAP)]
    victim.kill()
    victim.start()
    seconds_until(lambda: queued() == [str(nonce + GAP)], START_MAX_S, "it waits again")
    for number in range(nonce, nonce + GAP):
        victim.rpc.call("eth_sendRawTransaction", transfer(number))
    wait_until(lambda: other.rpc.call("eth_getTransactionReceipt", waiting), START_MAX_S)
    assert queued() == []
