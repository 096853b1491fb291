"""`zerog abi NAME`: the ABI of one of our precompiles or contracts, as the JSON that every library reads."""

import json
from importlib.resources import files
from typing import Any, Final

from genesis import contracts
from genesis.contracts import artifact
from node.errors import OperatorError

PRECOMPILES: Final = {
    "DASigners": "da_signers/abi.json",
    "DAEntrance": "da_entrance/abi.json",
    "WrappedA0GIBase": "wrapped_a0gi_base/abi.json",
    "Flow": "storage_flow/flow_abi.json",
    "Market": "storage_flow/market_abi.json",
    "DigestHistory": "storage_flow/root_history_abi.json",
}
"""Name → its file in `precompiles`; the contract DAEntrance has the precompile's ABI."""


def print_abi(name: str | None) -> int:
    """Print the ABI, or the names there are; raises `OperatorError` of an unknown one. The exit code."""
    print("\n".join(names()) if name is None else json.dumps(abi_of(name), indent=2))
    return 0


def names() -> list[str]:
    """Of everything that has an ABI, without the interfaces that repeat one."""
    folder = files(contracts.__name__) / "artifacts"
    found = {item.name.removesuffix(".json") for item in folder.iterdir()} | PRECOMPILES.keys()
    return sorted(name for name in found if not (name[0] == "I" and name[1:] in found))


def abi_of(name: str) -> list[dict[str, Any]]:
    """By name, capitals or not, `IDAEntrance` and the like too; raises `OperatorError`."""
    known = {one.lower(): one for one in [*names(), *_interfaces()]}
    found = known.get(name.lower())
    if found is None:
        raise OperatorError(f"no contract {name!r}; there are {', '.join(names())}")
    if found not in PRECOMPILES:
        return list(artifact(found).abi)
    text = files("precompiles").joinpath(PRECOMPILES[found]).read_text(encoding="utf-8")
    parsed: list[dict[str, Any]] = json.loads(text)
    return parsed


def _interfaces() -> list[str]:
    folder = files(contracts.__name__) / "artifacts"
    return [item.name.removesuffix(".json") for item in folder.iterdir() if item.name[0] == "I"]
