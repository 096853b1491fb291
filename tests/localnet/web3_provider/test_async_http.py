"""web3.py's provider suite over HTTP, asynchronously: what the WebSocket file does not do already."""

from typing import Any

import pytest
from web3._utils.module_testing import (
    AsyncEthModuleTest,
    AsyncNetModuleTest,
    GoEthereumAsyncDebugModuleTest,
    GoEthereumAsyncTxPoolModuleTest,
)
from web3._utils.module_testing.web3_module import AsyncWeb3ModuleTest

pytestmark = [pytest.mark.localnet, pytest.mark.slow]


@pytest.fixture(scope="module")
def async_w3(http_client: Any) -> Any:
    return http_client


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
