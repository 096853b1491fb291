"""Ten DA signers, one epoch, one blob: registered, signed and verified by a contract on chain."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from genesis.contracts import artifact
from node.client.contract_calls import Contract, deploy, gas_for, reason_of
from node.client.json_rpc import RpcClient, RpcError
from node.client.wallet import Wallet
from precompiles.bn254 import G2Point
from precompiles.bn254_unchecked import Point, R
from precompiles.da_signers.signatures import (
    aggregate_g2_keys,
    aggregate_signatures,
    blob_message_hash,
    epoch_registration_hash,
    hash_to_g1,
    public_keys,
    registration_message_hash,
    sign,
)

REGISTRY = "0x20f30b2584f3096ea0d6c18c3b5cacc0585e12fc"
DA_SIGNERS = "0x0000000000000000000000000000000000001000"
ROWS = 3_072
ABSENT = 2
"""Signers that do not sign: eight of ten are still more than two thirds of the rows."""

Say = Callable[[str], None]


class DemoFailed(Exception):
    """Something that should have worked did not, or the other way round."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A DA signer: the account that registers, and its BLS key over BN254."""

    wallet: Wallet
    secret: int
    key_g1: Point
    key_g2: G2Point
    """Words as DASigners stores them: real part first."""

    @property
    def address(self) -> Address:
        return Address(bytes.fromhex(self.wallet.address[2:]))


@dataclass(frozen=True, slots=True)
class Blob:
    """What is signed for."""

    data_root: Hash32
    epoch: int
    quorum_id: int
    commitment: Point


@dataclass(frozen=True, slots=True)
class Submission:
    """IDAVerifier's CommitRootSubmission."""

    blob: Blob
    bitmap: bytes
    key_g2: G2Point
    signature: Point

    def as_argument(self) -> tuple[Any, ...]:
        """In the ABI's order; EIP-197 puts the imaginary part of each G2 word pair first."""
        (x_real, x_imaginary), (y_real, y_imaginary) = self.key_g2
        blob = self.blob
        return (
            blob.data_root,
            blob.epoch,
            blob.quorum_id,
            blob.commitment,
            self.bitmap,
            ((x_imaginary, x_real), (y_imaginary, y_real)),
            self.signature,
        )


def walk(client: RpcClient, wallets: Sequence[Wallet], chain_id: int, say: Say) -> int:
    """The whole tour; the number of transactions sent. Raises `DemoFailed` or `RpcError`."""
    signers = [_new_signer(wallet) for wallet in wallets]
    _register(client, signers, chain_id, say)
    epoch = _make_epoch(client, wallets[0], say)
    quorum = _quorum(client, epoch, say)
    verifier, receipt = deploy(client, wallets[0], artifact("DAVerifier"))
    say(f"DAVerifier deployed at {verifier.address}, gas {int(receipt['gasUsed'], 16):,}")
    blob = Blob(
        Hash32(keccak(b"a blob's data root")),
        epoch,
        0,
        public_keys(1 + secrets.randbelow(R - 1))[0],
    )
    present, absent = signers[ABSENT:], signers[:ABSENT]
    submission = _signed(blob, present, quorum)
    hits = sum(bin(byte).count("1") for byte in submission.bitmap)
    say(
        f"blob signed by {len(present)} of {len(signers)} signers, {hits:,} of {len(quorum):,} rows"
    )
    _submit(client, wallets[0], verifier, submission, say)
    _see_refusals(verifier, submission, signers, absent, quorum, say)
    return 2 * len(signers) + 3


def _new_signer(wallet: Wallet) -> Signer:
    secret = 1 + secrets.randbelow(R - 1)
    key_g1, key_g2 = public_keys(secret)
    return Signer(wallet, secret, key_g1, key_g2)


def _register(client: RpcClient, signers: Sequence[Signer], chain_id: int, say: Say) -> None:
    registry = Contract(client, REGISTRY, artifact("DARegistry"))
    hashes = []
    for index, signer in enumerate(signers):
        message = hash_to_g1(registration_message_hash(signer.address, chain_id))
        detail = (
            signer.wallet.address,
            f"127.0.0.1:{34_000 + index}",
            signer.key_g1,
            signer.key_g2,
        )
        signature = sign(signer.secret, message)
        hashes.append(registry.send(signer.wallet, "registerSigner", detail, signature))
    gas = [_succeeded(client, item, "registerSigner") for item in hashes]
    say(f"{len(signers)} DA signers registered through the registry, gas {gas[0]:,} each")
    next_epoch = _epoch_number(client) + 1
    hashes = []
    for signer in signers:
        digest = epoch_registration_hash(signer.address, next_epoch, chain_id)
        signature = sign(signer.secret, hash_to_g1(digest))
        hashes.append(registry.send(signer.wallet, "registerNextEpoch", signature))
    for item in hashes:
        _succeeded(client, item, "registerNextEpoch")
    say(f"all of them registered for epoch {next_epoch}")


