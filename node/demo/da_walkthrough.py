"""Ten DA signers, one epoch, one blob: registered, signed, refused where it must be, verified on chain."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from eth_utils import to_canonical_address

from genesis.contracts import artifact
from node.client.contract_calls import deploy
from node.client.json_rpc import RpcClient
from node.client.wallet import Wallet
from node.da.aggregation import SignerDetail, aggregate
from node.da.blobs import Blob
from node.da.commitments import DA_ENTRANCE, CommitmentContract
from node.da.da_signers import DaSigners
from node.da.errors import Reverted
from node.da.keys import BlsKey, new_bls_key
from node.da.quorums import Quorum
from node.da.registration import (
    make_epoch,
    send_epoch_registration,
    send_registration,
    succeeded,
)
from node.da.submission import Submission
from precompiles.da_signers.signatures import hash_to_g1

ABSENT = 1
"""Signers that do not sign: nine of ten are still more than two thirds of the rows."""

Say = Callable[[str], None]


class DemoFailed(Exception):
    """Something that should have worked did not, or the other way round."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A DA signer: the account that registers, and its BLS key over BN254."""

    wallet: Wallet
    key: BlsKey

    @property
    def address(self) -> Address:
        return Address(to_canonical_address(self.wallet.address))


@dataclass(frozen=True, slots=True)
class Round:
    """All that a blob of one epoch is signed and aggregated with."""

    quorum: Quorum
    details: dict[Address, SignerDetail]
    signers: Sequence[Signer]

    def signed(self, blob: Blob, present: Sequence[Signer]) -> Submission:
        """What an aggregator makes of the signatures of those present."""
        signatures = [signer.key.sign_blob(signer.address, blob) for signer in present]
        return aggregate(blob, self.quorum, self.details, signatures).submission


def walk(client: RpcClient, wallets: Sequence[Wallet], say: Say) -> int:
    """The whole tour; the number of transactions sent. Raises `DemoFailed`, `DaRefusal` or `RpcError`."""
    chain = DaSigners(client)
    signers = [Signer(wallet, new_bls_key()) for wallet in wallets]
    _register(chain, signers, say)
    epoch = _begin_epoch(chain, wallets[0], say)
    deployed, receipt = deploy(client, wallets[0], artifact("DAVerifier"))
    say(f"DAVerifier deployed at {deployed.address}, gas {int(receipt['gasUsed'], 16):,}")
    entrance = CommitmentContract(client, DA_ENTRANCE)
    verifier = CommitmentContract(client, deployed.address)
    upload, sent = entrance.upload(wallets[0], Hash32(keccak(b"a blob's data root")))
    say(
        f"a data root uploaded for quorum {upload.quorum_id} of epoch {epoch}, gas {sent.gas_used:,}"
    )
    quorum = chain.quorum(upload.epoch, upload.quorum_id)
    by_whom = Round(quorum, chain.details(quorum.signers), signers)
    blob = Blob(upload.data_root, upload.epoch, upload.quorum_id, new_bls_key().g1)
    submission = by_whom.signed(blob, signers[ABSENT:])
    _, rows = quorum.counted(submission.bitmap)
    say(
        f"blob signed by {len(signers) - ABSENT} of {len(signers)} signers, {rows:,} of "
        f"{len(quorum.rows):,} rows, {quorum.rows_needed:,} needed"
    )
    _see_refusals((verifier, entrance), submission, by_whom, say)
    _submit("contract", verifier, wallets[0], submission, say)
    _submit("precompile", entrance, wallets[0], submission, say)
    return 2 * len(signers) + 5


def _register(chain: DaSigners, signers: Sequence[Signer], say: Say) -> None:
    sent = [
        send_registration(chain, signer.wallet, signer.key, f"127.0.0.1:{34_000 + index}")
        for index, signer in enumerate(signers)
    ]
    gas = [succeeded(chain, item, "registerSigner") for item in sent]
    say(f"{len(signers)} DA signers registered through the registry, gas {gas[0]:,} each")
    epoch = chain.epoch_number() + 1
    sent = [send_epoch_registration(chain, signer.wallet, signer.key, epoch) for signer in signers]
    for item in sent:
        succeeded(chain, item, "registerNextEpoch")
    say(f"all of them registered for epoch {epoch}")


def _begin_epoch(chain: DaSigners, wallet: Wallet, say: Say) -> int:
    made = make_epoch(chain, wallet)
    if not made.has_begun:
        raise DemoFailed(f"makeEpoch left the epoch at {made.epoch}")
    quorum = chain.quorum(made.epoch, 0)
    say(
        f"makeEpoch: epoch {made.epoch} begins, quorums: {made.quorums}, of {len(quorum.rows):,} "
        f"rows and {len(quorum.signers)} distinct signers"
    )
    return made.epoch


def _submit(
    what: str, contract: CommitmentContract, wallet: Wallet, submission: Submission, say: Say
) -> None:
    sent = contract.submit(wallet, submission)
    if contract.commitment(submission.blob.name) != submission.blob.commitment:
        raise DemoFailed(f"the verified commitment is not kept by the {what}")
    say(f"the {what} verified the commitment and stored it on chain, gas {sent.gas_used:,}")


def _see_refusals(
    contracts: Iterable[CommitmentContract], good: Submission, by_whom: Round, say: Say
) -> None:
    """Each wrong submission must be refused, by all contracts; one that passes fails the demo."""
    blob, signers = good.blob, by_whom.signers
    wrong = {
        "a tampered signature": replace(good, signature=hash_to_g1(keccak(b"not signed"))),
        "below two thirds": by_whom.signed(blob, signers[: len(signers) // 2]),
        "a wrong epoch": replace(good, blob=replace(blob, epoch=blob.epoch + 1)),
        "another commitment": replace(
            good, blob=replace(blob, commitment=hash_to_g1(keccak(b"another")))
        ),
        "a bitmap bit that nobody signed for": replace(
            good, bitmap=by_whom.quorum.bitmap({signer.address for signer in signers})
        ),
    }
    for what, submission in wrong.items():
        reasons = {_refusal(contract, what, submission) for contract in contracts}
        say(f"refused, {what}: {' / '.join(sorted(reasons))}")


def _refusal(contract: CommitmentContract, what: str, submission: Submission) -> str:
    try:
        contract.check(submission)
    except Reverted as error:
        return error.reason
    raise DemoFailed(f"{what} was accepted by {contract.address}")
