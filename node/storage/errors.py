"""What can be wrong with a file, a segment, a submission or a peer of the storage node."""

from typing import Any


class StorageError(Exception):
    """Root of what the storage node refuses or reports."""


class InvalidProof(StorageError):
    """A proof does not lead from its segment to the file's root."""


class RefusedRequest(StorageError):
    """A caller's fault, in the shape that 0G's SDKs expect (`Invalid params: …` and `data`)."""

    code = -32_602

    def __init__(self, parameter: str, why: str) -> None:
        super().__init__(f"Invalid params: {parameter}: {why}")
        self.parameter, self.why = parameter, why

    @property
    def data(self) -> Any:
        return self.why


class AlreadyFinalized(RefusedRequest):
    """Every segment of the file that is this node's to hold is there."""

    def __init__(self) -> None:
        # Both SDKs look for this phrase and take it for success.
        super().__init__("root", "already uploaded and finalized")


class NotStored(StorageError):
    """This node has no such segment."""


class DamagedSegment(StorageError):
    """What the disk holds does not match the file's root; it is never served."""

    def __init__(self, root: bytes, index: int) -> None:
        super().__init__(f"segment {index} of 0x{root.hex()} is damaged on disk and is not served")
        self.root, self.index = root, index


class QuotaExceeded(StorageError):
    """The node may not keep so much."""

    def __init__(self, quota_bytes: int) -> None:
        super().__init__(f"disk quota of {quota_bytes:,} bytes is used up")
        self.quota_bytes = quota_bytes


class PeerFault(StorageError):
    """A peer answers what it must not; it is left alone for a while."""


class TransferFailed(StorageError):
    """A file could not be stored or fetched; the message names the segment where there is one."""


class InvalidSubmission(StorageError):
    """A log of the Flow address that is no Submit event."""
