"""web3.py's provider suite over HTTP."""

from typing import Any

import pytest
from web3._utils.module_testing import (
    EthModuleTest,
    GoEthereumDebugModuleTest,
    GoEthereumTxPoolModuleTest,
    NetModuleTest,
    Web3ModuleTest,
)

pytestmark = pytest.mark.localnet


class TestWeb3Module(Web3ModuleTest):
    def _check_web3_client_version(self, client_version: str) -> Any:
        assert client_version.startswith("zerog/v")


class TestEthModule(EthModuleTest):
    pass


class TestNetModule(NetModuleTest):
    pass


class TestTxPoolModule(GoEthereumTxPoolModuleTest):
    pass


class TestDebugModule(GoEthereumDebugModuleTest):
    pass
