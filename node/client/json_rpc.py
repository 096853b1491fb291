"""A small JSON-RPC client over one kept connection."""

import http.client
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import orjson

REQUEST_TIMEOUT_S = 30.0
ANSWER_BYTES_MAX = 128 * 1024 * 1024
"""More than any node of ours answers; the servers of others may be anybody's."""
POLL_S = 0.05


class RpcError(Exception):
    """The node answered with an error."""

    def __init__(self, method: str, error: Any) -> None:
        """`error` as it came: some servers answer a text."""
        content = error if isinstance(error, dict) else {"message": error}
        super().__init__(f"{method}: {content.get('message')} (code {content.get('code')})")
        code = content.get("code")
        self.code: int = code if type(code) is int else 0
        self.message = str(content.get("message", ""))
        self.data: Any = content.get("data")


class NoJsonRpc(Exception):
    """The URL cannot be used, or what answers there does not speak JSON-RPC."""


class WaitedTooLong(Exception):
    """Something that should have happened by now has not."""


class RpcClient:
    """One node's JSON-RPC endpoint; not to be shared between threads."""

    def __init__(
        self,
        host: str,
        port: int,
        path: str = "/",
        *,
        is_encrypted: bool = False,
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> None:
        scheme, shown = ("https" if is_encrypted else "http"), f"[{host}]" if ":" in host else host
        self.url = f"{scheme}://{shown}:{port}{path.rstrip('/')}"
        self._host, self._port, self._path = host, port, path
        self._connect = http.client.HTTPSConnection if is_encrypted else http.client.HTTPConnection
        self._connection: http.client.HTTPConnection | None = None
        self._identifier = 0
        self._timeout_s = timeout_s

    @classmethod
    def of_url(cls, url: str, timeout_s: float = REQUEST_TIMEOUT_S) -> "RpcClient":
        """The endpoint at http://… or https://…; raises `NoJsonRpc` for any other URL."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise NoJsonRpc(f"{url}: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NoJsonRpc(f"{url}: expected http://HOST:PORT or https://HOST:PORT")
        is_encrypted = parts.scheme == "https"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        port = port or (443 if is_encrypted else 80)
        return cls(parts.hostname, port, path, is_encrypted=is_encrypted, timeout_s=timeout_s)

    def call(self, method: str, *parameters: Any) -> Any:
        """The result; raises `RpcError` for an error, `OSError` where nobody answers."""
        self._identifier += 1
        body = orjson.dumps(
            {"jsonrpc": "2.0", "id": self._identifier, "method": method, "params": parameters}
        )
        answer = self._parsed(self._post(body), dict)
        if answer.get("error"):
            raise RpcError(method, answer["error"])
        return answer.get("result")

    def batch(self, calls: list[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        """Answers in the order of the calls, each with its result or error.

        Raises `NoJsonRpc` where one is missing.
        """
        body = orjson.dumps(
            [
                {"jsonrpc": "2.0", "id": index, "method": method, "params": parameters}
                for index, (method, parameters) in enumerate(calls)
            ]
        )
        answers: dict[int, dict[str, Any]] = {}
        for answer in self._parsed(self._post(body), list):
            if isinstance(answer, dict) and type(answer.get("id")) is int:
                answers[answer["id"]] = answer
        if answers.keys() != set(range(len(calls))):
            raise NoJsonRpc(f"{self.url}: {len(calls)} questions, and not an answer to each")
        return [answers[index] for index in range(len(calls))]

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

    def _parsed(self, body: bytes, expected: type) -> Any:
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, expected):
            raise NoJsonRpc(f"{self.url}: answers, but not as a JSON-RPC server")
        return answer

    def _post(self, body: bytes) -> bytes:
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = self._connect(self._host, self._port, timeout=self._timeout_s)
            try:
                headers = {"Content-Type": "application/json"}
                self._connection.request("POST", self._path, body, headers)
                return self._read(self._connection.getresponse())
            except (http.client.HTTPException, ConnectionError):
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        content = response.read(ANSWER_BYTES_MAX + 1)
        if len(content) > ANSWER_BYTES_MAX:
            self.close()
            raise NoJsonRpc(f"{self.url}: answers more than {ANSWER_BYTES_MAX:,} bytes")
        return content
