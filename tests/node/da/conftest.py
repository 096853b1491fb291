"""A real chain with the DA precompiles and its JSON-RPC process; each transaction is a block at once."""

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from genesis.dev_accounts import dev_accounts
from node.client.json_rpc import RpcClient
from node.client.wallet import Wallet
from node.da.da_signers import DaSigners
from node.da.service.settings import ServiceSettings, devnet_account
from node.da.service.signing import SigningDesk
from node.da.service.upkeep import Upkeep
from node.da.service.uploads import UploadWatch

settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")

if "solo_node" not in sys.modules:
    _path = Path(__file__).parent.parent / "json_rpc" / "solo_node.py"
    _spec = importlib.util.spec_from_file_location("solo_node", _path)
    assert _spec is not None
    assert _spec.loader is not None
    solo_node = importlib.util.module_from_spec(_spec)
    sys.modules["solo_node"] = solo_node
    _spec.loader.exec_module(solo_node)
solo_node = sys.modules["solo_node"]

EPOCH_BLOCKS = 100
SIGNERS = 4
ACCOUNTS = dev_accounts(count=10)


@dataclass
class DaChain:
    """A node; the first four accounts are DA signers once `upkeep` has run."""

    node: Any
    url: str
    settings: ServiceSettings
    upkeep: Upkeep

    def client(self) -> RpcClient:
        return RpcClient.of_url(self.url)

    def signers(self) -> DaSigners:
        return DaSigners(self.client())

    def wallet(self, account: int) -> Wallet:
        signers = self.signers()
        return Wallet(signers.client, ACCOUNTS[account][1], signers.chain_id)

    def desk(self) -> SigningDesk:
        uploads = UploadWatch(self.client(), self.settings.entrance)
        return SigningDesk(self.settings, self.client(), uploads)


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaChain]:
    """In epoch 1 or later, all four signers in its quorum and in the next draw."""
    folder = tmp_path_factory.mktemp("da")
    with solo_node.SoloNode(folder, predeploys=True, da_epoch_blocks=EPOCH_BLOCKS) as node:
        node.mines_at_once = True
        url = node.rpc().url
        accounts = tuple(devnet_account(*account) for account in ACCOUNTS[:SIGNERS])
        service = ServiceSettings(accounts, url, "127.0.0.1", 1)
        upkeep = Upkeep(service)
        upkeep.tend()
        yield DaChain(node, url, service, upkeep)
