"""Contracts that verify and keep commitments: 0G's DA entrance, and the Solidity verifier.

Both take the same submissions; only the entrance also takes uploads, which it announces to the signers.
"""

from dataclasses import dataclass

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from genesis.contracts import artifact
from node.client.contract_calls import Contract, gas_for, reason_of
from node.client.json_rpc import RpcClient, RpcError
from node.client.wallet import Wallet
from node.da.blobs import BlobName
from node.da.da_signers import logs_of
from node.da.errors import NothingThere, Reverted
from node.da.json_forms import parse_address
from node.da.submission import Submission
from precompiles.bn254_unchecked import INFINITY, Point

DA_ENTRANCE = "0x000000000000000000000000000000000000da01"
UPLOAD_TOPIC = "0x" + keccak(b"DataUpload(address,bytes32,uint256,uint256,uint256)").hex()
_UPLOAD_TYPES = ("address", "bytes32", "uint256", "uint256", "uint256")
UPLOAD_GAS_SPARE = 300_000
"""On top of an upload's estimate: the block that it gets into may begin an epoch or a sampling round,
which the upload then pays for, and which the estimate, made a block earlier, knows nothing of."""
_SUBMIT_UPLOAD = keccak(b"submitOriginalData(bytes32[])")[:4]
_BLOB_PRICE = keccak(b"blobPrice()")[:4]


@dataclass(frozen=True, slots=True)
class Upload:
    """A DataUpload event: somebody wants this data root signed by this quorum."""

    sender: Address
    data_root: Hash32
    epoch: int
    quorum_id: int
    block: int
    """In which block it was."""

    @property
    def name(self) -> BlobName:
        return self.data_root, self.epoch, self.quorum_id


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that succeeded."""

    transaction_hash: str
    block: int
    gas_used: int


class CommitmentContract:
    """A DA entrance or DA verifier at an address."""

    def __init__(self, client: RpcClient, address: str = DA_ENTRANCE) -> None:
        self.client = client
        self.address = address
        # Part of the entrance's interface, with the same selectors (facts §2).
        self._contract = Contract(client, address, artifact("IDAVerifier"))

    @property
    def is_there(self) -> bool:
        return bool(self.client.call("eth_getCode", self.address, "latest") != "0x")

    def check_is_there(self) -> None:
        """Raises `NothingThere`."""
        if not self.is_there:
            raise NothingThere(self.address)

    def commitment(self, name: BlobName) -> Point | None:
        """The verified commitment; None where there is none (infinity counts as none, facts §2).

        Raises `NothingThere` where the address has another kind of contract.
        """
        try:
            [kept] = self._contract.call("verifiedErasureCommitment", *name)
        except (RpcError, DecodingError):
            raise NothingThere(self.address) from None
        point = (int(kept[0]), int(kept[1]))
        return None if point == INFINITY else point

    def check(self, submission: Submission) -> None:
        """Ask whether the contract would take it; raises `Reverted` with the contract's reason.

        One whose blob has a verified commitment already is passed over by the contract, not checked.
        """
        try:
            self._contract.call("submitVerifiedCommitRoots", [submission.as_argument()])
        except RpcError as error:
            raise Reverted("the contract refuses the submission", reason_of(error)) from None

    def submit(self, wallet: Wallet, submission: Submission) -> Sent:
        """Have it verified and kept; raises `Reverted`."""
        data = self._contract.data("submitVerifiedCommitRoots", [submission.as_argument()])
        return self._send(wallet, data, 0, "the contract refuses the submission")

    def blob_price_wei(self) -> int:
        """What an upload costs for each root; raises `Reverted` where the contract takes none."""
        request = {"to": self.address, "data": "0x" + _BLOB_PRICE.hex()}
        try:
            return int(self.client.call("eth_call", request, "latest"), 16)
        except (RpcError, ValueError):
            raise Reverted(f"{self.address} takes no uploads", "it is no DA entrance") from None

    def upload(self, wallet: Wallet, data_root: Hash32) -> tuple[Upload, Sent]:
        """Announce a data root to the signers, with the contract's price as value.

        The contract says for which epoch and quorum. Raises `Reverted`.
        """
        data = _SUBMIT_UPLOAD + encode(["bytes32[]"], [[data_root]])
        price = self.blob_price_wei()
        sent = self._send(wallet, data, price, "the upload is refused", UPLOAD_GAS_SPARE)
        for upload in self.uploads(sent.block, sent.block):
            if upload.data_root == data_root:
                return upload, sent
        raise Reverted("the upload is refused", f"{sent.transaction_hash} has no DataUpload event")

    def uploads(self, first_block: int, last_block: int) -> list[Upload]:
        """The uploads in those blocks, in their order."""
        logs = logs_of(self.client, self.address, UPLOAD_TOPIC, first_block, last_block)
        return [_upload(entry["data"], int(entry["blockNumber"], 16)) for entry in logs]

    def _send(self, wallet: Wallet, data: bytes, value: int, what: str, gas_spare: int = 0) -> Sent:
        try:
            gas = gas_for(self.client, wallet.address, self.address, data, value) + gas_spare
        except RpcError as error:
            raise Reverted(what, reason_of(error)) from None
        transaction_hash = wallet.send(self.address, data, gas=gas, value=value)
        receipt = self.client.receipt(transaction_hash)
        block = int(receipt["blockNumber"], 16)
        if receipt["status"] != "0x1":
            raise Reverted(what, f"transaction {transaction_hash} failed in block {block}")
        return Sent(transaction_hash, block, int(receipt["gasUsed"], 16))


def _upload(data: str, block: int) -> Upload:
    sender, data_root, epoch, quorum_id, _ = decode(_UPLOAD_TYPES, bytes.fromhex(data[2:]))
    return Upload(parse_address("sender", sender), Hash32(data_root), epoch, quorum_id, block)
