"""Accounts that send transactions: one signs here and counts its nonces itself, one is a devnet node's."""

from typing import Any, Protocol

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from eth_utils import to_checksum_address

from node.client.json_rpc import RpcClient


class Sender(Protocol):
    """Whoever sends a transaction."""

    @property
    def address(self) -> str: ...

    def send(self, to: str | None, data: bytes | HexStr = b"", *, gas: int, value: int = 0) -> str:
        """The transaction's hash; `value` in wei."""


class UnlockedAccount:
    """An account that the node signs for, as a devnet's does."""

    def __init__(self, client: RpcClient, address: str) -> None:
        self._client = client
        self.address = address

    def send(self, to: str | None, data: bytes | HexStr = b"", *, gas: int, value: int = 0) -> str:
        """See `Sender`."""
        text = data if isinstance(data, str) else "0x" + data.hex()
        request = {"from": self.address, "data": text, "gas": hex(gas), "value": hex(value)}
        if to is not None:
            request["to"] = to
        answer: str = self._client.call("eth_sendTransaction", request)
        return answer


class Wallet:
    """One account: signs transactions with its key and counts its own nonces."""

    def __init__(self, client: RpcClient, private_key: bytes, chain_id: int) -> None:
        self._client = client
        self._account: LocalAccount = Account.from_key(private_key)
        self._chain_id = chain_id
        self.address = to_checksum_address(self._account.address)
        self._nonce = client.number("eth_getTransactionCount", self.address, "pending")

    def sign(self, to: str | None, data: bytes | HexStr = b"", *, gas: int, value: int = 0) -> str:
        """The next transaction of this account, as hex; its nonce is used up."""
        base_fee = int(
            self._client.call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16
        )
        transaction: dict[str, Any] = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": self._nonce,
            "gas": gas,
            "maxFeePerGas": 2 * base_fee + 10**9,
            "maxPriorityFeePerGas": 10**9,
            "value": value,
            "data": data,
        }
        if to is not None:
            transaction["to"] = to_checksum_address(to)
        self._nonce += 1
        return "0x" + bytes(self._account.sign_transaction(transaction).raw_transaction).hex()

    def send(self, to: str | None, data: bytes | HexStr = b"", *, gas: int, value: int = 0) -> str:
        """Sign and submit; the transaction's hash."""
        answer: str = self._client.call(
            "eth_sendRawTransaction", self.sign(to, data, gas=gas, value=value)
        )
        return answer
