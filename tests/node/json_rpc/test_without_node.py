"""While the node is not running, what is stored can still be read."""

from typing import Any

RAW = "0x" + "00" * 4


def test_reads_go_on_and_submissions_say_why_not(node: Any, result: Any, error: Any) -> None:
    sender = node.accounts[0]
    raw = sender.sign_transaction(
        {
            "chainId": 16_601,
            "nonce": 0,
            "to": "0x" + "99" * 20,
            "value": 1,
            "gas": 21_000,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 10**9,
        }
    ).raw_transaction
    assert result("net_listening") is True
    node.stop_socket()
    while result("net_listening"):
        pass
    assert error("eth_sendRawTransaction", "0x" + raw.hex()) == {
        "code": -32000,
        "message": "node is not running",
    }
    assert result("eth_blockNumber") == "0x0"
    assert int(result("eth_getBalance", sender.address), 16) == 10_000 * 10**18
    assert result("eth_getTransactionCount", sender.address, "pending") == "0x0"
    assert result("eth_getTransactionByHash", "0x" + "ab" * 32) is None
    assert result("eth_call", {"to": sender.address}) == "0x"
    assert (result("eth_syncing"), result("net_peerCount")) == (False, "0x0")
    assert result("zerog_status")["node"] is None
    node.start_socket()
    while not result("net_listening"):
        pass
    assert result("eth_sendRawTransaction", "0x" + raw.hex()).startswith("0x")
