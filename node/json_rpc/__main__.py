"""Runs one JSON-RPC process alone, from a file of settings: `python -m node.json_rpc rpc.json`.

The file is a JSON object with the fields of `RpcSettings`; the port goes to standard output once
connections are accepted. The node starts its process itself; this is for tests and for reading a
database whose node is stopped.
"""

import sys
from pathlib import Path
from typing import Any

import orjson

from node.errors import OperatorError
from node.json_rpc.server import run
from node.json_rpc.settings import RpcSettings
from node.telemetry import start_logging

EXIT_OPERATOR_ERROR = 2


def settings_of(fields: dict[str, Any]) -> RpcSettings:
    """From parsed JSON; raises `TypeError` naming a field that is unknown or missing."""
    fields = fields | {name: Path(fields[name]) for name in ("database", "socket", "genesis")}
    if fields.get("jwt_secret") is not None:
        fields["jwt_secret"] = Path(fields["jwt_secret"])
    for name in ("cors_origins", "virtual_hosts", "unlocked_keys"):
        if name in fields:
            fields[name] = tuple(fields[name])
    return RpcSettings(**fields)


def main() -> int:
    """The exit code: 0 after a signal, 2 where the operator can mend what is wrong."""
    settings = settings_of(orjson.loads(Path(sys.argv[1]).read_bytes()))
    start_logging(settings.log_level, "text")
    try:
        run(settings, lambda port: print(port, flush=True))
    except OperatorError as error:
        print(error, file=sys.stderr)
        return EXIT_OPERATOR_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
