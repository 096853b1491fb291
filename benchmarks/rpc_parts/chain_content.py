"""What both chains hold before they are measured: a token, its events over many blocks, funded accounts."""

import json
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_account import Account
from eth_utils import keccak, to_checksum_address
from rpc_parts.servers import CHAIN_ID, Server

from genesis.dev_accounts import dev_accounts

TOKEN = Path(__file__).parents[1] / "execution_parts" / "contracts" / "BenchmarkToken.json"
ACCOUNTS = [Account.from_key(key) for _, key in dev_accounts()]
HOLDER = ACCOUNTS[1].address
BLOCKS = 100
"""Each with one event for `HOLDER` and one for somebody else; of every tenth the benchmark asks."""
TRANSFER_TOPIC = "0x" + keccak(text="Transfer(address,address,uint256)").hex()


def signed(account: Any, nonce: int, to: str | None, data: bytes = b"", gas: int = 21_000) -> str:
    fields: dict[str, Any] = {
        "chainId": CHAIN_ID, "nonce": nonce, "value": 0, "gas": gas, "data": data,
        "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9,
    }  # fmt: skip
    if to is not None:
        fields["to"] = to_checksum_address(to)
    return "0x" + bytes(account.sign_transaction(fields).raw_transaction).hex()


def fill(server: Server) -> str:
    """Deploy the token and mint in `BLOCKS` blocks; its address."""
    creation = bytes.fromhex(json.loads(TOKEN.read_text())["bytecode"].removeprefix("0x"))
    owner = ACCOUNTS[0]
    sent = server.call("eth_sendRawTransaction", signed(owner, 0, None, creation, 2_000_000))
    server.mine()
    token: str = server.call("eth_getTransactionReceipt", sent)["contractAddress"]
    for number in range(BLOCKS):
        for offset, holder in enumerate((HOLDER, ACCOUNTS[2].address)):
            mint = keccak(text="mint(address,uint256)")[:4] + encode(
                ["address", "uint256"], [holder, 10]
            )
            nonce = 1 + 2 * number + offset
            server.call("eth_sendRawTransaction", signed(owner, nonce, token, mint, 100_000))
        server.mine()
    return token


def transfers(count: int) -> list[str]:
    """Signed, from nine accounts in turn that have sent nothing yet."""
    senders = ACCOUNTS[1:]
    return [
        signed(senders[number % len(senders)], number // len(senders), "0x" + "99" * 20)
        for number in range(count)
    ]
