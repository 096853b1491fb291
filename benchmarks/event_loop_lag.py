"""How long the node's event loop waits while its worker thread executes a heavy block.

Votes must be answered within 50 ms then. A ticker on trio measures how late it wakes; beside it a thread
runs an endless EVM loop, once with Python's default thread switch interval and once with the node's.
"""

import statistics
import sys
import time

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.

import trio

from chain.config import ChainConfig
from chain.engine import Account, Environment, Message
from chain.py_evm import PyEvmEngine
from node.assembly import THREAD_SWITCH_S

TICK_S = 0.005
SECONDS = 5
LOOP = Account(0, 0, bytes(31) + b"\x01")
CODE = bytes.fromhex("5b600056")  # JUMPDEST PUSH1 0 JUMP
CONFIG = ChainConfig.from_genesis(
    {"chainId": 1, "terminalTotalDifficulty": 0}
    | {f"{fork}Block": 0 for fork in ("homestead", "eip150", "eip158", "byzantium",
       "constantinople", "petersburg", "istanbul", "berlin", "london")}
    | {"shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0}
)  # fmt: skip


class LoopState:
    """One account with an endless loop, at every address."""

    def account(self, address: bytes) -> Account:
        return LOOP

    def slot(self, address: bytes, slot: int) -> int:
        return 0

    def code(self, code_hash: bytes) -> bytes:
        return CODE

    def block_hash(self, number: int) -> None:
        return None

    def has_storage(self, address: bytes) -> bool:
        return False


def burn(gas: int) -> float:
    """Run the loop for that much gas; million gas a second."""
    environment = Environment(
        CONFIG.rules(1, 1), 1, 1, bytes(20), 36_000_000, 0, bytes(32), 0, 0, bytes(32), bytes(32)
    )
    message = Message(b"\x11" * 20, b"\x22" * 20, gas)
    began = time.perf_counter()
    PyEvmEngine().call(environment, message, LoopState())  # type: ignore[arg-type]
    return gas / 1e6 / (time.perf_counter() - began)


async def lags(gas: int) -> list[float]:
    """Lateness of each tick in ms while the loop runs in a thread."""
    found: list[float] = []

    async def tick() -> None:
        while True:
            due = trio.current_time() + TICK_S
            await trio.sleep_until(due)
            found.append(1_000 * (trio.current_time() - due))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        await trio.to_thread.run_sync(burn, gas)
        nursery.cancel_scope.cancel()
    return found


def main() -> None:
    speed = burn(1_000_000)
    print(f"py-evm alone: {speed:.2f} Mgas/s")
    for interval in (0.005, THREAD_SWITCH_S):
        sys.setswitchinterval(interval)
        found = sorted(trio.run(lags, int(speed * SECONDS * 1e6)))
        print(
            f"switch interval {interval * 1_000:.1f} ms: {len(found)} ticks, lateness "
            f"p50 {statistics.median(found):.2f} ms, p99 {found[len(found) * 99 // 100]:.2f} ms, "
            f"max {found[-1]:.2f} ms"
        )


if __name__ == "__main__":
    main()
