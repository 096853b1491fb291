"""Plug-ins in a genesis document: their entries, and the code of those that are there from block zero."""

from collections.abc import Mapping, Sequence
from typing import Any

from chain.config import ChainConfig
from chain.engine import AccountChange
from chain.errors import InvalidConfig
from chain.plugins import read_plugins
from genesis.errors import InvalidGenesis, shown
from genesis.fields import integer_of
from precompiles.dispatch import CODE_BYTE


def with_plugins(
    document: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The same document with plug-ins in it; raises InvalidGenesis naming the field that is wrong."""
    config, alloc = dict(document["config"]), dict(document["alloc"])
    try:
        plugins = read_plugins(list(entries))
    except InvalidConfig as error:
        raise InvalidGenesis(f"config.{error.field}", error.expected, shown(error.got)) from error
    config["zerog"] = {**config.get("zerog", {}), "plugins": list(entries)}
    begins = integer_of("timestamp", document.get("timestamp", 0))
    for plugin in plugins:
        if plugin.activation_time <= begins:
            key = f"0x{plugin.address.hex()}"
            code = {"balance": "0x0", "code": f"0x{CODE_BYTE.hex()}"}
            # Code that is there already stays, for `check_plugins` to find.
            alloc[key] = code | alloc.get(key, {})
    return {**document, "config": config, "alloc": alloc}


def check_plugins(config: ChainConfig, alloc: tuple[AccountChange, ...]) -> None:
    """Raises InvalidGenesis where `alloc` has another contract at the address of a plug-in.

    Without code there the plug-in gets it in the first block in which it is active.
    """
    codes = {change.address: change.code for change in alloc}
    for plugin in config.plugins:
        if codes.get(plugin.address) not in (None, CODE_BYTE):
            field = f"alloc.0x{plugin.address.hex()}.code"
            raise InvalidGenesis(field, f"0x01 or none: {plugin.package} is there", "other code")
