"""Calls of contracts by their ABI: arguments to calldata, answers to values."""

from typing import Any

from eth_abi.abi import decode, encode
from eth_hash.auto import keccak
from eth_utils.abi import collapse_if_tuple

from genesis.contracts import Artifact
from node.client.json_rpc import RpcClient, RpcError
from node.client.wallet import Wallet

REVERT_SELECTOR = keccak(b"Error(string)")[:4]
GAS_MARGIN_PERCENT = 5
"""On top of the estimate: state may change between the estimate and the block."""


class Contract:
    """A deployed contract: its address and its ABI."""

    def __init__(self, client: RpcClient, address: str, artifact: Artifact) -> None:
        self.address = address
        self._client = client
        self._functions, self._events = (
            {entry["name"]: entry for entry in artifact.abi if entry["type"] == kind}
            for kind in ("function", "event")
        )

    def event_topic(self, name: str) -> str:
        """The first topic of an event's logs, 0x…."""
        types = [collapse_if_tuple(item) for item in self._events[name]["inputs"]]
        return "0x" + keccak(f"{name}({','.join(types)})".encode()).hex()

    def data(self, name: str, *arguments: Any) -> bytes:
        """Calldata: selector, then the arguments."""
        types = [collapse_if_tuple(item) for item in self._functions[name]["inputs"]]
        return keccak(f"{name}({','.join(types)})".encode())[:4] + encode(types, arguments)

    def call(self, name: str, *arguments: Any, sender: str | None = None) -> tuple[Any, ...]:
        """What the function answers on the latest state; raises `RpcError` where it reverts."""
        types = [collapse_if_tuple(item) for item in self._functions[name]["outputs"]]
        return tuple(decode(types, self.answer(name, *arguments, sender=sender)))

    def answer(self, name: str, *arguments: Any, sender: str | None = None) -> bytes:
        """As `call`, not decoded: for answers that hold what ABI decoders refuse."""
        request = {"to": self.address, "data": "0x" + self.data(name, *arguments).hex()}
        if sender:
            request["from"] = sender
        answer: str = self._client.call("eth_call", request, "latest")
        return bytes.fromhex(answer[2:])

    def send(self, wallet: Wallet, name: str, *arguments: Any) -> str:
        """A transaction that calls the function; its hash."""
        data = self.data(name, *arguments)
        return wallet.send(
            self.address, data, gas=gas_for(self._client, wallet.address, self.address, data)
        )


def gas_for(client: RpcClient, sender: str, to: str | None, data: bytes, value: int = 0) -> int:
    """eth_estimateGas and a small margin: 0G charges 80 % of the limit at least."""
    request = {"from": sender, "data": "0x" + data.hex(), "value": hex(value)}
    if to is not None:
        request["to"] = to
    return client.number("eth_estimateGas", request) * (100 + GAS_MARGIN_PERCENT) // 100


def deploy(
    client: RpcClient, wallet: Wallet, artifact: Artifact
) -> tuple[Contract, dict[str, Any]]:
    """Deploy a contract without constructor arguments; the contract and the receipt."""
    gas = gas_for(client, wallet.address, None, artifact.bytecode)
    receipt = client.receipt(wallet.send(None, artifact.bytecode, gas=gas))
    if receipt["status"] != "0x1":
        raise RpcError("deployment", {"code": 0, "message": f"{artifact.name} reverted"})
    return Contract(client, receipt["contractAddress"], artifact), receipt


def reason_of(error: RpcError) -> str:
    """Why a call was refused, as a person would say it."""
    if isinstance(error.data, str) and error.data.startswith("0x" + REVERT_SELECTOR.hex()):
        [text] = decode(["string"], bytes.fromhex(error.data[10:]))
        return f'reverted with "{text}"'
    return error.message
