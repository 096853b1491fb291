"""The table of the entrance's functions: all that the deployed contract has, and three views of ours."""

from collections.abc import Iterable
from functools import partial

from precompiles.contract import ContractFunction, ContractPrecompile
from precompiles.da_entrance import (
    activation,
    chunks,
    commitments,
    layout,
    parameters,
    payments,
    sampling,
    uploads,
    verification,
)
from precompiles.da_entrance.entrance import ADDRESS, DA_SIGNERS, Entrance
from precompiles.da_entrance.sync import Synchronizer
from precompiles.da_signers.functions import EPOCH_BLOCKS
from precompiles.solidity import roles
from precompiles.solidity.rows import (
    address_at,
    constant,
    function,
    number_at,
    refuse,
    role_functions,
)

_PAIR = "(uint256,uint256)"
_SUBMISSION = f"(bytes32,uint256,uint256,{_PAIR},bytes,(uint256[2],uint256[2]),{_PAIR})"
_RESPONSE = "(bytes32,uint64,uint64,uint32,uint32,uint256,bytes32,bytes32[3],bytes32[],bytes)"
_BLOB = "(bytes32,uint256,uint256)"


def da_entrance(epoch_blocks: int = EPOCH_BLOCKS) -> ContractPrecompile:
    """The precompile. `epoch_blocks` is DASigners' least number of blocks from one epoch to the next."""
    synchronizer = Synchronizer(epoch_blocks)
    return ContractPrecompile(
        ADDRESS,
        (
            *_blob_functions(synchronizer),
            *_sampling_functions(synchronizer),
            *_parameter_functions(synchronizer),
            *role_functions(Entrance),
        ),
    )


_function = partial(function, kind=Entrance)
"""A row. Each pays for its work while it does it: slots, logs, hashes and points (`gas.py`)."""


def _blob_functions(synchronizer: Synchronizer) -> Iterable[ContractFunction]:
    """Upload, verification, and what rollups ask."""
    upload = partial(uploads.submit_original_data, synchronizer)
    return (
        _function("submitOriginalData(bytes32[])", upload, is_payable=True),
        _function(
            f"submitVerifiedCommitRoots({_SUBMISSION}[])",
            commitments.submit_verified_commit_roots,
            writes=True,
        ),
        _function(f"verify({_SUBMISSION})", commitments.verify_only),
        _function(
            f"verifiedErasureCommitment{_BLOB}",
            commitments.verified_erasure_commitment,
            f"({_PAIR})",
        ),
        _function(f"commitmentExists{_BLOB}", commitments.commitment_exists, "(bool)"),
        _function(
            "latestCommitment(bytes32)",
            commitments.latest_commitment,
            "(bool,uint256,uint256,bool)",
        ),
        _function(
            "verifyChunk(bytes32,bytes32[3],uint256,bytes32[],bytes)",
            chunks.verify_chunk,
            "(bool)",
            is_pure=True,
        ),
    )


def _sampling_functions(synchronizer: Synchronizer) -> Iterable[ContractFunction]:
    """Rounds, responses, rewards."""
    bound = sampling.bound(synchronizer)
    return (
        _function("sync()", synchronizer.sync, writes=True),
        _function("syncFixedTimes(uint256)", synchronizer.sync_fixed_times, writes=True),
        _function(
            f"submitSamplingResponse({_RESPONSE})", bound["submit_sampling_response"], writes=True
        ),
        _function("sampleTask()", bound["sample_task"], "((bytes32,uint256,uint64))", writes=True),
        _function("sampleRange()", bound["sample_range"], "((uint64,uint64))", writes=True),
        _function("donate()", partial(uploads.donate, synchronizer), is_payable=True),
        _function("payments(address)", payments.payments, "(uint256)"),
        _function("withdrawPayments(address)", payments.withdraw_payments, writes=True),
    )


def _parameter_functions(synchronizer: Synchronizer) -> Iterable[ContractFunction]:
    """Getters and setters."""
    constants = {
        "DA_SIGNERS()": (DA_SIGNERS, "(address)"),
        "PARAMS_ADMIN_ROLE()": (roles.PARAMS_ADMIN_ROLE, "(bytes32)"),
        "SLICE_NUMERATOR()": (verification.SLICE_NUMERATOR, "(uint256)"),
        "SLICE_DENOMINATOR()": (verification.SLICE_DENOMINATOR, "(uint256)"),
        "MAX_PODAS_TARGET()": (activation.MAX_PODAS_TARGET, "(uint256)"),
    }
    setters: dict[str, parameters.Setter] = {
        "setRoundSubmissions(uint64)": parameters.set_round_submissions,
        "setEpochWindowSize(uint64)": parameters.set_epoch_window_size,
        "setRewardRatio(uint64)": parameters.set_reward_ratio,
        "setBaseReward(uint256)": parameters.number_setter(layout.BASE_REWARD),
        "setSamplePeriod(uint64)": parameters.set_sample_period,
        "setBlobPrice(uint256)": parameters.number_setter(layout.BLOB_PRICE),
        "setServiceFeeRate(uint256)": parameters.number_setter(layout.SERVICE_FEE_RATE_BPS),
        "setTreasury(address)": parameters.set_treasury,
    }
    # Done at activation, once and for all (`activation.py`).
    initialize = refuse("InvalidInitialization()")
    yield _function("initialize()", initialize, writes=True)
    for signature, (value, returns) in constants.items():
        yield _function(signature, constant(value), returns)
    for name, slot in parameters.NUMBERS.items():
        yield _function(f"{name}()", number_at(slot), "(uint256)")
    yield _function("currentSampleSeed()", parameters.sample_seed, "(bytes32)")
    yield _function("treasury()", address_at(layout.TREASURY), "(address)")
    for signature, set_value in setters.items():
        yield _function(signature, parameters.setter(synchronizer, set_value), writes=True)
