"""Files of `--plugin`: entries of `config.zerog.plugins`, put into a genesis document that is being made."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from node.errors import InvalidFile, MissingFile, OperatorError


def read_entry(path: Path) -> Mapping[str, Any]:
    """One plug-in's entry, a JSON object; raises `OperatorError`."""
    try:
        entry = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise MissingFile(path, "the plug-in's entry", "see docs/tutorial-precompile.md") from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise InvalidFile(path, f"expected JSON: {error}") from None
    if not isinstance(entry, dict):
        raise InvalidFile(path, "expected a JSON object")
    return entry


def extended(
    document: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The document with these plug-ins; raises `OperatorError` naming the field that is wrong."""
    # Imported here, so that the command line reads such files without py-evm.
    from genesis.document import load_document
    from genesis.errors import InvalidGenesis
    from genesis.plugin_alloc import with_plugins

    if not entries:
        return document
    try:
        made = with_plugins(document, entries)
        load_document(made)
    except InvalidGenesis as error:
        raise OperatorError(f"--plugin: {error}") from None
    return made
