"""Each function and each refusal of the entrance, by precompile and contract alike."""

from dataclasses import replace
from typing import Any

import pytest

from precompiles.da_signers.signatures import public_keys

ROOT = b"\x01" * 32
INVALID = "DARegistry: signature is invalid"


def refusal(pair: Any, entrances: Any, name: str, *arguments: Any, **options: Any) -> str:
    with pytest.raises(entrances.Refused) as caught:
        pair.call(name, *arguments, **options)
    return str(caught.value)


def test_every_getter_answers_the_same_from_the_beginning(pair: Any, entrances: Any) -> None:
    getters = [
        name
        for name, entry in entrances.FUNCTIONS.items()
        if not entry["inputs"] and entry["stateMutability"] in ("view", "pure")
    ]
    answers = {name: pair.call(name) for name in getters}
    assert len(answers) == 25
    assert answers["samplePeriod"] == 30
    assert answers["nextSampleHeight"] == 30
    assert answers["targetRoundSubmissionsNext"] == 20
    assert answers["targetRoundSubmissions"] == 0
    assert answers["epochWindowSize"] == 300
    assert answers["rewardRatio"] == 1_200_000
    assert answers["podasTarget"] == answers["MAX_PODAS_TARGET"] == (2**256 - 1) // 128
    assert answers["currentEpoch"] == 1
    assert answers["DA_SIGNERS"] == "0x" + entrances.DA_SIGNERS.hex()


def test_quorums_take_turns_one_a_call(pair: Any, entrances: Any) -> None:
    def quorum_of(receipt: Any) -> list[int]:
        return [int.from_bytes(log.data[96:128], "big") for log in receipt.logs]

    data = entrances.call_data("submitOriginalData", [ROOT, ROOT])
    assert [quorum_of(pair.agree(data)) for _ in range(3)] == [[1, 1], [0, 0], [1, 1]]


def test_blobs_are_paid_for(pair: Any, entrances: Any) -> None:
    pair.call("setBlobPrice", 10)
    upload = ("submitOriginalData", [ROOT, ROOT, ROOT])
    assert refusal(pair, entrances, *upload, value=29) == "Not enough da blob fee"
    assert pair.events(*upload, value=31) == ["DataUpload"] * 3
    assert pair.call("currentEpochReward") == 31
    pair.call("setBlobPrice", 2**255)
    assert refusal(pair, entrances, "submitOriginalData", [ROOT] * 2) == "Panic(0x11)"


def test_without_signers_nothing_can_be_uploaded(entrances: Any) -> None:
    pair = entrances.new_pair(signers=0)
    message = refusal(pair, entrances, "submitOriginalData", [ROOT])
    assert message == "DAEntrance: No DA Signers"


def test_a_commitment_is_verified_once_kept_and_found_by_its_root(
    pair: Any, entrances: Any
) -> None:
    one = entrances.signed(pair, ROOT, 1, 0, (0, 1, 2)).arguments()
    pair.call("verify", one)
    assert not pair.call("commitmentExists", ROOT, 1, 0)
    events = pair.events("submitVerifiedCommitRoots", [one, one])
    assert events == ["ErasureCommitmentVerified"]
    assert pair.events("submitVerifiedCommitRoots", [one]) == []
    assert pair.call("commitmentExists", ROOT, 1, 0)
    assert pair.call("verifiedErasureCommitment", ROOT, 1, 0) == entrances.COMMITMENT
    assert pair.call("latestCommitment", ROOT) == (True, 1, 0, False)
    assert pair.call("latestCommitment", b"\x02" * 32) == (False, 0, 0, False)
    pair.number = 100
    pair.call("sync")
    assert pair.call("latestCommitment", ROOT) == (True, 1, 0, True)
    pair.call("setEpochWindowSize", 1)
    pair.number = 200
    pair.call("sync")
    assert pair.call("latestCommitment", ROOT) == (True, 1, 0, False)


