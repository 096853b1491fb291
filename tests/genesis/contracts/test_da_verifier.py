"""The DA verifier on chain: it accepts what a quorum signed, and refuses everything near to it."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_utils import to_hex

from genesis.predeploys import DA_REGISTRY_ADDRESS
from precompiles.da_signers.signatures import (
    aggregate_g2_keys,
    aggregate_signatures,
    blob_message_hash,
    epoch_registration_hash,
    hash_to_g1,
    is_signature_of_blob,
    public_keys,
    registration_message_hash,
    sign,
)

DA_SIGNERS = bytes(18) + b"\x10\x00"
CHAIN_ID = 16_601
SIGNERS = 4
VERIFY_GAS = 5_000_000
INVALID = "DARegistry: signature is invalid"
INSUFFICIENT = "DARegistry: insufficient signed slices"
NO_PAIRING = "DARegistry: pairing precompile call failed"
COMMITMENT = hash_to_g1(b"\x11" * 32)


def key_of(account: int) -> int:
    return 1_000 + account


@dataclass(frozen=True)
class Submission:
    """What the contract is given, with the G2 key in the precompile's order, real part first."""

    data_root: bytes
    epoch: int
    quorum_id: int
    commitment: tuple[int, int]
    bitmap: bytes
    key_g2: Any
    signature: tuple[int, int]

    def arguments(self) -> tuple[Any, ...]:
        x, y = self.key_g2
        eip_197 = (x[::-1], y[::-1])
        return (
            self.data_root, self.epoch, self.quorum_id, self.commitment,
            self.bitmap, eip_197, self.signature,
        )  # fmt: skip


