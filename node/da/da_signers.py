"""The DASigners precompile, asked over JSON-RPC: epochs, quorums, signers, registrations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_typing import Address

from genesis.contracts import artifact
from node.client.contract_calls import Contract
from node.client.json_rpc import RpcClient, RpcError
from node.da.aggregation import SignerDetail
from node.da.errors import NoPrecompile, NotASigner, QuorumNotFormed
from node.da.json_forms import address_text, parse_address
from node.da.quorums import Quorum
from precompiles.da_signers.records import epoch_block_key

DA_SIGNERS = "0x0000000000000000000000000000000000001000"
LOG_BLOCKS_MAX = 100
"""Of one eth_getLogs: what 0G's own nodes ask for and every node answers (facts §2)."""
DETAILS_MAX = 100
"""Signers of one getSigner."""
_DETAILS_TYPE = "(address,bytes,(uint256,uint256),(uint256[2],uint256[2]))[]"
"""getSigner's answer; the socket as bytes, for the precompile takes any, and one signer's must not
make the others unreadable."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """DASigners' constants; only `epoch_blocks` differs between networks."""

    vote_wei: int
    """Balance for one vote."""
    votes_max: int
    quorums_max: int
    epoch_blocks: int
    rows: int


@dataclass(frozen=True, slots=True)
class EpochState:
    """Where the current epoch stands."""

    number: int
    first_block: int
    """0 of epoch 0, which ends with the first makeEpoch."""
    blocks: int
    head: int
    """Number of the newest block."""

    @property
    def due_block(self) -> int:
        """From this block on makeEpoch begins the next epoch."""
        return self.first_block + self.blocks if self.first_block else 0

    @property
    def is_due(self) -> bool:
        """Whether makeEpoch in the next block would begin a new epoch."""
        return self.head + 1 >= self.due_block


class DaSigners:
    """Views of the precompile on the latest state of one node."""

    def __init__(self, client: RpcClient) -> None:
        self.client = client
        self._contract = Contract(client, DA_SIGNERS, artifact("IDASigners"))
        self._chain_id = 0

    @property
    def chain_id(self) -> int:
        if not self._chain_id:
            self._chain_id = self.client.number("eth_chainId")
        return self._chain_id

    def parameters(self) -> Parameters:
        """Raises `NoPrecompile` on a chain without 0G's rules."""
        try:
            [values] = self._contract.call("params")
        except (RpcError, DecodingError):
            raise NoPrecompile(self.client.url) from None
        per_vote, votes_max, quorums_max, epoch_blocks, rows = values
        # tokensPerVote is in 0G, not in wei.
        return Parameters(per_vote * 10**18, votes_max, quorums_max, epoch_blocks, rows)

    def epoch_number(self) -> int:
        return int(self._contract.call("epochNumber")[0])

    def epoch_state(self) -> EpochState:
        """The first block is read from storage: no function tells it."""
        number = self.epoch_number()
        key = "0x" + epoch_block_key(number).hex()
        first = self.client.number("eth_getStorageAt", DA_SIGNERS, key, "latest")
        head = self.client.number("eth_blockNumber")
        return EpochState(number, first, self.parameters().epoch_blocks, head)

    def quorum_count(self, epoch: int) -> int:
        return int(self._contract.call("quorumCount", epoch)[0])

    def quorum(self, epoch: int, quorum_id: int) -> Quorum:
        """Raises `QuorumNotFormed`."""
        count, current = self.quorum_count(epoch), self.epoch_number()
        if epoch > current or quorum_id >= count:
            raise QuorumNotFormed(epoch, quorum_id, count, current)
        [rows] = self._contract.call("getQuorum", epoch, quorum_id)
        return Quorum(epoch, quorum_id, tuple(_address(row) for row in rows))

    def is_signer(self, account: Address) -> bool:
        return bool(self._contract.call("isSigner", account)[0])

    def is_registered(self, account: Address, epoch: int) -> bool:
        """Whether the account is in the draw of that epoch."""
        return bool(self._contract.call("registeredEpoch", account, epoch)[0])

    def details(self, accounts: Sequence[Address]) -> dict[Address, SignerDetail]:
        """What the accounts registered; raises `NotASigner` naming the first that did not."""
        found: dict[Address, SignerDetail] = {}
        for first in range(0, len(accounts), DETAILS_MAX):
            some = list(accounts[first : first + DETAILS_MAX])
            try:
                answer = self._contract.answer("getSigner", some)
            except RpcError:
                self._name_stranger(some)
                raise
            [answers] = decode([_DETAILS_TYPE], answer)
            found |= {detail.address: detail for detail in map(_detail, answers)}
        return found

    def registered_signers(self, first_block: int, last_block: int) -> list[Address]:
        """Who registered in those blocks, by the NewSigner events."""
        topic = self._contract.event_topic("NewSigner")
        logs = logs_of(self.client, DA_SIGNERS, topic, first_block, last_block)
        return [Address(bytes.fromhex(entry["topics"][1][26:])) for entry in logs]

    def make_epoch_data(self) -> bytes:
        """Calldata of makeEpoch, which anybody may send."""
        return self._contract.data("makeEpoch")

    def _name_stranger(self, accounts: Iterable[Address]) -> None:
        for account in accounts:
            if not self.is_signer(account):
                raise NotASigner(address_text(account))


def logs_of(
    client: RpcClient, address: str, topic: str, first_block: int, last_block: int
) -> list[dict[str, Any]]:
    """All logs of one event of a contract, asked for a hundred blocks at a time."""
    found: list[dict[str, Any]] = []
    for first in range(first_block, last_block + 1, LOG_BLOCKS_MAX):
        last = min(first + LOG_BLOCKS_MAX - 1, last_block)
        criteria = {
            "address": address, "topics": [topic], "fromBlock": hex(first), "toBlock": hex(last),
        }  # fmt: skip
        found += client.call("eth_getLogs", criteria)
    return found


def _address(text: str) -> Address:
    return parse_address("address", text)


def _detail(values: tuple[Any, ...]) -> SignerDetail:
    address, socket, key_g1, (x, y) = values
    text = socket.decode("utf-8", errors="replace")
    return SignerDetail(_address(address), text, tuple(key_g1), (tuple(x), tuple(y)))
