"""Errors that a person at the command line can mend: one line each, exit code 2, no traceback."""

import errno
from pathlib import Path


class OperatorError(Exception):
    """Something about the files, flags or machine that the operator gave us."""


class DirectoryInUse(OperatorError):
    """Another process holds the lock of a data directory."""

    def __init__(self, path: Path, pid: str) -> None:
        super().__init__(
            f"{path}: in use by process {pid}; stop it first or choose another --datadir"
        )
        self.path, self.pid = path, pid


class InvalidConfig(OperatorError):
    """A field of config.toml, the environment or a flag that cannot be used."""

    def __init__(self, source: str, field: str, expected: str, got: object) -> None:
        where = source if source.endswith(field) else f"{source}: {field}"
        super().__init__(f"{where}: expected {expected}, got {got!r}")
        self.source, self.field, self.expected, self.got = source, field, expected, got


class MissingFile(OperatorError):
    """A file that has to be there is not."""

    def __init__(self, path: Path, what: str, remedy: str) -> None:
        super().__init__(f"{path}: {what} is missing; {remedy}")
        self.path = path


class InvalidFile(OperatorError):
    """A file is there but cannot be used; `why` names the field and what was expected."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why


class PortInUse(OperatorError):
    """Somebody else listens where we want to."""

    def __init__(self, host: str, port: int, flag: str) -> None:
        super().__init__(
            f"{host}:{port} is in use; stop what listens there or choose another {flag}"
        )
        self.host, self.port = host, port


class PluginUnusable(OperatorError):
    """The genesis document names a precompile that this installation does not bring."""

    def __init__(self, package: str, version: str, address: str, why: str) -> None:
        super().__init__(
            f"the genesis document names plug-in {package} {version} at {address}: {why}"
        )
        self.package, self.version, self.address, self.why = package, version, address, why


def cannot_listen(error: OSError, host: str, port: int, flag: str) -> OperatorError:
    """Why `host`:`port` cannot be listened on; `flag` is the one that chooses the port."""
    if error.errno == errno.EADDRINUSE:
        return PortInUse(host, port, flag)
    return OperatorError(f"{host}: cannot listen on port {port} there: {error.strerror or error}")


class DevnetMismatch(OperatorError):
    """A devnet directory was made with other values than the flags ask for."""

    def __init__(self, path: Path, flag: str, stored: object, asked: object) -> None:
        if isinstance(asked, bool):
            made, started = ("with", "without") if stored else ("without", "with")
            text = f"made {made} {flag}, started {started} it; use the same"
        else:
            text = f"made with {flag} {stored}, started with {flag} {asked}; use {flag} {stored}"
        super().__init__(f"{path}: {text}, another --datadir, or --reset to begin anew")
        self.stored, self.asked = stored, asked
