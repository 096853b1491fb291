"""Other people's precompiles: finds the installed packages that the genesis document names, and loads them.

A package offers one factory under the entry point group `zerog.precompiles`:
`factory(parameters: dict) -> Sequence[ContractFunction]`. What is missing, or there in another version,
keeps the node from starting: it would compute other blocks than the rest of the network.
"""

import copy
from collections.abc import Iterable
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution
from typing import Any, Final

from eth_typing import Address

from chain.config import ChainConfig
from chain.plugins import Plugin
from node.errors import PluginUnusable
from node.plugin_calls import PluginCalls
from precompiles.interface import Precompile
from precompiles.plugin import InvalidTable, PluginPrecompile

ENTRY_POINT_GROUP: Final = "zerog.precompiles"


def load_plugins(config: ChainConfig) -> dict[Address, Precompile]:
    """Every plug-in of the chain by address, active yet or not. Raises `PluginUnusable`."""
    return {plugin.address: _load(plugin) for plugin in config.plugins}


def _load(plugin: Plugin) -> Precompile:
    factory = _factory(plugin, _entry_point(plugin, _distribution(plugin)))
    functions = _functions(plugin, factory)
    calls = PluginCalls(f"{plugin.package} {plugin.version}")
    try:
        return PluginPrecompile(plugin.address, functions, calls.run)
    except InvalidTable as error:
        raise _unusable(plugin, f"its table is wrong: {error}") from None


def _distribution(plugin: Plugin) -> Distribution:
    wanted = f"{plugin.package}=={plugin.version}"
    try:
        found = distribution(plugin.package)
    except PackageNotFoundError:
        raise _unusable(plugin, f"it is not installed; install {wanted}") from None
    if found.version != plugin.version:
        why = f"version {found.version} is installed; install {wanted}"
        raise _unusable(plugin, why)
    return found


def _entry_point(plugin: Plugin, package: Distribution) -> EntryPoint:
    offered = [entry for entry in package.entry_points if entry.group == ENTRY_POINT_GROUP]
    if len(offered) != 1:
        why = f"it has {len(offered)} entry points in group {ENTRY_POINT_GROUP}; expected one"
        raise _unusable(plugin, why)
    return offered[0]


def _factory(plugin: Plugin, entry_point: EntryPoint) -> Any:
    try:
        return entry_point.load()
    # Foreign code runs here: whatever it raises is its author's to mend, and stops our start.
    except (Exception, SystemExit) as error:
        raise _unusable(plugin, f"{entry_point.value} cannot be loaded: {_told(error)}") from error


def _functions(plugin: Plugin, factory: Any) -> list[object]:
    parameters = copy.deepcopy(dict(plugin.parameters))
    try:
        functions = factory(parameters)
        if not isinstance(functions, Iterable):
            raise TypeError(f"answered {type(functions).__name__}, expected a list of functions")
        return list(functions)
    # As above.
    except (Exception, SystemExit) as error:
        raise _unusable(plugin, f"its factory failed: {_told(error)}") from error


def _unusable(plugin: Plugin, why: str) -> PluginUnusable:
    return PluginUnusable(plugin.package, plugin.version, f"0x{plugin.address.hex()}", why)


def _told(error: Exception | SystemExit) -> str:
    """One line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