def _make_epoch(client: RpcClient, wallet: Wallet, say: Say) -> int:
    data = keccak(b"makeEpoch()")[:4]
    gas = gas_for(client, wallet.address, DA_SIGNERS, data)
    _succeeded(client, wallet.send(DA_SIGNERS, data, gas=gas), "makeEpoch")
    epoch = _epoch_number(client)
    if epoch == 0:
        raise DemoFailed("makeEpoch left the epoch at 0")
    say(f"makeEpoch: epoch {epoch} begins")
    return epoch


def _quorum(client: RpcClient, epoch: int, say: Say) -> list[str]:
    contract = Contract(client, DA_SIGNERS, artifact("IDASigners"))
    [count] = contract.call("quorumCount", epoch)
    [rows] = contract.call("getQuorum", epoch, 0)
    if len(rows) != ROWS:
        raise DemoFailed(f"quorum 0 has {len(rows)} rows, expected {ROWS}")
    say(
        f"epoch {epoch} has {count} quorums of {len(rows):,} rows, {len(set(rows))} distinct signers"
    )
    return [str(row).lower() for row in rows]


def _signed(blob: Blob, present: Sequence[Signer], quorum: Sequence[str]) -> Submission:
    """What the aggregator makes of the signatures of those present."""
    digest = blob_message_hash(blob.data_root, blob.epoch, blob.quorum_id, blob.commitment)
    message = hash_to_g1(digest)
    return Submission(
        blob,
        _bitmap(present, quorum),
        aggregate_g2_keys(signer.key_g2 for signer in present),
        aggregate_signatures(sign(signer.secret, message) for signer in present),
    )


def _bitmap(present: Sequence[Signer], quorum: Sequence[str]) -> bytes:
    """Bit i, from the lowest of the first byte on: the signer of row i is there."""
    addresses = {signer.wallet.address.lower() for signer in present}
    bits = bytearray((len(quorum) + 7) // 8)
    for row, address in enumerate(quorum):
        if address in addresses:
            bits[row // 8] |= 1 << row % 8
    return bytes(bits)


def _submit(
    client: RpcClient, wallet: Wallet, verifier: Contract, submission: Submission, say: Say
) -> None:
    verifier.call("verify", submission.as_argument())
    arguments = [submission.as_argument()]
    gas = _succeeded(
        client, verifier.send(wallet, "submitVerifiedCommitRoots", arguments), "verification"
    )
    blob = submission.blob
    [stored] = verifier.call("commitmentExists", blob.data_root, blob.epoch, blob.quorum_id)
    if not stored:
        raise DemoFailed("the verified commitment is not on chain")
    say(f"the contract verified the commitment and stored it on chain, gas {gas:,}")


def _see_refusals(
    verifier: Contract,
    good: Submission,
    signers: Sequence[Signer],
    absent: Sequence[Signer],
    quorum: Sequence[str],
    say: Say,
) -> None:
    """Each wrong submission must be refused; one that passes fails the demo."""
    blob = good.blob
    few = signers[: len(signers) // 2]
    wrong = {
        "a tampered signature": replace(good, signature=hash_to_g1(keccak(b"not signed"))),
        "below two thirds": _signed(blob, few, quorum),
        "a wrong epoch": replace(good, blob=replace(blob, epoch=blob.epoch + 1)),
        "another commitment": replace(
            good, blob=replace(blob, commitment=hash_to_g1(keccak(b"another")))
        ),
        "a bitmap bit that nobody signed for": replace(
            good, bitmap=_bitmap([*signers[len(absent) :], absent[0]], quorum)
        ),
    }
    for what, submission in wrong.items():
        try:
            verifier.call("verify", submission.as_argument())
        except RpcError as error:
            say(f"refused, {what}: {reason_of(error)}")
        else:
            raise DemoFailed(f"{what} was accepted")


def _epoch_number(client: RpcClient) -> int:
    contract = Contract(client, DA_SIGNERS, artifact("IDASigners"))
    [epoch] = contract.call("epochNumber")
    return int(epoch)


def _succeeded(client: RpcClient, transaction_hash: str, what: str) -> int:
    """Wait for the receipt; the gas used. Raises `DemoFailed` where it reverted."""
    receipt = client.receipt(transaction_hash)
    if receipt["status"] != "0x1":
        raise DemoFailed(f"{what} failed in block {int(receipt['blockNumber'], 16)}")
    return int(receipt["gasUsed"], 16)
