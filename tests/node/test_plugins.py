"""Finding, loading and running plug-ins: packages in a folder on the path, as pip leaves them."""

import json
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.config import ChainConfig
from node.cli import main
from node.errors import PluginUnusable
from node.json_rpc.server import run as serve_json_rpc
from node.json_rpc.settings import RpcSettings
from node.plugin_calls import RECURSION_LIMIT, PluginCalls
from node.plugins import load_plugins
from precompiles.contract import refusal
from precompiles.errors import Refusal
from precompiles.plugin import PluginFault, PluginPrecompile

ADDRESS = f"0x{0x7701:040x}"
MULTICALL3 = "0xca11bde05977b3631167028862be2a173976ca11"
SOURCE = """
from precompiles.contract import ContractFunction

def functions(parameters):
    step = parameters.setdefault("step", 1)
    return [ContractFunction("step()", lambda call: (step,), gas=10, returns="(uint256)")]
"""
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """`install(source, …)`: a package `zerog-test-counter` with one module, as an installer leaves it."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(site)

    def put(
        source: str = SOURCE,
        version: str = "1.0",
        entry_points: str = "[zerog.precompiles]\ncounter = test_counter:functions\n",
    ) -> None:
        folder = site / f"zerog_test_counter-{version}.dist-info"
        folder.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: zerog-test-counter\nVersion: {version}\n"
        (folder / "METADATA").write_text(metadata)
        (folder / "entry_points.txt").write_text(entry_points)
        (site / "test_counter.py").write_text(source)
        monkeypatch.delitem(sys.modules, "test_counter", raising=False)

    return put


def entry(**change: Any) -> dict[str, Any]:
    plain = {"package": "zerog-test-counter", "version": "1.0", "address": ADDRESS}
    return {**plain, "activationTime": 0, **change}


def config_of(*entries: dict[str, Any]) -> ChainConfig:
    return ChainConfig.from_genesis({"chainId": 1, "zerog": {"plugins": list(entries)}})


def test_a_plugin_is_loaded_by_its_packages_entry_point(install: Install) -> None:
    install()
    config = config_of(entry())
    plugins = load_plugins(config)
    [(address, plugin)] = plugins.items()
    assert f"0x{address.hex()}" == ADDRESS
    assert isinstance(plugin, PluginPrecompile)
    assert [function.signature for function in plugin.functions] == ["step()"]


def test_a_factory_gets_a_copy_of_the_parameters(install: Install) -> None:
    """The one above writes into them; the chain's configuration must not change by that."""
    install()
    config = config_of(entry(parameters={"other": [1]}))
    load_plugins(config)
    assert config.plugins[0].parameters == {"other": [1]}


def test_a_plugin_that_begins_later_has_to_be_there_already(install: Install) -> None:
    with pytest.raises(PluginUnusable):
        load_plugins(config_of(entry(activationTime=2**40)))


def test_a_chain_without_plugins_needs_none() -> None:
    assert load_plugins(ChainConfig.from_genesis({"chainId": 1})) == {}


def complaint(*entries: dict[str, Any]) -> str:
    with pytest.raises(PluginUnusable) as refused:
        load_plugins(config_of(*entries))
    text = str(refused.value)
    assert "\n" not in text
    assert f"zerog-test-counter 1.0 at {ADDRESS}: " in text
    return text


def test_a_missing_package_is_named() -> None:
    assert complaint(entry()).endswith("it is not installed; install zerog-test-counter==1.0")


def test_another_version_is_named_with_the_wanted_one(install: Install) -> None:
    install(version="1.0.1")
    wanted = "version 1.0.1 is installed; install zerog-test-counter==1.0"
    assert complaint(entry()).endswith(wanted)


@pytest.mark.parametrize(
    ("entry_points", "count"),
    [
        ("", 0),
        ("[console_scripts]\ncounter = test_counter:functions\n", 0),
        ("[zerog.precompiles]\na = test_counter:functions\nb = test_counter:functions\n", 2),
    ],
)
def test_a_package_offers_exactly_one_factory(
    install: Install, entry_points: str, count: int
) -> None:
    install(entry_points=entry_points)
    assert f"it has {count} entry points in group zerog.precompiles" in complaint(entry())


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("functions = 1 // 0", "cannot be loaded: ZeroDivisionError"),
        ("other = 1", "cannot be loaded: AttributeError"),
        ("import nowhere_to_be_found", "cannot be loaded: ModuleNotFoundError"),
        ("functions = 5", "its factory failed: TypeError"),
        ("def functions(parameters): raise ValueError('two\\nlines')", "ValueError: two lines"),
        ("def functions(parameters): return None", "answered NoneType, expected a list"),
        ("def functions(parameters): return []", "its table is wrong: 0 functions"),
        ("def functions(parameters): return ['f()']", "str in place of a ContractFunction"),
        ("def functions(parameters): raise SystemExit(3)", "its factory failed: SystemExit"),
    ],
)
def test_a_package_that_does_not_work_is_refused_with_the_reason(
    install: Install, source: str, why: str
) -> None:
    install(source)
    assert why in complaint(entry())


# Nodes.


def prepared(tmp_path: Path) -> Path:
    """The directory of a validator whose genesis names a plug-in, made as a user makes it."""
    entry_file = tmp_path / "counter.json"
    entry_file.write_text(json.dumps(entry()))
    root = tmp_path / "node"
    command = ["init", "--datadir", str(root), "--devnet", "--plugin", str(entry_file)]
    assert main(command) == 0
    return root


