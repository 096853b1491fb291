"""Block zero in a database: written where there is none, compared where there is one."""

from chain.chain import Chain
from chain.key_value import KeyValueStore, Table
from genesis.block import genesis_block
from genesis.document import ChainGenesis
from node.errors import InvalidFile
from node.layout import DataDirectory

IDENTITY_KEY = b"chain identity"
"""In META: keccak of the genesis document's canonical JSON."""


def begin_chain(store: KeyValueStore, data: DataDirectory, document: ChainGenesis) -> None:
    """Write block zero if there is none; raises `InvalidFile` where another chain is there."""
    with store.snapshot() as snapshot:
        identity = snapshot.get(Table.META, IDENTITY_KEY)
    if identity is None:
        header, changes = genesis_block(document)
        Chain.initialize(store, header, changes, [(Table.META, IDENTITY_KEY, document.identity)])
    elif identity != document.identity:
        raise InvalidFile(
            data.genesis,
            f"is not the genesis of the chain in {data.database}: "
            f"identity 0x{document.identity.hex()}, the chain's is 0x{identity.hex()}",
        )
