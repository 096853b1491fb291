"""The staking contract over JSON-RPC: what it says of validators, and transactions to it."""

from dataclasses import dataclass
from typing import Any

from eth_utils import to_checksum_address

from chain.staking import STAKING_CONTRACT
from genesis.contracts import artifact
from genesis.staking.layout import Status
from node.client.contract_calls import Contract, gas_for, reason_of
from node.client.json_rpc import RpcClient, RpcError
from node.client.wallet import Sender


class StakingRefusal(Exception):
    """The chain, or the contract, says no."""


@dataclass(frozen=True, slots=True)
class ValidatorStanding:
    """One validator, as contract and consensus have it at the head. Amounts are wei."""

    address: str
    owner: str
    status: Status
    stake: int
    unbonding: int
    power: int
    """In the set of the next height; 0 for none."""
    missed_blocks: int
    name: str


@dataclass(frozen=True, slots=True)
class DelegationStanding:
    """One account's part of a validator's stake. Amounts are wei."""

    stake: int
    reward: int
    unbonding: tuple[tuple[int, int], ...]
    """(amount, block from which it can be withdrawn)."""


class StakingClient:
    """Raises `StakingRefusal` where the chain has no staking contract."""

    def __init__(self, client: RpcClient) -> None:
        self.client = client
        self.address = to_checksum_address(STAKING_CONTRACT)
        self._contract = Contract(client, self.address, artifact("Staking"))
        if client.call("eth_getCode", self.address, "latest") == "0x":
            raise StakingRefusal(
                "this chain has no staking: its genesis has no config.zerog.staking, and its "
                "validators are fixed"
            )

    def send(self, sender: Sender, function: str, *arguments: Any, value: int = 0) -> str:
        """A transaction to the contract, until it is in a block; its hash. Raises `StakingRefusal`."""
        data = self._contract.data(function, *arguments)
        try:
            gas = gas_for(self.client, sender.address, self.address, data, value)
        except RpcError as error:
            raise StakingRefusal(f"{function}: {reason_of(error)}") from None
        sent = sender.send(self.address, data, gas=gas, value=value)
        if self.client.receipt(sent)["status"] != "0x1":
            raise StakingRefusal(f"{function}: transaction {sent} failed")
        return sent

    def standings(self) -> list[ValidatorStanding]:
        """Of all that are ranked, most stake first."""
        [ranked] = self._contract.call("ranked")
        members = self._members()
        return [self._standing(address, members) for address in ranked]

    def standing(self, validator: str) -> ValidatorStanding:
        """Of one validator; raises `StakingRefusal` for an address that is none's."""
        standing = self._standing(validator, self._members())
        if standing.status is Status.UNKNOWN:
            raise StakingRefusal(f"{validator} is no validator's address")
        return standing

    def delegation(self, validator: str, account: str) -> DelegationStanding:
        """What an account has there."""
        answer = self._contract.call("delegationOf", validator, account)
        stake, reward, amounts, blocks = answer
        return DelegationStanding(stake, reward, tuple(zip(amounts, blocks, strict=True)))

    def number(self, getter: str) -> int:
        """The answer of a getter without arguments."""
        [number] = self._contract.call(getter)
        return int(number)

    def _members(self) -> dict[str, dict[str, Any]]:
        """By address: the validators of the next height."""
        found = self.client.call("zerog_validators")["validators"]
        return {member["address"].lower(): member for member in found}

    def _standing(self, validator: str, members: dict[str, dict[str, Any]]) -> ValidatorStanding:
        row = self._contract.call("validators", validator)
        _, owner, _, status, _, _, stake, _, unbonding, *_ = row
        member = members.get(validator.lower(), {})
        return ValidatorStanding(
            address=to_checksum_address(validator),
            owner=to_checksum_address(owner),
            status=Status(status),
            stake=stake,
            unbonding=unbonding,
            power=int(member.get("power", "0x0"), 16),
            missed_blocks=int(member.get("missedBlocks", "0x0"), 16),
            name=member.get("name", ""),
        )
