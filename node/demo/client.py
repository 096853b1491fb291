"""A small JSON-RPC client over one kept connection: what the demo talks to the nodes with."""

import http.client
import time
from collections.abc import Callable
from typing import Any

import orjson
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from eth_utils import to_checksum_address

REQUEST_TIMEOUT_S = 30.0
POLL_S = 0.05


class RpcError(Exception):
    """The node answered with an error."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error.get('message')} (code {error.get('code')})")
        self.code: int = error.get("code", 0)
        self.message: str = error.get("message", "")
        self.data: Any = error.get("data")


class WaitedTooLong(Exception):
    """Something that should have happened by now has not."""


class RpcClient:
    """One node's JSON-RPC endpoint."""

    def __init__(self, host: str, port: int) -> None:
        self.url = f"http://{host}:{port}"
        self._host, self._port = host, port
        self._connection: http.client.HTTPConnection | None = None
        self._identifier = 0

    def call(self, method: str, *parameters: Any) -> Any:
        """The result; raises `RpcError` for an error, `OSError` where nobody answers."""
        self._identifier += 1
        body = orjson.dumps(
            {"jsonrpc": "2.0", "id": self._identifier, "method": method, "params": parameters}
        )
        answer = orjson.loads(self._post(body))
        if "error" in answer:
            raise RpcError(method, answer["error"])
        return answer["result"]

    def batch(self, calls: list[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        """Answers in the order of the calls, each with its result or error."""
        body = orjson.dumps(
            [
                {"jsonrpc": "2.0", "id": index, "method": method, "params": parameters}
                for index, (method, parameters) in enumerate(calls)
            ]
        )
        answers = orjson.loads(self._post(body))
        return sorted(answers, key=lambda answer: int(answer["id"]))

    def number(self, method: str, *parameters: Any) -> int:
        """The result of a method that answers a quantity."""
        return int(self.call(method, *parameters), 16)

    def wait_for(self, what: str, probe: Callable[[], Any], timeout_s: float) -> Any:
        """The first true answer of `probe`; raises `WaitedTooLong` naming `what`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            answer = probe()
            if answer:
                return answer
            time.sleep(POLL_S)
        raise WaitedTooLong(f"{self.url}: waited {timeout_s:.0f} s for {what}")

    def receipt(self, transaction_hash: str, timeout_s: float = 60.0) -> dict[str, Any]:
        """The receipt, once the transaction is in a block."""
        answer: dict[str, Any] = self.wait_for(
            f"the receipt of {transaction_hash}",
            lambda: self.call("eth_getTransactionReceipt", transaction_hash),
            timeout_s,
        )
        return answer

    def close(self) -> None:
        """Give the connection back."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _post(self, body: bytes) -> bytes:
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(
                    self._host, self._port, timeout=REQUEST_TIMEOUT_S
                )
            try:
                self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
                return self._connection.getresponse().read()
            except (http.client.HTTPException, ConnectionError):
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")


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
