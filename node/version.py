"""The version of the installed distribution."""

import importlib.metadata


def version() -> str:
    """E.g. `0.1.0`."""
    return importlib.metadata.version("zerog-chain")