def test_near_misses_of_a_submission_are_refused_alike(pair: Any, entrances: Any) -> None:
    right = entrances.signed(pair, ROOT, 1, 0, (0, 1, 2))
    few = entrances.signed(pair, ROOT, 1, 0, (0,))
    x, y = right.signature
    (a, b), (c, d) = right.key_g2
    other_key = public_keys(5)[1]
    first = entrances.signed(pair, b"\x09" * 32, 1, 1, (0, 1, 2, 3)).arguments()
    cases = {
        INVALID: [
            replace(right, data_root=b"\x02" * 32),
            replace(right, commitment=(1, 2)),
            replace(right, quorum_id=1),
            replace(right, signature=(x, y + 1)),
            replace(right, signature=(x, 2**256 - 1)),
            replace(right, signature=(0, 0)),
            replace(right, key_g2=other_key),
            replace(right, bitmap=few.bitmap),
            replace(right, key_g2=((0, 0), (0, 0))),
        ],
        "DARegistry: pairing precompile call failed": [
            replace(right, key_g2=((a, b), (c, d + 1))),
            replace(right, key_g2=((2**256 - 1, b), (c, d))),
        ],
        "DARegistry: insufficient signed slices": [few],
        "": [
            replace(right, epoch=2),
            replace(right, quorum_id=2),
            replace(right, bitmap=right.bitmap[1:]),
        ],
    }
    for expected, submissions in cases.items():
        for submission in submissions:
            got = refusal(pair, entrances, "verify", submission.arguments())
            assert got == expected, submission
            batch = [first, submission.arguments()]
            got = refusal(pair, entrances, "submitVerifiedCommitRoots", batch)
            assert got == expected, submission


def test_epochs_are_taken_modulo_two_to_the_64_and_such_aliases_are_found_by_themselves(
    pair: Any, entrances: Any
) -> None:
    """Facts §1a: DASigners looks at the low 64 bits; the contract's identifier has all 256."""
    right = entrances.signed(pair, ROOT, 1, 0, (0, 1, 2))
    alias = 2**64 + 1
    digest = entrances.blob_message_hash(ROOT, alias, 0, entrances.COMMITMENT)
    submission = replace(right, epoch=alias, signature=entrances.signatures_of(digest, (0, 1, 2)))
    pair.call("submitVerifiedCommitRoots", [submission.arguments()])
    assert pair.call("commitmentExists", ROOT, alias, 0)
    assert not pair.call("commitmentExists", ROOT, 1, 0)
    assert pair.call("latestCommitment", ROOT)[0] is False


def test_sync_makes_the_epoch_and_rolls_every_round_that_was_missed(
    pair: Any, entrances: Any
) -> None:
    pair.number = 41 + 30 * 3
    assert pair.events("sync") == ["NewSampleRound"] * 4
    assert pair.call("currentEpoch") == 2
    assert pair.call("sampleRound") == 4
    assert pair.call("nextSampleHeight") == 150
    assert pair.call("targetRoundSubmissions") == 20
    assert pair.events("sync") == []


def test_rounds_older_than_256_blocks_have_no_seed(pair: Any, entrances: Any) -> None:
    pair.number = 1_000
    pair.events("sync")
    assert pair.call("currentSampleSeed") != bytes(32)
    pair.number = 3_000
    pair.call("setSamplePeriod", 5_000)
    pair.number = 9_000
    assert pair.events("sync") == ["NewSampleRound"] * 2
    assert pair.call("currentSampleSeed") == bytes(32)


def test_sync_fixed_times_stops_early_and_late(pair: Any, entrances: Any) -> None:
    pair.number = 100
    assert pair.events("syncFixedTimes", 2) == ["NewSampleRound"] * 2
    assert pair.events("syncFixedTimes", 5) == ["NewSampleRound"]
    assert pair.events("syncFixedTimes", 5) == []
    assert refusal(pair, entrances, "syncFixedTimes", 2**256 - 1) == ""


def test_without_a_period_rounds_never_end_and_the_gas_does(pair: Any, entrances: Any) -> None:
    assert refusal(pair, entrances, "setSamplePeriod", 0) == "Panic(0x12)"
    pair.number = 30
    pair.call("setSamplePeriod", 0)
    assert pair.events("syncFixedTimes", 3) == []
    pair.number = 60
    assert pair.events("syncFixedTimes", 3) == ["NewSampleRound"] * 3
    native = pair.native.transact(
        pair.number, entrances.ENTRANCE, entrances.call_data("sync"), entrances.ADMIN
    )
    assert (native.succeeded, native.error, native.gas_used) == (False, "out of gas", 20_000_000)


def test_an_epochs_reward_goes_to_treasury_and_samplers_when_the_next_begins(
    pair: Any, entrances: Any
) -> None:
    treasury = b"\x77" * 20
    pair.call("setServiceFeeRate", 2_500)
    pair.call("setTreasury", entrances.checksummed(treasury))
    pair.call("submitOriginalData", [ROOT], value=1_001)
    pair.number = 41
    pair.call("sync")
    assert pair.call("activedReward") == 751
    assert pair.call("currentEpochReward") == 0
    assert pair.native.ledger.balances()[treasury] == 250
    pair.call("submitOriginalData", [ROOT], value=1_000)
    pair.call("setServiceFeeRate", 20_000)
    pair.number = 100
    assert refusal(pair, entrances, "sync") == "Panic(0x11)"


