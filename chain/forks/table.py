"""What differs between forks outside the EVM's opcodes: one row a fork.

A new fork is a name in `fork.py`, a row here and a row in `chain/py_evm/fork_classes.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from chain.forks.fork import Fork

ETHER: Final = 10**18


@dataclass(frozen=True, slots=True)
class BlobSchedule:
    """EIP-7840: how many blobs a block aims at and may hold."""

    target: int
    limit: int
    base_fee_update_fraction: int


@dataclass(frozen=True, slots=True)
class ForkRow:
    """The rules of one fork that are numbers."""

    block_reward: int
    """Wei to the miner; zero from Paris on."""
    refund_quotient: int
    """Refunds are at most the gas used divided by this (EIP-3529: 5, before 2)."""
    self_destruct_refund: int
    """Gas; zero from London on (EIP-3529)."""
    nonzero_byte_gas: int
    """Of transaction data (EIP-2028: 16, before 68)."""
    difficulty_bomb_delay: int
    """Blocks by which the ice age is put off (EIPs 649, 1234, 2384, 4345, 5133)."""
    transaction_types: int
    """Types 0 … this are valid."""
    blobs: BlobSchedule | None = None
    transaction_gas_limit: int | None = None
    """The most one transaction may ask for (EIP-7825); None: as much as its block has."""
    transaction_blobs_limit: int | None = None
    """Blobs in one transaction (EIP-7594); None: as many as its block holds."""
    block_bytes_limit: int | None = None
    """Of a block as RLP (EIP-7934)."""


_FRONTIER = ForkRow(
    block_reward=5 * ETHER,
    refund_quotient=2,
    self_destruct_refund=24_000,
    nonzero_byte_gas=68,
    difficulty_bomb_delay=0,
    transaction_types=0,
)
_BYZANTIUM = replace(_FRONTIER, block_reward=3 * ETHER, difficulty_bomb_delay=3_000_000)
_CONSTANTINOPLE = replace(_BYZANTIUM, block_reward=2 * ETHER, difficulty_bomb_delay=5_000_000)
_ISTANBUL = replace(_CONSTANTINOPLE, nonzero_byte_gas=16)
_MUIR_GLACIER = replace(_ISTANBUL, difficulty_bomb_delay=9_000_000)
_BERLIN = replace(_MUIR_GLACIER, transaction_types=1)
_LONDON = replace(
    _BERLIN,
    refund_quotient=5,
    self_destruct_refund=0,
    transaction_types=2,
    difficulty_bomb_delay=9_700_000,
)
_ARROW_GLACIER = replace(_LONDON, difficulty_bomb_delay=10_700_000)
_GRAY_GLACIER = replace(_ARROW_GLACIER, difficulty_bomb_delay=11_400_000)
_PARIS = replace(_GRAY_GLACIER, block_reward=0)
_CANCUN = replace(_PARIS, transaction_types=3, blobs=BlobSchedule(3, 6, 3_338_477))
_PRAGUE = replace(_CANCUN, transaction_types=4, blobs=BlobSchedule(6, 9, 5_007_716))
_OSAKA = replace(
    _PRAGUE,
    transaction_gas_limit=1 << 24,
    transaction_blobs_limit=6,
    block_bytes_limit=(10 - 2) * 1024 * 1024,
)
_BPO1 = replace(_OSAKA, blobs=BlobSchedule(10, 15, 8_346_193))
_BPO2 = replace(_OSAKA, blobs=BlobSchedule(14, 21, 11_684_671))
_LATER_BPO = replace(_OSAKA, blobs=None)
"""Nobody has settled their numbers: the genesis document must (EIP-7892)."""

FORK_ROWS: Final[Mapping[Fork, ForkRow]] = MappingProxyType(
    {
        Fork.FRONTIER: _FRONTIER,
        Fork.HOMESTEAD: _FRONTIER,
        Fork.TANGERINE_WHISTLE: _FRONTIER,
        Fork.SPURIOUS_DRAGON: _FRONTIER,
        Fork.BYZANTIUM: _BYZANTIUM,
        Fork.CONSTANTINOPLE: _CONSTANTINOPLE,
        Fork.PETERSBURG: _CONSTANTINOPLE,
        Fork.ISTANBUL: _ISTANBUL,
        Fork.MUIR_GLACIER: _MUIR_GLACIER,
        Fork.BERLIN: _BERLIN,
        Fork.LONDON: _LONDON,
        Fork.ARROW_GLACIER: _ARROW_GLACIER,
        Fork.GRAY_GLACIER: _GRAY_GLACIER,
        Fork.PARIS: _PARIS,
        Fork.SHANGHAI: _PARIS,
        Fork.CANCUN: _CANCUN,
        Fork.PRAGUE: _PRAGUE,
        Fork.OSAKA: _OSAKA,
        Fork.BPO1: _BPO1,
        Fork.BPO2: _BPO2,
        Fork.BPO3: _LATER_BPO,
        Fork.BPO4: _LATER_BPO,
        Fork.BPO5: _LATER_BPO,
    }
)
