"""What a devnet is made of: the flags of `zerog devnet`, and what of them a directory remembers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_MNEMONIC = "test test test test test test test test test test test junk"
DEFAULT_CHAIN_ID = 16_601
"""0G's own devnet (facts §1b)."""
WEI_PER_0G = 10**18
VALIDATORS_MAX = 50
FIRST_P2P_PORT = 30_303
DA_SIGNERS_MAX = 100
STORAGE_NODES_MAX = 16


@dataclass(frozen=True, slots=True)
class DevnetSettings:
    """Names follow anvil's flags where anvil has one."""

    datadir: Path = Path("zerog-devnet")
    validators: int = 4
    host: str = "127.0.0.1"
    port: int = 8545
    """JSON-RPC of validator 0; validator i has port + i."""
    p2p_port: int = FIRST_P2P_PORT
    block_time: float = 1.0
    """Seconds; zero: as fast as blocks decide."""
    chain_id: int = DEFAULT_CHAIN_ID
    accounts: int = 10
    balance: int = 10_000
    """0G each."""
    mnemonic: str = DEFAULT_MNEMONIC
    gas_limit: int = 36_000_000
    zero_g_rules: bool = True
    predeploys: bool = True
    da_signers: int = 0
    """How many DA signers run beside the validators."""
    da_epoch_blocks: int = 28_800
    """Blocks of an epoch of DASigners; 0G's number."""
    da_port: int = 34_000
    """HTTP port of the DA signers."""
    da_entrance: str = "0x000000000000000000000000000000000000da01"
    """The contract whose uploads they sign for."""
    storage: int = 0
    """How many storage nodes run beside the validators."""
    storage_port: int = 5678
    """Of storage node 0; node i has storage_port + i."""
    storage_shards: int = 1
    """How many shards they share; with one, every node holds every file."""
    plugins: tuple[Mapping[str, Any], ...] = ()
    """Entries for `config.zerog.plugins`: precompiles of other people."""
    rpc_workers: int = 1
    """JSON-RPC processes of each validator, on its one port."""
    prune: int = 0
    """Blocks whose state before them is kept; zero: all."""
    archive: bool = False
    """Proofs at any block, not only at the last 128."""
    reset: bool = False
    log_level: str = "info"

    def remembered(self) -> dict[str, object]:
        """What the chain in the directory was made with; starting it with other values is refused."""
        return {
            "--validators": self.validators,
            "--p2p-port": self.p2p_port,
            "--chain-id": self.chain_id,
            "--accounts": self.accounts,
            "--balance": self.balance,
            "--mnemonic": self.mnemonic,
            "--no-0g-rules": not self.zero_g_rules,
            "--no-predeploys": not self.predeploys,
            "--da-signers": self.da_signers,
            "--da-epoch-blocks": self.da_epoch_blocks,
            "--plugin": ", ".join(json.dumps(entry, sort_keys=True) for entry in self.plugins)
            or "none",
        }
