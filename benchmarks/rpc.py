"""JSON-RPC requests a second beside anvil, in one run: one RPC process, wrk as the load, on one machine.

Our node has a real chain, pool and socket and no consensus; anvil makes blocks when told, as ours does.
Needs wrk (apt-get install wrk); anvil comes from npm (`ZEROG_NPM` keeps it), and is left out where npm is
missing. wrk's own ceiling is taken against a C program that answers whatever comes (needs cc). On a busy
machine our one process gets less of it than anvil's threads; then the CPU's figures tell.
Guards, as shares of anvil: eth_blockNumber, eth_getBalance, eth_getLogs 0.4; eth_call 600 a second.

    python benchmarks/rpc.py
"""

import importlib.util
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.

import orjson
from eth_abi import encode
from rpc_parts import chain_content, subscribers, wrk
from rpc_parts.servers import Ours, Server, anvil, free_port, running

ROOT = Path(__file__).parents[1]
SINGLES, BATCHED, BATCH = 1_500, 1_500, 100
SUBSCRIBERS = 1_000
BALANCE_OF = bytes.fromhex("70a08231")
ROUNDS = 2
"""The better of so many counts."""
SHARE_MIN, CALLS_MIN = 0.4, 600
GUARDED = ("eth_blockNumber", "eth_getBalance", "eth_getLogs")


def load_module(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def request(method: str, *params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def questions(token: str) -> dict[str, Any]:
    """What is asked over and over, by the name it is printed under."""
    holder = chain_content.HOLDER
    topics = [chain_content.TRANSFER_TOPIC, None, "0x" + holder[2:].lower().rjust(64, "0")]
    tenth = {"fromBlock": hex(10), "toBlock": hex(19), "address": token, "topics": topics}
    balance_of = "0x" + (BALANCE_OF + encode(["address"], [holder])).hex()
    return {
        "eth_blockNumber": request("eth_blockNumber"),
        "eth_getBalance": request("eth_getBalance", holder, "latest"),
        "eth_getLogs, 10 found in 10 blocks": request("eth_getLogs", tenth),
        "eth_call, an ERC-20 balance": request(
            "eth_call", {"to": token, "data": balance_of}, "latest"
        ),
        "batches of 100 eth_blockNumber": [request("eth_blockNumber")] * 100,
    }


Figures = dict[str, dict[str, float]]
"""By what was asked and of whom."""


def asked_over_and_over(servers: Sequence[Server], folder: Path) -> tuple[Figures, Figures]:
    """Requests a second, and µs of CPU a request.

    In turns, so that other work on the machine meets all of them alike; the best of each.
    """
    rates: Figures = {}
    costs: Figures = {}
    bodies = {server.name: questions(chain_content.fill(server)) for server in servers}
    for name in bodies[servers[0].name]:
        for _ in range(ROUNDS):
            for server in servers:
                rate, cost = one_load(server, orjson.dumps(bodies[server.name][name]), folder)
                of_rates, of_costs = rates.setdefault(name, {}), costs.setdefault(name, {})
                of_rates[server.name] = max(rate, of_rates.get(server.name, 0.0))
                of_costs[server.name] = min(cost, of_costs.get(server.name, cost))
    return rates, costs


def one_load(server: Server, body: bytes, folder: Path) -> tuple[float, float]:
    used = server.cpu_s()
    load = wrk.same_over_and_over(server.port, body, folder)
    return load.per_second, (server.cpu_s() - used) / load.requests * 1e6


def submitted(server: Server, folder: Path) -> dict[str, float]:
    """Transactions a second."""
    raws = chain_content.transfers(SINGLES + BATCHED)
    singles = [orjson.dumps(request("eth_sendRawTransaction", raw)) for raw in raws[:SINGLES]]
    batches = [
        orjson.dumps([request("eth_sendRawTransaction", raw) for raw in raws[at : at + BATCH]])
        for at in range(SINGLES, len(raws), BATCH)
    ]
    # On one connection: on several, nonces overtake each other, and too many may wait for one.
    one_by_one = SINGLES / wrk.seconds_for_each(server.port, singles, folder, connections=1)
    in_batches = BATCHED / wrk.seconds_for_each(server.port, batches, folder, connections=1)
    server.mine()
    return {
        "eth_sendRawTransaction, one at a time": one_by_one,
        "eth_sendRawTransaction, batches of 100": in_batches,
    }


def ceiling(folder: Path) -> float | None:
    """Requests a second that wrk makes where the server does next to nothing."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    program = folder / "constant_answer"
    source = ROOT / "benchmarks" / "rpc_parts" / "constant_answer.c"
    subprocess.run([compiler, "-O2", str(source), "-o", str(program)], check=True)
    port = free_port()
    with running([program, str(port)], port):
        body = orjson.dumps(request("eth_blockNumber"))
        return wrk.same_over_and_over(port, body, folder).per_second


def anvil_binary(folder: Path) -> Path | None:
    npm = load_module("npm_project", ROOT / "tests" / "localnet" / "npm_project.py")
    try:
        return npm.foundry(npm.install(folder / "npm", "@foundry-rs/anvil"), "anvil")
    except npm.NpmMissing as error:
        print(f"without anvil: {error}")
        return None


def print_tables(rates: Figures, costs: Figures, limit: float | None) -> None:
    for title, figures in (("a second", rates), ("µs of CPU each", costs)):
        print(f"{title:42} {'zerog':>9} {'anvil':>9} {'zerog / anvil':>14}")
        for name, by_server in figures.items():
            ours, peer = by_server["zerog"], by_server.get("anvil")
            beside = "" if peer is None else f"{peer:9,.0f} {ours / peer:14.2f}"
            print(f"{name:42} {ours:9,.0f} {beside}")
    if limit is None:
        print("wrk's own ceiling is not measured: cc is missing")
        return
    fastest = max(max(by_server.values()) for by_server in rates.values())
    print(
        f"wrk against a constant answer: {limit:,.0f} a second, {limit / fastest:.1f} the fastest"
    )


def print_guards(figures: Figures) -> None:
    for name, by_server in figures.items():
        ours = by_server["zerog"]
        share = ours / by_server.get("anvil", ours)
        if name.startswith("eth_call") and ours < CALLS_MIN:
            print(f"guard: {name}: {ours:.0f}, at least {CALLS_MIN}")
        if name.startswith(GUARDED) and share < SHARE_MIN:
            print(f"guard: {name}: {share:.2f} of anvil, at least {SHARE_MIN}")


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    solo_node = load_module("solo_node", ROOT / "tests" / "node" / "json_rpc" / "solo_node.py")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        node = stack.enter_context(solo_node.SoloNode(folder))
        servers: list[Server] = [Ours(node, node.rpc())]
        binary = anvil_binary(folder)
        if binary is not None:
            servers.append(stack.enter_context(anvil(binary)))
        limit = ceiling(folder)
        rates, costs = asked_over_and_over(servers, folder)
        for server in servers:
            for name, figure in submitted(server, folder).items():
                rates.setdefault(name, {})[server.name] = figure
        print_tables(rates, costs, limit)
        print_guards(rates)
        for server in servers:
            heard = subscribers.measure(server, SUBSCRIBERS)
            print(
                f"{server.name}: {SUBSCRIBERS:,} subscribers, from the first to the last that hears "
                f"of a block {heard.median_ms:.0f} ms, at worst {heard.worst_ms:.0f}"
            )


if __name__ == "__main__":
    main()