def test_a_sample_is_paid_for_once_and_can_be_withdrawn_by_anyone(
    sampling: Any, entrances: Any
) -> None:
    pair, piece = sampling
    seed = pair.call("currentSampleSeed")
    task = pair.call("sampleTask")
    assert task == (seed, 2**255, 40)
    assert pair.call("sampleRange") == (0, 1)
    response = piece.response(seed, 1, 0)
    assert pair.events("submitSamplingResponse", response) == ["Deposited", "DAReward"]
    again = refusal(pair, entrances, "submitSamplingResponse", response)
    assert again == "Duplicated submission"
    assert pair.call("sampleTask")[2] == 39
    assert pair.call("totalBaseReward") == 993
    signer = next(
        address
        for address in map(entrances.signer_address, range(4))
        if pair.call("payments", entrances.checksummed(address))
    )
    account = entrances.checksummed(signer)
    assert pair.call("payments", account) == 2 + 7
    assert pair.events("withdrawPayments", account, sender=entrances.STRANGER) == ["Withdrawn"]
    assert pair.native.ledger.balances()[signer] == 9
    assert pair.events("withdrawPayments", account) == ["Withdrawn"]


def test_samples_are_refused_in_the_contracts_order(sampling: Any, entrances: Any) -> None:
    pair, piece = sampling
    seed = pair.call("currentSampleSeed")
    right = list(piece.response(seed, 1, 0))
    names = (
        "seed", "epoch", "quorum", "line", "subline", "quality", "root", "roots", "proof", "data"
    )  # fmt: skip

    def with_fields(**changes: Any) -> tuple[Any, ...]:
        return tuple(changes.get(name, value) for name, value in zip(names, right, strict=True))

    roots = right[7]
    cases = {
        "Unmatched sample seed": {"seed": b"\1" * 32, "quality": 2**256 - 1},
        "Quality not reached": {"quality": 2**256 - 1, "epoch": 2},
        "Unrecorded commitment": {"epoch": 2, "line": 3_072},
        "Incorrect line index": {"line": 3_072, "subline": 32},
        "Incorrect sub-line index": {"subline": 32, "quality": 1},
        "Incorrect quality": {"quality": right[5] - 1, "proof": []},
        "Incorrect dataRoot": {"roots": [roots[1], roots[0], roots[2]], "proof": []},
        "Incorrect blob Root": {"proof": right[8][:14]},
    }
    for expected, changes in cases.items():
        got = refusal(pair, entrances, "submitSamplingResponse", with_fields(**changes))
        assert got == expected
    tampered = replace(piece, data=piece.data[:-1]).response(seed, 1, 0)
    got = refusal(pair, entrances, "submitSamplingResponse", tampered)
    assert got in ("Incorrect data length", "Quality not reached", "Quality overflow")
    pair.call("setEpochWindowSize", 1)
    pair.number = 170
    pair.call("sync")
    seed = pair.call("currentSampleSeed")
    pair.put_slot(entrances.layout.PODAS_TARGET, 2**256 - 1)
    late = piece.response(seed, 1, 0)
    got = refusal(pair, entrances, "submitSamplingResponse", late)
    assert got == "Epoch has stopped sampling"


def test_the_current_epoch_cannot_be_sampled(pair: Any, entrances: Any) -> None:
    piece = entrances.subline_of(5, 6, 7)
    one = entrances.signed(pair, piece.data_root, 1, 0, (0, 1, 2, 3))
    pair.call("submitVerifiedCommitRoots", [one.arguments()])
    response = piece.response(bytes(32), 1, 0)
    got = refusal(pair, entrances, "submitSamplingResponse", response)
    assert got == "Sample round 0 cannot be mined"
    pair.number = 30
    pair.call("sync")
    pair.put_slot(entrances.layout.PODAS_TARGET, 2**256 - 1)
    response = piece.response(pair.call("currentSampleSeed"), 1, 0)
    got = refusal(pair, entrances, "submitSamplingResponse", response)
    assert got == "Cannot sample current epoch"


