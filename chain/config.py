"""A chain's configuration: its id, when each fork begins, which of 0G's rules apply.

Read from the `config` of a geth genesis document, with our section `zerog` inside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from eth_typing import Address

from chain.config_fields import (
    read_number,
    read_optional_address,
    read_optional_number,
    read_optional_object,
)
from chain.errors import InvalidConfig
from chain.forks.fork import Fork
from chain.forks.table import FORK_ROWS, BlobSchedule, ForkRow
from chain.plugins import Plugin, read_plugins
from chain.staking import Staking, read_staking
from chain.storage_flow import StorageFlow, read_storage_flow

NO_DEPOSIT_CONTRACT: Final = Address(bytes.fromhex("00000000219ab540356cbb839cbe05303d7705fa"))
DEFAULT_DA_EPOCH_BLOCKS: Final = 28_800
"""Facts §1a-1."""

BLOCK_KEYS: Final = {
    "homesteadBlock": Fork.HOMESTEAD,
    "eip150Block": Fork.TANGERINE_WHISTLE,
    "eip158Block": Fork.SPURIOUS_DRAGON,
    "byzantiumBlock": Fork.BYZANTIUM,
    "constantinopleBlock": Fork.CONSTANTINOPLE,
    "petersburgBlock": Fork.PETERSBURG,
    "istanbulBlock": Fork.ISTANBUL,
    "muirGlacierBlock": Fork.MUIR_GLACIER,
    "berlinBlock": Fork.BERLIN,
    "londonBlock": Fork.LONDON,
    "arrowGlacierBlock": Fork.ARROW_GLACIER,
    "grayGlacierBlock": Fork.GRAY_GLACIER,
}
TIME_KEYS: Final = {
    "shanghaiTime": Fork.SHANGHAI,
    "cancunTime": Fork.CANCUN,
    "pragueTime": Fork.PRAGUE,
    "osakaTime": Fork.OSAKA,
    "bpo1Time": Fork.BPO1,
    "bpo2Time": Fork.BPO2,
    "bpo3Time": Fork.BPO3,
    "bpo4Time": Fork.BPO4,
    "bpo5Time": Fork.BPO5,
}
UNKNOWN_FORK_KEYS: Final = ("amsterdamTime", "verkleTime")
"""Forks of geth's that this node does not have: a chain that schedules one is refused."""
ZEROG_KEYS: Final = (
    "devnet", "precompiles", "owner", "daSigners", "daEntrance", "storageFlow", "staking", "plugins",
)  # fmt: skip
"""What `config.zerog` may hold; a section is added when the part that it configures exists."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one block."""

    chain_id: int
    fork: Fork
    staking_active: bool = False
    """0G: distribution goes to the staking contract (facts §1b)."""
    restaking_active: bool = False
    """0G: the 80 % rule, and sentinel withdrawals at positions 1 and 2."""
    has_zero_g_precompiles: bool = False
    da_epoch_blocks: int = DEFAULT_DA_EPOCH_BLOCKS
    da_entrance_admin: Address | None = None
    """Who administers the DA entrance; None: there is none in this block."""
    storage_flow: StorageFlow | None = None
    """None: there is none in this block."""
    blobs: BlobSchedule | None = None
    """None before Cancun."""
    deposit_contract: Address = NO_DEPOSIT_CONTRACT
    plugins: tuple[Address, ...] = ()
    """Where precompiles of other people are, in this block."""

    @property
    def row(self) -> ForkRow:
        return FORK_ROWS[self.fork]

    @property
    def has_zero_g_steps(self) -> bool:
        """Whether sentinel withdrawals mean what they mean on 0G (facts §1b)."""
        return self.has_zero_g_precompiles or self.staking_active or self.restaking_active


@dataclass(frozen=True, slots=True)
class DaEntrance:
    """`config.zerog.daEntrance`: the precompile 0x…da01."""

    time: int
    """First timestamp (seconds) at which it is there."""
    admin: Address
    """Has both roles of its access control from the beginning."""


