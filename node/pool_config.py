"""A node's configuration as the pool's settings, and the journal of its own users' transactions."""

from pathlib import Path

from chain.pool_admission import PoolSettings
from consensus.durable_files import DurableFiles
from node.config import NodeConfig
from node.durable_files import DiskFiles
from node.errors import InvalidFile
from node.transaction_journal import TransactionJournal


def pool_settings(config: NodeConfig) -> PoolSettings:
    """geth's flags, by what they bound."""
    return PoolSettings(
        pending_max=config.txpool_globalslots,
        sender_pending_kept=config.txpool_accountslots,
        queued_max=config.txpool_globalqueue,
        sender_queued_max=config.txpool_accountqueue,
        queued_lifetime_s=config.txpool_lifetime,
        price_bump_percent=config.txpool_pricebump,
        minimum_tip=config.txpool_pricelimit,
        allows_unprotected=config.rpc_allow_unprotected_txs,
    )


def open_journal(config: NodeConfig) -> TransactionJournal | None:
    """None where the configuration wants none; raises `InvalidFile` where its folder cannot be made."""
    if config.txpool_nolocals or not config.txpool_journal:
        return None
    path = config.data.root / Path(config.txpool_journal)
    try:
        files: DurableFiles = DiskFiles(path.parent)
    except OSError as error:
        raise InvalidFile(path, f"cannot be used: {error.strerror}") from None
    return TransactionJournal(files, path.name)
