"""What bodies may cost together."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from node.json_rpc import application
from node.json_rpc.access import Refusal
from node.json_rpc.application import _Bodies


async def arriving(parts: list[bytes], gate: asyncio.Event) -> Mapping[str, Any]:
    """The next part of a body; the last one waits for the gate."""
    if len(parts) == 1:
        await gate.wait()
    return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}


def test_large_bodies_together_are_bounded_and_the_bound_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(application, "WAITING_BODIES_BYTES_MAX", 250)

    async def main() -> None:
        bodies, gate = _Bodies(), asyncio.Event()
        inputs = [[b"x" * 100, b"y"] for _ in range(3)]
        reads = [
            asyncio.create_task(bodies.read(lambda parts=parts: arriving(parts, gate)))
            for parts in inputs
        ]
        await asyncio.sleep(0)
        gate.set()
        answers = await asyncio.gather(*reads)
        assert answers[:2] == [b"x" * 100 + b"y"] * 2
        assert answers[2] == Refusal(503, "too many large requests at once")
        assert (
            await bodies.read(lambda p=[b"x" * 200, b"y"]: arriving(p, gate)) == b"x" * 200 + b"y"
        )

    asyncio.run(main())