@dataclass(frozen=True, slots=True)
class ChainConfig:
    """The schedule from which `rules` picks."""

    chain_id: int
    fork_blocks: Mapping[Fork, int]
    """First block of each fork up to Paris; absent: never."""
    fork_times: Mapping[Fork, int]
    """First timestamp (seconds) of each later fork; absent: never."""
    terminal_total_difficulty: int | None = None
    """Where this says when proof of work ends, and no block number: Paris begins behind the first block
    with which the chain's difficulties add up to it (EIP-3675). None: `fork_blocks` has Paris, or none."""
    staking_time: int | None = None
    restaking_time: int | None = None
    has_zero_g_precompiles: bool = False
    da_epoch_blocks: int = DEFAULT_DA_EPOCH_BLOCKS
    da_entrance: DaEntrance | None = None
    storage_flow: StorageFlow | None = None
    is_devnet: bool = False
    owner: Address | None = None
    """Owner of the predeployed contracts."""
    blob_schedules: Mapping[Fork, BlobSchedule] = field(default_factory=dict)
    """Where they differ from the fork's own."""
    deposit_contract: Address = NO_DEPOSIT_CONTRACT
    plugins: tuple[Plugin, ...] = ()
    staking: Staking | None = None
    """None: the genesis document's validators decide for ever."""

    @classmethod
    def from_genesis(cls, config: Mapping[str, Any]) -> "ChainConfig":
        """Parse `config`; raises `InvalidConfig`, naming the field."""
        _refuse_unknown_forks(config)
        zerog = _zerog_section(config)
        fork_times = _fork_times(config)
        if "precompiles" in zerog:
            _refuse_after_prague(fork_times)
        fork_blocks = _fork_blocks(config)
        return cls(
            chain_id=read_number("chainId", config.get("chainId")),
            fork_blocks=fork_blocks,
            fork_times=fork_times,
            terminal_total_difficulty=None
            if Fork.PARIS in fork_blocks
            else read_optional_number("terminalTotalDifficulty", config),
            staking_time=read_optional_number("StakingActivationTime", config),
            restaking_time=read_optional_number("RestakingActivationTime", config),
            has_zero_g_precompiles=_has_zero_g_precompiles(zerog),
            da_epoch_blocks=_da_epoch_blocks(zerog),
            da_entrance=_da_entrance(zerog),
            storage_flow=read_storage_flow(zerog.get("storageFlow")),
            is_devnet=_is_devnet(zerog),
            owner=read_optional_address("zerog.owner", zerog.get("owner")),
            blob_schedules=_blob_schedules(config, fork_times),
            deposit_contract=read_optional_address(
                "depositContractAddress", config.get("depositContractAddress")
            )
            or NO_DEPOSIT_CONTRACT,
            plugins=read_plugins(zerog.get("plugins")),
            staking=read_staking(zerog.get("staking")),
        )

    @property
    def awaits_merge(self) -> bool:
        """Whether only the chain's difficulties can say which block is the first of Paris."""
        return self.terminal_total_difficulty is not None and Fork.PARIS not in self.fork_blocks

    def with_merge_at(self, number: int) -> "ChainConfig":
        """The schedule once that block is known to be the first of Paris."""
        return replace(self, fork_blocks={**self.fork_blocks, Fork.PARIS: number})

    def fork_at(self, number: int, timestamp: int) -> Fork:
        """The newest fork whose beginning is reached."""
        reached = [fork for fork, first in self.fork_blocks.items() if first <= number]
        if Fork.PARIS in reached:
            reached += [fork for fork, first in self.fork_times.items() if first <= timestamp]
        return max(reached, default=Fork.FRONTIER)

    def rules(self, number: int, timestamp: int) -> Rules:
        """The rules of the block with that number and timestamp (seconds)."""
        fork = self.fork_at(number, timestamp)
        is_prague = fork >= Fork.PRAGUE
        return Rules(
            chain_id=self.chain_id,
            fork=fork,
            staking_active=is_prague and _is_reached(self.staking_time, timestamp),
            restaking_active=is_prague and _is_reached(self.restaking_time, timestamp),
            has_zero_g_precompiles=self.has_zero_g_precompiles,
            da_epoch_blocks=self.da_epoch_blocks,
            da_entrance_admin=self._da_entrance_admin(timestamp),
            storage_flow=self._storage_flow(timestamp),
            blobs=self.blob_schedules.get(fork, FORK_ROWS[fork].blobs),
            deposit_contract=self.deposit_contract,
            plugins=self.plugins_at(timestamp),
        )

    def plugins_at(self, timestamp: int) -> tuple[Address, ...]:
        """Where plug-ins are precompiles in a block of that time (seconds)."""
        return tuple(
            plugin.address for plugin in self.plugins if plugin.activation_time <= timestamp
        )

    def _da_entrance_admin(self, timestamp: int) -> Address | None:
        entrance = self.da_entrance
        return entrance.admin if entrance is not None and entrance.time <= timestamp else None

    def _storage_flow(self, timestamp: int) -> StorageFlow | None:
        flow = self.storage_flow
        return flow if flow is not None and flow.time <= timestamp else None


