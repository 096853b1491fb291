"""web3.py's provider suite over WebSocket, with subscriptions."""

from typing import Any

import pytest
from web3._utils.module_testing import (
    AsyncEthModuleTest,
    AsyncNetModuleTest,
    GoEthereumAsyncDebugModuleTest,
    GoEthereumAsyncTxPoolModuleTest,
)
from web3._utils.module_testing.persistent_connection_provider import (
    PersistentConnectionProviderTest,
)
from web3._utils.module_testing.web3_module import AsyncWeb3ModuleTest

pytestmark = pytest.mark.localnet


@pytest.fixture(scope="module")
def async_w3(websocket_client: Any) -> Any:
    return websocket_client


class TestAsyncWeb3Module(AsyncWeb3ModuleTest):
    def _check_web3_client_version(self, client_version: str) -> Any:
        assert client_version.startswith("zerog/v")


class TestAsyncEthModule(AsyncEthModuleTest):
    pass


class TestAsyncNetModule(AsyncNetModuleTest):
    pass


class TestAsyncTxPoolModule(GoEthereumAsyncTxPoolModuleTest):
    pass


class TestAsyncDebugModule(GoEthereumAsyncDebugModuleTest):
    pass


class TestPersistentConnection(PersistentConnectionProviderTest):
    pass