@dataclass
class Quorum:
    """A chain on which four signers, with equal votes, are the quorum of epoch 1."""

    world: Any
    signers: Any
    verifier: Any
    rows: list[str]

    def bitmap(self, accounts: range | list[int]) -> bytes:
        bits = bytearray(len(self.rows) // 8)
        signed = {to_hex(self.world.address(account)) for account in accounts}
        for row, signer in enumerate(self.rows):
            if signer in signed:
                bits[row // 8] |= 1 << row % 8
        return bytes(bits)

    def submission(self, data_root: bytes, accounts: range | list[int]) -> Submission:
        """Signed by the given accounts."""
        point = hash_to_g1(blob_message_hash(data_root, 1, 0, COMMITMENT))
        return Submission(
            data_root, 1, 0, COMMITMENT, self.bitmap(accounts),
            aggregate_g2_keys(public_keys(key_of(account))[1] for account in accounts),
            aggregate_signatures(sign(key_of(account), point) for account in accounts),
        )  # fmt: skip

    def verify(self, submission: Submission) -> None:
        """Raises `Refused`."""
        self.verifier.read("verify", submission.arguments())


@pytest.fixture(scope="module")
def quorum(world_of: Any, contract_at: Any) -> Quorum:
    world = world_of(65 * 10**18)
    registry = contract_at(world, "DARegistry", DA_REGISTRY_ADDRESS)
    signers = contract_at(world, "IDASigners", DA_SIGNERS)
    for account in range(SIGNERS):
        address, key = world.address(account), key_of(account)
        digest = registration_message_hash(address, CHAIN_ID)
        detail = (to_hex(address), "localhost:1", *public_keys(key))
        registry.send("registerSigner", detail, sign(key, hash_to_g1(digest)), sender=account)
        digest = epoch_registration_hash(address, 1, CHAIN_ID)
        registry.send("registerNextEpoch", sign(key, hash_to_g1(digest)), sender=account)
    signers.send("makeEpoch", gas=30_000_000, sender=SIGNERS)
    verifier = world.deploy("DAVerifier", gas=3_000_000)
    return Quorum(world, signers, verifier, list(signers.read("getQuorum", 1, 0)))


def test_the_quorum_has_3072_rows_in_equal_parts(quorum: Quorum) -> None:
    assert len(quorum.rows) == 3_072
    counts = {quorum.rows.count(to_hex(quorum.world.address(a))) for a in range(SIGNERS)}
    assert counts == {768}


def test_a_commitment_signed_by_three_of_four_is_accepted_kept_and_announced(
    quorum: Quorum,
) -> None:
    root = b"\x01" * 32
    submission = quorum.submission(root, range(3))
    quorum.verify(submission)
    receipt = quorum.verifier.send(
        "submitVerifiedCommitRoots", [submission.arguments()], gas=VERIFY_GAS, sender=5
    )
    announced = {"dataRoot": root, "epoch": 1, "quorumId": 0}
    assert quorum.verifier.events(receipt) == [("ErasureCommitmentVerified", announced)]
    assert quorum.verifier.read("commitmentExists", root, 1, 0)
    assert quorum.verifier.read("verifiedErasureCommitment", root, 1, 0) == COMMITMENT
    assert not quorum.verifier.read("commitmentExists", root, 1, 1)


def test_what_is_kept_already_is_passed_over_unchecked(quorum: Quorum) -> None:
    submission = quorum.submission(b"\x02" * 32, range(3))
    quorum.verifier.send("submitVerifiedCommitRoots", [submission.arguments()], gas=VERIFY_GAS)
    tampered = replace(submission, signature=(1, 2))
    receipt = quorum.verifier.send(
        "submitVerifiedCommitRoots", [tampered.arguments()], gas=VERIFY_GAS
    )
    assert quorum.verifier.events(receipt) == []


def test_one_bad_submission_refuses_the_whole_transaction(quorum: Quorum, refused: Any) -> None:
    good, bad = (quorum.submission(bytes([number]) * 32, range(3)) for number in (3, 4))
    bad = replace(bad, signature=(1, 2))
    with pytest.raises(refused) as refusal:
        quorum.verifier.send(
            "submitVerifiedCommitRoots", [good.arguments(), bad.arguments()], gas=VERIFY_GAS
        )
    assert refusal.value.reason == INVALID
    assert not quorum.verifier.read("commitmentExists", good.data_root, 1, 0)


def test_two_of_four_are_too_few(quorum: Quorum, refused: Any) -> None:
    with pytest.raises(refused) as refusal:
        quorum.verify(quorum.submission(b"\x05" * 32, range(2)))
    assert refusal.value.reason == INSUFFICIENT


def tampered(quorum: Quorum) -> dict[str, tuple[Submission, str]]:
    """Name → a submission that is almost right, and why it is refused."""
    right = quorum.submission(b"\x06" * 32, range(3))
    (x_real, x_imaginary), y = right.key_g2
    alone = quorum.submission(right.data_root, [0])
    return {
        "another signature": (replace(right, signature=alone.signature), INVALID),
        "a signature off the curve": (replace(right, signature=(1, 3)), INVALID),
        "no signature": (replace(right, signature=(0, 0)), INVALID),
        "another commitment": (replace(right, commitment=(1, 2)), INVALID),
        "another data root": (replace(right, data_root=b"\x07" * 32), INVALID),
        "another aggregate key": (replace(right, key_g2=alone.key_g2), INVALID),
        "a bit nobody signed for": (replace(right, bitmap=quorum.bitmap(range(4))), INVALID),
        "a key in the wrong order": (
            replace(right, key_g2=((x_imaginary, x_real), y)),
            NO_PAIRING,
        ),
        # The precompile refuses with an error, whose data is empty.
        "an epoch that is not": (replace(right, epoch=2), ""),
        "a quorum that is not": (replace(right, quorum_id=1), ""),
        "a short bitmap": (replace(right, bitmap=right.bitmap[:-1]), ""),
    }


CASES = [
    "another signature", "a signature off the curve", "no signature", "another commitment",
    "another data root", "another aggregate key", "a bit nobody signed for",
    "a key in the wrong order", "an epoch that is not", "a quorum that is not", "a short bitmap",
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_tampered_submission_is_refused(quorum: Quorum, refused: Any, case: str) -> None:
    submission, reason = tampered(quorum)[case]
    with pytest.raises(refused) as refusal:
        quorum.verify(submission)
    assert refusal.value.reason == reason


def test_the_case_list_is_complete(quorum: Quorum) -> None:
    assert list(tampered(quorum)) == CASES


def test_the_contract_and_the_python_check_agree(quorum: Quorum, refused: Any) -> None:
    right = quorum.submission(b"\x08" * 32, range(4))
    aggregate, total, hit = quorum.signers.read("getAggPkG1", 1, 0, right.bitmap)
    point = hash_to_g1(blob_message_hash(right.data_root, 1, 0, COMMITMENT))
    assert (total, hit) == (3_072, 3_072)
    assert is_signature_of_blob(point, right.signature, aggregate, right.key_g2)
    quorum.verify(right)