def _is_reached(first: int | None, timestamp: int) -> bool:
    return first is not None and first <= timestamp


def _refuse_unknown_forks(config: Mapping[str, Any]) -> None:
    if config.get("daoForkSupport") and config.get("daoForkBlock"):
        # It moves balances by a list that concerns one chain alone.
        raise InvalidConfig("daoForkBlock", config["daoForkBlock"], "no such fork: null or 0")
    for key in UNKNOWN_FORK_KEYS:
        if config.get(key) is not None:
            raise InvalidConfig(key, config[key], "no such fork: this node does not have it")


def _refuse_after_prague(fork_times: Mapping[Fork, int]) -> None:
    """0G's own chain is at Prague: nobody has said what its rules would be later."""
    for key, fork in TIME_KEYS.items():
        if fork > Fork.PRAGUE and fork in fork_times:
            raise InvalidConfig(
                key, fork_times[fork], "no fork after Prague beside 0G's precompiles"
            )


def _fork_blocks(config: Mapping[str, Any]) -> dict[Fork, int]:
    blocks = {
        fork: read_number(key, config[key])
        for key, fork in BLOCK_KEYS.items()
        if config.get(key) is not None
    }
    # geth: Petersburg comes with Constantinople where it is not named.
    if "petersburgBlock" not in config and Fork.CONSTANTINOPLE in blocks:
        blocks[Fork.PETERSBURG] = blocks[Fork.CONSTANTINOPLE]
    paris = _paris_block(config)
    if paris is not None:
        blocks[Fork.PARIS] = paris
    return blocks


def _paris_block(config: Mapping[str, Any]) -> int | None:
    total_difficulty = read_optional_number("terminalTotalDifficulty", config)
    if total_difficulty == 0 or config.get("terminalTotalDifficultyPassed") is True:
        return read_optional_number("mergeNetsplitBlock", config) or 0
    return read_optional_number("mergeNetsplitBlock", config)


def _fork_times(config: Mapping[str, Any]) -> dict[Fork, int]:
    """Forks after Prague stand in their order, and none without Osaka (geth)."""
    times: dict[Fork, int] = {}
    for key, fork in TIME_KEYS.items():
        if config.get(key) is None:
            continue
        time = times[fork] = read_number(key, config[key])
        if fork > Fork.OSAKA and Fork.OSAKA not in times:
            raise InvalidConfig(key, time, "osakaTime beside it")
        if fork > Fork.PRAGUE and time < max(times.values()):
            raise InvalidConfig(key, time, f"{max(times.values())} or later, as forks before it")
    return times