def test_init_writes_the_entry_and_the_code_into_the_genesis(tmp_path: Path) -> None:
    genesis = json.loads((prepared(tmp_path) / "genesis.json").read_text())
    assert genesis["config"]["zerog"]["plugins"] == [entry()]
    assert genesis["alloc"][ADDRESS] == {"balance": "0x0", "code": "0x01"}


def test_a_given_genesis_has_its_plugins_already(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = prepared(tmp_path)
    capsys.readouterr()
    command = [
        "init",
        "--datadir",
        str(tmp_path / "other"),
        "--genesis",
        str(root / "genesis.json"),
    ]
    assert main([*command, "--full-node", "--plugin", str(tmp_path / "counter.json")]) == 2
    assert "--plugin is for a new chain" in capsys.readouterr().err


def test_a_node_that_lacks_a_plugin_refuses_to_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = prepared(tmp_path)
    capsys.readouterr()
    assert main(["run", "--datadir", str(root)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        f"zerog: the genesis document names plug-in zerog-test-counter 1.0 at {ADDRESS}: "
        "it is not installed; install zerog-test-counter==1.0"
    ]
    assert not (root / "database").exists()


def test_a_json_rpc_process_that_lacks_a_plugin_refuses_to_start(tmp_path: Path) -> None:
    root = prepared(tmp_path)
    settings = RpcSettings(
        database=root / "database",
        socket=root / "socket",
        genesis=root / "genesis.json",
        host="127.0.0.1",
        port=0,
    )
    with pytest.raises(PluginUnusable, match="not installed"):
        serve_json_rpc(settings)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "JSON"),
        ("{}", r"config\.zerog\.plugins\[0\]\.address"),
        (json.dumps(entry(address=f"0x{0x1000:040x}")), "reserved"),
        (json.dumps(entry(address=MULTICALL3)), "0x01 or none"),
    ],
)
def test_init_refuses_an_entry_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    entry_file = tmp_path / "counter.json"
    entry_file.write_text(text)
    root = tmp_path / "node"
    command = ["init", "--datadir", str(root), "--devnet", "--plugin", str(entry_file)]
    assert main(command) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert re.search(why, line), line
    assert not root.exists()
    devnet = ["devnet", "--datadir", str(root), "--plugin", str(entry_file)]
    assert main([*devnet, "--port", "21870", "--p2p-port", "21880"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert re.search(why, line), line


def test_a_devnet_that_lacks_a_plugin_refuses_to_start_and_remembers_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry_file = tmp_path / "counter.json"
    entry_file.write_text(json.dumps(entry()))
    devnet = ["devnet", "--datadir", str(tmp_path / "devnet"), "--port", "21870"]
    devnet += ["--p2p-port", "21880"]
    assert main([*devnet, "--plugin", str(entry_file)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "zerog-test-counter 1.0" in line
    assert "it is not installed" in line
    assert main(devnet) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "made with --plugin {" in line


# Calls.


def depth_left() -> int:
    """How deep Python still recurses from here."""

    def descend(depth: int) -> int:
        try:
            return descend(depth + 1)
        except RecursionError:
            return depth

    return descend(0)


def at_depth(depth: int, work: Callable[[], Any]) -> Any:
    return work() if depth == 0 else at_depth(depth - 1, work)


def test_plugins_recurse_as_deep_wherever_they_are_called_from() -> None:
    """Else a caller could choose a depth at which the builder succeeds and the others fail."""
    run = PluginCalls("counter 1.0").run
    found = {at_depth(depth, lambda: run("f()", depth_left)) for depth in (0, 1, 100, 700)}
    assert len(found) == 1
    assert len({at_depth(depth, depth_left) for depth in (0, 100)}) == 2


def test_plugins_recurse_as_deep_whatever_libraries_allow_themselves() -> None:
    run = PluginCalls("counter 1.0").run
    limit = sys.getrecursionlimit()
    found = set()
    try:
        for other in (RECURSION_LIMIT // 2, RECURSION_LIMIT, 100_000):
            sys.setrecursionlimit(other)
            found.add(run("f()", depth_left))
            assert sys.getrecursionlimit() == other
    finally:
        sys.setrecursionlimit(limit)
    assert len(found) == 1


def test_recursion_through_c_code_ends_the_call_and_not_the_process() -> None:
    def descend(_: int) -> int:
        return sorted([1, 2], key=descend)[0]

    with pytest.raises(PluginFault, match="RecursionError"):
        PluginCalls("counter 1.0").run("f()", lambda: descend(0))


def test_what_a_contract_raises_passes_and_anything_else_is_named_a_fault() -> None:
    run = PluginCalls("counter 1.0").run

    def raising(error: BaseException) -> Callable[[], Any]:
        def work() -> Any:
            raise error

        return work

    assert run("f()", lambda: 5) == 5
    with pytest.raises(Refusal):
        run("f()", raising(refusal("no")))
    for error in (ValueError("a\nbug"), SystemExit(3), KeyboardInterrupt(), GeneratorExit()):
        with pytest.raises(PluginFault, match=r"counter 1\.0, f\(\): " + type(error).__name__):
            run("f()", raising(error))


def test_other_threads_keep_their_stack_size() -> None:
    before = threading.stack_size()
    PluginCalls("counter 1.0").run("f()", lambda: None)
    assert threading.stack_size() == before
