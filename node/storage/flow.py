"""The Flow contract and its market, from a client's side: the fee, a submission, and finding one again."""

from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi.abi import encode
from eth_hash.auto import keccak
from eth_utils import to_canonical_address

from node.client.contract_calls import gas_for, reason_of
from node.client.json_rpc import RpcClient, RpcError
from node.client.wallet import Sender
from node.storage.errors import TransferFailed
from node.storage.file_merkle import Node
from node.storage.submissions import SUBMIT_TOPIC, Submission, identity, parse_log

_SUBMISSION = "((uint256,bytes,(bytes32,uint256)[]),address)"
RECEIPT_S_MAX = 120.0
RACE_GAS = 80_000
"""Four slots more than estimated: others' submissions in the same block move where ours begins."""
LOG_BLOCKS_MAX = 50_000
"""Searched at once: nodes refuse longer ranges, ours beyond 100,000."""


class Flow:
    """One Flow contract on one chain."""

    def __init__(self, client: RpcClient, address: str) -> None:
        self._client, self.address = client, address

    def fee(self, nodes: Sequence[Node]) -> int:
        """What storing so many sectors of 256 bytes costs, in wei; raises `TransferFailed`."""
        market = "0x" + self._call(self.address, "market()")[-20:].hex()
        price = int.from_bytes(self._call(market, "pricePerSector()"), "big")
        return price * sum(1 << node.height for node in nodes)

    def submit(
        self, sender: Sender, size: int, nodes: Sequence[Node]
    ) -> tuple[Submission, Mapping[str, Any]]:
        """Announce a file; what the chain says of it, and the receipt. Raises `TransferFailed`."""
        data = submit_data(size, nodes, sender.address)
        fee = self.fee(nodes)
        try:
            gas = gas_for(self._client, sender.address, self.address, data, fee) + RACE_GAS
            sent = sender.send(self.address, data, gas=gas, value=fee)
        except RpcError as error:
            raise TransferFailed(f"the Flow refuses the file: {reason_of(error)}") from None
        receipt = self._client.receipt(sent, RECEIPT_S_MAX)
        logs = [log for log in receipt["logs"] if self._is_ours(log)]
        if receipt["status"] != "0x1" or not logs:
            raise TransferFailed(f"the Flow took no submission in transaction {sent}")
        return parse_log(logs[0]), receipt

    def find(self, nodes: Sequence[Node], sequence: int) -> Submission | None:
        """The submission of that number with those nodes, as the chain's event has it; newest first."""
        last = self._client.number("eth_blockNumber")
        while last >= 0:
            first = max(0, last - LOG_BLOCKS_MAX + 1)
            for log in self._logs(nodes, first, last):
                submission = parse_log(log)
                if submission.sequence == sequence:
                    return submission
            last = first - 1
        return None

    def _logs(self, nodes: Sequence[Node], first: int, last: int) -> Sequence[Mapping[str, Any]]:
        answer: Sequence[Mapping[str, Any]] = self._client.call(
            "eth_getLogs",
            {
                "address": self.address,
                "topics": [SUBMIT_TOPIC, None, "0x" + identity(tuple(nodes)).hex()],
                "fromBlock": hex(first),
                "toBlock": hex(last),
            },
        )
        return answer

    def _is_ours(self, log: Mapping[str, Any]) -> bool:
        if log["address"].lower() != self.address.lower():
            return False
        return bool(log["topics"][0] == SUBMIT_TOPIC)

    def _call(self, to: str, signature: str) -> bytes:
        request = {"to": to, "data": "0x" + keccak(signature.encode())[:4].hex()}
        answer = bytes.fromhex(self._client.call("eth_call", request, "latest")[2:])
        if len(answer) != 32:
            raise TransferFailed(f"{to} is no Flow or market: {signature} answers nothing")
        return answer


def submit_data(size: int, nodes: Sequence[Node], submitter: str) -> bytes:
    """Calldata of `submit` in the current ABI (bc8c11f8, facts §3), without tags."""
    selector = keccak(f"submit({_SUBMISSION})".encode())[:4]
    entries = [(node.root, node.height) for node in nodes]
    submission = ((size, b"", entries), to_canonical_address(submitter))
    return selector + encode([_SUBMISSION], [submission])
