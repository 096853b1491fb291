"""A small HTTP server whose watch fails in a way that nobody expected."""

import logging
import threading
from typing import Any

import pytest

from node.errors import OperatorError
from node.side_service import SideService, Watch, listening


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("nobody asks")


def test_a_watch_that_fails_by_a_bug_ends_the_service_loudly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun = threading.Event()

    def fail() -> None:
        begun.set()
        raise KeyError("id")

    watches = (Watch("peers", fail, 0.01),)
    service = SideService(nothing, watches, 10, logging.getLogger("zerog.storage"))
    with listening("127.0.0.1", 0, "--port", 1) as listener, pytest.raises(
        OperatorError, match="peers failed; see the log"
    ):  # fmt: skip
        service.serve(listener)
    assert begun.is_set()
    assert "peers failed; this is a bug" in caplog.text