def test_a_round_takes_twice_its_target(sampling: Any, entrances: Any) -> None:
    pair, piece = sampling
    pair.put_slot(entrances.layout.ROUND_SUBMISSIONS, 40)
    response = piece.response(pair.call("currentSampleSeed"), 1, 0)
    got = refusal(pair, entrances, "submitSamplingResponse", response)
    assert got == "Too many submissions in one round"
    pair.number = 90
    pair.call("sync")
    scaled = 2**255 >> 32
    assert pair.call("podasTarget") in ((2**256 - 1) // 128, (scaled - scaled // 8) << 32)


def test_parameters_are_the_admins_and_keep_their_bounds(sampling: Any, entrances: Any) -> None:
    pair, _ = sampling
    setters = {
        "setRoundSubmissions": ([80, 5, 20], {
            81: "Increase round submissions too large", 4: "Decrease round submissions too large",
        }),
        "setEpochWindowSize": ([1, 2**64 - 1], {0: "Epoch window size cannot be zero"}),
        "setRewardRatio": ([1, 2**64 - 1], {0: "Reward ratio must be non-zero"}),
        "setBaseReward": ([0, 2**256 - 1], {}),
        "setSamplePeriod": ([1, 30], {}),
        "setBlobPrice": ([0, 2**256 - 1], {}),
        "setServiceFeeRate": ([0, 2**256 - 1], {}),
    }  # fmt: skip
    for name, (accepted, refused) in setters.items():
        got = refusal(pair, entrances, name, accepted[0], sender=entrances.STRANGER)
        assert got == "AccessControlUnauthorizedAccount"
        for value in accepted:
            assert pair.events(name, value) == []
        for value, reason in refused.items():
            assert refusal(pair, entrances, name, value) == reason
    pair.put_slot(entrances.layout.TARGET_ROUND_SUBMISSIONS, 1)
    got = refusal(pair, entrances, "setRoundSubmissions", 0)
    assert got == "Round submissions cannot be zero"


def test_roles_are_openzeppelins(pair: Any, entrances: Any) -> None:
    admin, stranger, helper = map(
        entrances.checksummed, (entrances.ADMIN, entrances.STRANGER, entrances.HELPER)
    )
    role = pair.call("PARAMS_ADMIN_ROLE")
    assert pair.call("getRoleAdmin", role) == bytes(32)
    assert pair.events("grantRole", role, stranger) == ["RoleGranted"]
    assert pair.events("grantRole", role, stranger) == []
    assert pair.events("grantRole", role, helper) == ["RoleGranted"]
    assert pair.call("getRoleMemberCount", role) == 3
    members = tuple(one.lower() for one in (admin, stranger, helper))
    assert pair.call("getRoleMembers", role) == members
    assert pair.events("setBlobPrice", 5, sender=entrances.STRANGER) == []
    assert pair.events("revokeRole", role, admin) == ["RoleRevoked"]
    assert pair.call("getRoleMembers", role) == (members[2], members[1])
    assert pair.call("getRoleMember", role, 0) == members[2]
    assert refusal(pair, entrances, "getRoleMember", role, 2) == "Panic(0x32)"
    got = refusal(pair, entrances, "grantRole", role, admin, sender=entrances.STRANGER)
    assert got == "AccessControlUnauthorizedAccount"
    got = refusal(pair, entrances, "renounceRole", role, stranger)
    assert got == "AccessControlBadConfirmation"
    events = pair.events("renounceRole", role, stranger, sender=entrances.STRANGER)
    assert events == ["RoleRevoked"]
    assert not pair.call("hasRole", role, stranger)
    for interface in ("01ffc9a7", "7965db0b", "5a05180f"):
        assert pair.call("supportsInterface", bytes.fromhex(interface))
    assert not pair.call("supportsInterface", b"\xff" * 4)


def test_it_is_initialized_and_stays_so(pair: Any, entrances: Any) -> None:
    assert refusal(pair, entrances, "initialize") == "InvalidInitialization"


def test_the_contract_initialized_by_its_deployer_has_the_precompiles_storage(
    pair: Any, entrances: Any
) -> None:
    side = pair.solidity
    init_code = entrances.artifact("DAEntrance").bytecode
    deployed = side.transact(1, None, init_code, entrances.ADMIN).contract_address
    data = entrances.call_data("initialize")
    before = side.ledger.slots[entrances.DA_SIGNERS]
    side.ledger.slots[entrances.DA_SIGNERS] = {}
    receipt = side.transact(1, deployed, data, entrances.ADMIN)
    side.ledger.slots[entrances.DA_SIGNERS] = before
    assert [entrances.event_name(log) for log in receipt.logs] == [
        "RoleGranted", "RoleGranted", "Initialized",
    ]  # fmt: skip
    assert side.ledger.storage(deployed) == entrances.initial_storage(entrances.ADMIN, 0, 0)


def test_value_is_taken_by_payable_functions_alone(pair: Any, entrances: Any) -> None:
    assert refusal(pair, entrances, "sync", value=1) == ""
    assert refusal(pair, entrances, "currentEpoch", value=1) == ""
    pair.call("donate", value=5)
    assert pair.call("totalBaseReward") == 5
    assert not pair.agree(b"", value=1).succeeded
    assert not pair.agree(b"\xde\xad\xbe\xef").succeeded


@pytest.mark.parametrize("name", ["sync", "sampleTask", "sampleRange", "donate"])
def test_a_static_call_succeeds_where_nothing_is_to_be_written(
    pair: Any, entrances: Any, name: str
) -> None:
    data = entrances.call_data(name)
    receipt = pair.agree(data, to=entrances.FORWARDER)
    assert receipt.succeeded == (name != "donate")
    pair.number = 41
    assert not pair.agree(data, to=entrances.FORWARDER).succeeded


def test_chunks_belong_to_a_data_root(pair: Any, entrances: Any) -> None:
    piece = entrances.subline_of(2_000, 9, 1)
    chunk, keccak = piece.data[:256], entrances.keccak
    hashes = [keccak(piece.data[at : at + 256]) for at in range(0, 1_024, 256)]
    proof = [hashes[1], keccak(hashes[2] + hashes[3]), *piece.siblings]
    index = (1 << 17) + (976 * 32 + 9) * 4
    right = (piece.data_root, list(piece.blob_roots), index, proof, chunk)
    assert pair.call("verifyChunk", *right)
    wrong: list[tuple[int, Any]] = [
        (0, b"\1" * 32), (1, list(piece.blob_roots)[::-1]), (2, index ^ 1 << 10), (2, 3 << 17),
        (2, 2**256 - 1), (3, proof[:-1]), (4, chunk[:-1]), (4, bytes(256)),
    ]  # fmt: skip
    for position, value in wrong:
        arguments = [*right[:position], value, *right[position + 1 :]]
        assert not pair.call("verifyChunk", *arguments)


def test_of_several_commitments_of_a_root_the_newest_epochs_last_one_is_found(
    pair: Any, entrances: Any
) -> None:
    other = b"\x02" * 32

    def submit(root: bytes, epoch: int, quorum_id: int) -> None:
        one = entrances.signed(pair, root, epoch, quorum_id, (0, 1, 2))
        assert len(pair.events("submitVerifiedCommitRoots", [one.arguments()])) == 1

    submit(ROOT, 1, 0)
    submit(ROOT, 1, 1)
    assert pair.call("latestCommitment", ROOT) == (True, 1, 1, False)
    pair.number = 41
    pair.call("sync")
    submit(ROOT, 2, 0)
    assert pair.call("latestCommitment", ROOT) == (True, 2, 0, False)
    submit(other, 2, 1)
    submit(other, 1, 0)
    assert pair.call("latestCommitment", other) == (True, 2, 1, False)


SELDOM_WORDS = [31, 32, 64, 2**31, 2**63, 2**64 - 1, 2**256 - 1]


@pytest.mark.parametrize(
    "word",
    [33, 2**59, 2**64, *(pytest.param(word, marks=pytest.mark.slow) for word in SELDOM_WORDS)],
)
def test_odd_offsets_and_lengths_are_read_alike(pair: Any, entrances: Any, word: int) -> None:
    submission = entrances.signed(pair, ROOT, 1, 0, (0, 1, 2)).arguments()
    response = entrances.subline_of(1, 2, 3).response(bytes(32), 1, 0)
    calls = [
        ("submitOriginalData", [ROOT, ROOT]),
        ("verify", submission),
        ("submitVerifiedCommitRoots", [submission]),
        ("submitSamplingResponse", response),
    ]
    for name, argument in calls:
        data = entrances.call_data(name, argument)
        for at in range(4, min(len(data), 4 + 32 * 18), 32):
            pair.agree(data[:at] + word.to_bytes(32, "big") + data[at + 32 :])
        assert not pair.agree(data[:-1]).succeeded or name == "submitOriginalData"


@pytest.mark.parametrize("name", ["payments", "setTreasury", "hasRole", "supportsInterface"])
def test_dirty_bytes_beside_an_argument_are_refused(pair: Any, entrances: Any, name: str) -> None:
    values = {"address": entrances.checksummed(entrances.ADMIN), "bytes4": b"\1\2\3\4"}
    types = [part["type"] for part in entrances.entry_of(name)["inputs"]]
    data = entrances.call_data(name, *(values.get(kind, bytes(32)) for kind in types))
    assert pair.agree(data).succeeded
    dirty = len(data) - (1 if name == "supportsInterface" else 32)
    receipt = pair.agree(data[:dirty] + b"\x01" + data[dirty + 1 :])
    assert (receipt.succeeded, receipt.output) == (False, b"")
