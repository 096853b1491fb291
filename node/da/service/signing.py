"""When a signer signs, as 0G's nodes decide it: uploaded in a finalized block, own rows, not verified yet.

What a 0G node also checks, that the rows it was sent belong to the commitment, needs the encoded
data and is not done here: these signers are for development networks (facts §2, signer side).
"""

from collections import OrderedDict
from dataclasses import dataclass

from node.client.json_rpc import RpcClient
from node.da.blobs import Blob, BlobSignature
from node.da.commitments import CommitmentContract
from node.da.da_signers import DaSigners
from node.da.errors import DaRefusal, NotRegisteredForEpoch
from node.da.json_forms import address_text
from node.da.quorums import Quorum
from node.da.service.settings import ServiceSettings
from node.da.service.uploads import UploadWatch

QUORUMS_KEPT_MAX = 16


class SwitchedOff(DaRefusal):
    """The signer was switched off, to see what its absence does."""

    def __init__(self, index: int) -> None:
        super().__init__(f"signer {index} is switched off; POST /signers/{index}/switch-on")
        self.index = index


class NotUploaded(DaRefusal):
    """No upload of this root for this quorum in a finalized block."""

    def __init__(self, blob: Blob, entrance: str, finalized: int) -> None:
        super().__init__(
            f"0x{blob.data_root.hex()} is not uploaded for epoch {blob.epoch}, quorum "
            f"{blob.quorum_id}, in any finalized block up to {finalized} of {entrance}; upload it "
            "first (`zerog da upload`) and take epoch and quorum from its DataUpload event"
        )
        self.blob, self.finalized = blob, finalized


class AlreadyVerified(DaRefusal):
    """The contract has the commitment; nothing is left to sign."""

    def __init__(self, blob: Blob) -> None:
        super().__init__(
            f"0x{blob.data_root.hex()} has a verified commitment for epoch {blob.epoch}, quorum "
            f"{blob.quorum_id}; nothing is left to sign"
        )
        self.blob = blob


@dataclass(frozen=True, slots=True)
class SignedRows:
    """An answer: the signature, and how many rows of the quorum it stands for."""

    signature: BlobSignature
    rows: int


class SigningDesk:
    """All signers of a process; not to be shared between threads."""

    def __init__(self, settings: ServiceSettings, client: RpcClient, uploads: UploadWatch) -> None:
        self._settings = settings
        self._signers = DaSigners(client)
        self._contract = CommitmentContract(client, settings.entrance)
        self._uploads = uploads
        self._quorums: OrderedDict[tuple[int, int], Quorum] = OrderedDict()
        self._off: set[int] = set()

    def is_on(self, index: int) -> bool:
        return index not in self._off

    def switch(self, index: int, *, is_on: bool) -> None:
        """Off: it stays registered, with its rows in each quorum, and signs nothing."""
        if is_on:
            self._off.discard(index)
        else:
            self._off.add(index)

    def sign(self, index: int, blob: Blob) -> SignedRows:
        """That signer's signature.

        Raises `SwitchedOff`, `NotUploaded`, `NotRegisteredForEpoch` or `AlreadyVerified`, and what
        the client raises where the node is away.
        """
        if not self.is_on(index):
            raise SwitchedOff(index)
        account = self._settings.accounts[index]
        if self._uploads.find(blob.name) is None:
            raise NotUploaded(blob, self._settings.entrance, self._uploads.finalized)
        rows = len(self._quorum(blob.epoch, blob.quorum_id).rows_of(account.address))
        if not rows:
            who = address_text(account.address)
            raise NotRegisteredForEpoch(who, blob.epoch, blob.quorum_id)
        if self._contract.commitment(blob.name) is not None:
            raise AlreadyVerified(blob)
        return SignedRows(account.key.sign_blob(account.address, blob), rows)

    def _quorum(self, epoch: int, quorum_id: int) -> Quorum:
        """Kept: a quorum never changes once its epoch has begun."""
        name = (epoch, quorum_id)
        if name not in self._quorums:
            self._quorums[name] = self._signers.quorum(epoch, quorum_id)
            if len(self._quorums) > QUORUMS_KEPT_MAX:
                self._quorums.popitem(last=False)
        return self._quorums[name]