def _blob_schedules(
    config: Mapping[str, Any], fork_times: Mapping[Fork, int]
) -> dict[Fork, BlobSchedule]:
    """By fork, where the document has one; Osaka goes on with Prague's (EIP-7892)."""
    section = read_optional_object("blobSchedule", config.get("blobSchedule"))
    schedules = {
        fork: _blob_schedule(f"blobSchedule.{key.removesuffix('Time')}", section[name])
        for key, fork in TIME_KEYS.items()
        if (name := key.removesuffix("Time")) in section and fork >= Fork.CANCUN
    }
    if Fork.PRAGUE in schedules:
        schedules.setdefault(Fork.OSAKA, schedules[Fork.PRAGUE])
    for key, fork in TIME_KEYS.items():
        is_blob_fork = fork >= Fork.CANCUN and fork in fork_times
        if is_blob_fork and schedules.get(fork, FORK_ROWS[fork].blobs) is None:
            raise InvalidConfig(
                f"blobSchedule.{key.removesuffix('Time')}", None, f"an object, as there is {key}"
            )
    return schedules


def _blob_schedule(field: str, value: object) -> BlobSchedule:
    row = read_optional_object(field, value)
    target, limit, fraction = (
        read_number(f"{field}.{key}", row.get(key))
        for key in ("target", "max", "baseFeeUpdateFraction")
    )
    if fraction == 0:
        raise InvalidConfig(f"{field}.baseFeeUpdateFraction", 0, "at least 1")
    return BlobSchedule(target, limit, fraction)


def _zerog_section(config: Mapping[str, Any]) -> Mapping[str, Any]:
    section = config.get("zerog")
    if section is None:
        return {}
    if not isinstance(section, Mapping):
        raise InvalidConfig("zerog", section, "an object")
    for key in section:
        if key not in ZEROG_KEYS:
            raise InvalidConfig(f"zerog.{key}", section[key], "one of " + ", ".join(ZEROG_KEYS))
    return section


def _has_zero_g_precompiles(zerog: Mapping[str, Any]) -> bool:
    if "precompiles" in zerog and zerog["precompiles"] != "0g":
        raise InvalidConfig("zerog.precompiles", zerog["precompiles"], '"0g", or no such field')
    return "precompiles" in zerog


def _da_epoch_blocks(zerog: Mapping[str, Any]) -> int:
    section = zerog.get("daSigners", {})
    if not isinstance(section, Mapping) or set(section) - {"epochBlocks"}:
        raise InvalidConfig("zerog.daSigners", section, "an object with epochBlocks alone")
    if "epochBlocks" not in section:
        return DEFAULT_DA_EPOCH_BLOCKS
    blocks = read_number("zerog.daSigners.epochBlocks", section["epochBlocks"])
    if blocks == 0:
        raise InvalidConfig("zerog.daSigners.epochBlocks", 0, "at least 1")
    return blocks


def _da_entrance(zerog: Mapping[str, Any]) -> DaEntrance | None:
    section = read_optional_object("zerog.daEntrance", zerog.get("daEntrance"))
    if not section:
        return None
    for key in section:
        if key not in ("time", "admin"):
            raise InvalidConfig(f"zerog.daEntrance.{key}", section[key], "time or admin")
    if "precompiles" not in zerog:
        raise InvalidConfig("zerog.daEntrance", "no DASigners", '"precompiles": "0g" beside it')
    admin = read_optional_address("zerog.daEntrance.admin", section.get("admin"))
    if admin is None:
        raise InvalidConfig("zerog.daEntrance.admin", None, "a 20-byte hex address")
    return DaEntrance(read_number("zerog.daEntrance.time", section.get("time")), admin)


def _is_devnet(zerog: Mapping[str, Any]) -> bool:
    is_devnet = zerog.get("devnet", False)
    if not isinstance(is_devnet, bool):
        raise InvalidConfig("zerog.devnet", is_devnet, "true or false")
    return is_devnet
