"""A chain's fork configuration as EIP-7910 wants it shown, with the fork id of EIP-6122."""

from collections.abc import Iterable
from zlib import crc32

from eth_typing import Address, Hash32

from chain.blocks import Header
from chain.config import ChainConfig, Rules
from chain.forks.fork import Fork
from node.json_rpc.encoding import Json, data, quantity
from precompiles.registry import own_precompiles, storage_precompiles, zero_g_precompiles

_PRECOMPILES: tuple[tuple[Fork, int, str], ...] = (
    (Fork.FRONTIER, 0x01, "ECREC"),
    (Fork.FRONTIER, 0x02, "SHA256"),
    (Fork.FRONTIER, 0x03, "RIPEMD160"),
    (Fork.FRONTIER, 0x04, "ID"),
    (Fork.BYZANTIUM, 0x05, "MODEXP"),
    (Fork.BYZANTIUM, 0x06, "BN254_ADD"),
    (Fork.BYZANTIUM, 0x07, "BN254_MUL"),
    (Fork.BYZANTIUM, 0x08, "BN254_PAIRING"),
    (Fork.ISTANBUL, 0x09, "BLAKE2F"),
    (Fork.CANCUN, 0x0A, "KZG_POINT_EVALUATION"),
    (Fork.PRAGUE, 0x0B, "BLS12_G1ADD"),
    (Fork.PRAGUE, 0x0C, "BLS12_G1MSM"),
    (Fork.PRAGUE, 0x0D, "BLS12_G2ADD"),
    (Fork.PRAGUE, 0x0E, "BLS12_G2MSM"),
    (Fork.PRAGUE, 0x0F, "BLS12_PAIRING_CHECK"),
    (Fork.PRAGUE, 0x10, "BLS12_MAP_FP_TO_G1"),
    (Fork.PRAGUE, 0x11, "BLS12_MAP_FP2_TO_G2"),
    (Fork.OSAKA, 0x100, "P256VERIFY"),
)
_SYSTEM_CONTRACTS: tuple[tuple[Fork, str, str], ...] = (
    (Fork.CANCUN, "BEACON_ROOTS_ADDRESS", "0x000f3df6d732807ef1319fb7b8bb8522d0beac02"),
    (
        Fork.PRAGUE,
        "CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS",
        "0x0000bbddc7ce488642fb579f8b00f3a590007251",
    ),
    (Fork.PRAGUE, "HISTORY_STORAGE_ADDRESS", "0x0000f90827f1c53a10cb7a02335b175320002935"),
    (
        Fork.PRAGUE,
        "WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS",
        "0x00000961ef480eb55e80d19ad83579a64c007002",
    ),
)


def fork_config(config: ChainConfig, genesis: Header, head: Header) -> Json:
    """eth_config's answer: the configuration of now, of the next fork and of the last one known."""
    later = sorted(time for time in set(config.fork_times.values()) if time > head.timestamp)
    begun = [time for time in config.fork_times.values() if time <= head.timestamp]
    activation = max(begun, default=0)
    current = _shown(config, genesis, head.number, activation if begun else head.timestamp)
    if activation <= genesis.timestamp:
        current["activationTime"] = 0
    return {
        "current": current,
        "next": _shown(config, genesis, head.number + 1, later[0]) if later else None,
        "last": _shown(config, genesis, head.number + 1, later[-1]) if later else None,
    }


def fork_id(config: ChainConfig, genesis_hash: Hash32, genesis_time: int, at: int) -> bytes:
    """4 bytes: CRC-32 over the genesis hash and every fork passed at time `at` (seconds), EIP-6122."""
    # A merge block found by difficulty was not scheduled: nobody could have known it (EIP-3675).
    unscheduled = Fork.PARIS if config.terminal_total_difficulty is not None else None
    blocks = {number for fork, number in config.fork_blocks.items() if fork is not unscheduled}
    blocks.discard(0)
    times = {time for time in config.fork_times.values() if genesis_time < time <= at}
    checksum = crc32(genesis_hash)
    for number in (*sorted(blocks), *sorted(times)):
        checksum = crc32(number.to_bytes(8, "big"), checksum)
    return checksum.to_bytes(4, "big")


def _shown(config: ChainConfig, genesis: Header, number: int, at: int) -> Json:
    rules = config.rules(number, at)
    blobs = rules.blobs
    return {
        "activationTime": at,
        "blobSchedule": None
        if blobs is None
        else {
            "target": blobs.target,
            "max": blobs.limit,
            "baseFeeUpdateFraction": blobs.base_fee_update_fraction,
        },
        "chainId": quantity(config.chain_id),
        "forkId": data(fork_id(config, genesis.hash, genesis.timestamp, at)),
        "precompiles": dict(sorted(_precompiles(config, rules))),
        "systemContracts": dict(sorted(_system_contracts(rules))),
    }


def _precompiles(config: ChainConfig, rules: Rules) -> Iterable[tuple[str, str]]:
    for fork, number, name in _PRECOMPILES:
        if rules.fork >= fork:
            yield name, data(number.to_bytes(20, "big"))
    zero_g = zero_g_precompiles(rules.da_epoch_blocks) if rules.has_zero_g_precompiles else {}
    own = own_precompiles(rules.da_epoch_blocks) if rules.da_entrance_admin is not None else {}
    storage = storage_precompiles() if rules.storage_flow is not None else {}
    for address, precompile in {**zero_g, **own, **storage}.items():
        yield _name(type(precompile).__name__, address), data(address)
    for plugin in config.plugins:
        if plugin.address in rules.plugins:
            yield f"PLUGIN_{plugin.package}", data(plugin.address)


def _name(fallback: str, address: Address) -> str:
    return _ZERO_G_NAMES.get(int.from_bytes(address, "big"), fallback)


_ZERO_G_NAMES = {
    0x1000: "ZEROG_DA_SIGNERS",
    0x1002: "ZEROG_WRAPPED_BASE",
    0xDA01: "ZEROG_DA_ENTRANCE",
    0xF10A: "ZEROG_STORAGE_FLOW",
    0xF10B: "ZEROG_STORAGE_MARKET",
    0xF10C: "ZEROG_STORAGE_ROOT_HISTORY",
}


def _system_contracts(rules: Rules) -> Iterable[tuple[str, str]]:
    for fork, name, address in _SYSTEM_CONTRACTS:
        if rules.fork >= fork:
            yield name, address
    if rules.fork >= Fork.PRAGUE:
        yield "DEPOSIT_CONTRACT_ADDRESS", data(rules.deposit_contract)
