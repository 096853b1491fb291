"""The uploads that a DA entrance announced in finalized blocks."""

import threading
from collections import OrderedDict

from node.client.json_rpc import RpcClient
from node.da.blobs import BlobName
from node.da.commitments import CommitmentContract, Upload

UPLOADS_MAX = 10_000
"""Kept; the oldest are forgotten first."""
LOOK_BACK_BLOCKS = 28_800
"""How far behind the first look begins: an epoch of 0G's."""


class UploadWatch:
    """Follows the chain's finalized blocks; may be asked from any thread."""

    def __init__(self, client: RpcClient, entrance: str) -> None:
        self._contract = CommitmentContract(client, entrance)
        self._lock = threading.Lock()
        self._uploads: OrderedDict[BlobName, Upload] = OrderedDict()
        self._finalized = -1

    @property
    def finalized(self) -> int:
        """Up to which block it has looked; -1: none yet."""
        return self._finalized

    @property
    def count(self) -> int:
        return len(self._uploads)

    def catch_up(self) -> None:
        """Look at what has been finalized since; raises what the client raises."""
        with self._lock:
            final = self._contract.client.call("eth_getBlockByNumber", "finalized", False)
            last = int(final["number"], 16) if final else -1
            if last <= self._finalized:
                return
            first = max(self._finalized + 1, last - LOOK_BACK_BLOCKS)
            for upload in self._contract.uploads(first, last):
                self._uploads[upload.name] = upload
            while len(self._uploads) > UPLOADS_MAX:
                self._uploads.popitem(last=False)
            self._finalized = last

    def find(self, name: BlobName) -> Upload | None:
        """The upload of that root for that quorum; looks at new blocks if it is not known yet."""
        if name not in self._uploads:
            self.catch_up()
        return self._uploads.get(name)
