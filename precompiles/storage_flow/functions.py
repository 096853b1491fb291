"""The tables of Flow, market and history: all that the deployed contracts have, in both generations."""

from collections.abc import Iterable

from precompiles.contract import ContractFunction, ContractPrecompile
from precompiles.solidity import roles
from precompiles.solidity.rows import (
    address_at,
    constant,
    function,
    number_at,
    refuse,
    role_functions,
)
from precompiles.solidity.slots import item
from precompiles.solidity.work import Work, word
from precompiles.storage_flow import (
    contexts,
    layout,
    market,
    pausing,
    root_history,
    submitting,
)
from precompiles.storage_flow.accumulator import Accumulator
from precompiles.storage_flow.addresses import FLOW, MARKET, ROOT_HISTORY

_DATA = "(uint256,bytes,(bytes32,uint256)[])"
_SUBMISSION = f"({_DATA},address)"
_PLACE = "(uint256,bytes32,uint256,uint256)"
_PLACES = "(uint256[],bytes32[],uint256[],uint256[])"
_CONTEXT = "((uint256,uint256,bytes32,uint256,bytes32,bytes32))"
_RANGE = "((uint128,uint128,bytes32))"
_INITIALIZED = refuse("InvalidInitialization()")
"""Done at activation, once and for all (`activation.py`)."""


def storage_flow() -> tuple[ContractPrecompile, ...]:
    """The precompiles, Flow first."""
    return (
        ContractPrecompile(FLOW, (*_submitting(), *_contexts(), *_parameters(), *_pausing())),
        ContractPrecompile(MARKET, _market(), has_receive=True),
        ContractPrecompile(ROOT_HISTORY, _root_history()),
    )


def _submitting() -> Iterable[ContractFunction]:
    """Both forms of a submission, and the tree."""
    submit, batch = submitting.submit, submitting.batch_submit
    old, old_batch = submitting.submit_for_caller, submitting.batch_submit_for_caller
    return (
        function(f"submit({_SUBMISSION})", submit, _PLACE, is_payable=True),
        function(f"batchSubmit({_SUBMISSION}[])", batch, _PLACES, is_payable=True),
        function(f"submit({_DATA})", old, _PLACE, is_payable=True),
        function(f"batchSubmit({_DATA}[])", old_batch, _PLACES, is_payable=True),
        function("computeFlowRoot()", _compute_flow_root, "(bytes32)", writes=True),
        function("getFlowRootByTxSeq(uint256)", _flow_root_by_tx_seq, "(bytes32)"),
        function("numSubmissions()", number_at(layout.SUBMISSION_INDEX), "(uint256)"),
        function("submissionIndex()", number_at(layout.SUBMISSION_INDEX), "(uint256)"),
        function("tree()", _tree, "(uint256,uint256)"),
    )


def _contexts() -> Iterable[ContractFunction]:
    with_result = contexts.make_context_with_result
    query, history = contexts.query_context_at_position, contexts.get_epoch_range_history
    times = contexts.make_context_fixed_times
    return (
        function("makeContext()", contexts.make_context, writes=True),
        function("makeContextFixedTimes(uint256)", times, writes=True),
        function("makeContextWithResult()", with_result, _CONTEXT, writes=True),
        function("queryContextAtPosition(uint128)", query, _RANGE, writes=True),
        function("getContext()", contexts.get_context, _CONTEXT),
        function("getEpochRange(bytes32)", contexts.get_epoch_range, "((uint128,uint128))"),
        function("getEpochRangeHistory(uint256)", history, _RANGE),
        function("epoch()", number_at(layout.EPOCH), "(uint256)"),
        function("epochStartPosition()", number_at(layout.EPOCH_START_POSITION), "(uint256)"),
    )


def _parameters() -> Iterable[ContractFunction]:
    """What is set at activation; `setParams` fills what is not, which is nothing."""
    return (
        function("firstBlock()", number_at(layout.FIRST_BLOCK), "(uint256)"),
        function("blocksPerEpoch()", number_at(layout.BLOCKS_PER_EPOCH), "(uint256)"),
        function("rootHistory()", address_at(layout.ROOT_HISTORY), "(address)"),
        function("market()", address_at(layout.MARKET_ADDRESS), "(address)"),
        function("deployDelay()", constant(0), "(uint256)"),
        function("setParams(uint256,uint256,address)", _set_nothing, writes=True),
        function("initialize(address,uint256)", _INITIALIZED, writes=True),
    )


def _pausing() -> Iterable[ContractFunction]:
    yield function("pause()", pausing.pause, writes=True)
    yield function("unpause()", pausing.unpause, writes=True)
    yield function("paused()", pausing.paused, "(bool)")
    yield function("PAUSER_ROLE()", constant(pausing.PAUSER_ROLE), "(bytes32)")
    yield from role_functions()


def _market() -> Iterable[ContractFunction]:
    charge, initialize = "chargeFee(uint256,uint256,uint256)", "initialize(uint256,address,address)"
    yield function("pricePerSector()", market.price_per_sector, "(uint256)")
    yield function("setPricePerSector(uint256)", market.set_price_per_sector, writes=True)
    yield function(charge, market.charge_fee, writes=True)
    yield function("flow()", address_at(layout.MARKET_FLOW), "(address)")
    yield function("reward()", address_at(layout.MARKET_REWARD), "(address)")
    yield function("withdrawReward(address,uint256)", market.withdraw_reward, writes=True)
    yield function(initialize, _INITIALIZED, writes=True)
    yield function("PARAMS_ADMIN_ROLE()", constant(roles.PARAMS_ADMIN_ROLE), "(bytes32)")
    yield from role_functions()


def _root_history() -> Iterable[ContractFunction]:
    owner_only = root_history.owner_only
    return (
        function("at(uint256)", root_history.at, "(bytes32)"),
        function("available(uint256)", root_history.available, "(bool)"),
        function("contains(bytes32)", root_history.contains, "(bool)"),
        function("owner()", constant(FLOW), "(address)"),
        function("insert(bytes32)", owner_only, "(uint256)", writes=True),
        function("transferOwnership(address)", owner_only, writes=True),
        function("renounceOwnership()", owner_only, writes=True),
    )


def _compute_flow_root(work: Work) -> tuple[bytes]:
    return (Accumulator(work).commit(),)


def _flow_root_by_tx_seq(work: Work, index: int) -> tuple[bytes]:
    return (word(work.load(item(layout.ROOT_BY_TX_SEQ, word(index)))),)


def _tree(work: Work) -> tuple[int, int]:
    """Length in sectors, and the height from which on the open nodes are not up to date."""
    return work.load(layout.TREE_LENGTH), work.load(layout.UNSTAGED_HEIGHT)


def _set_nothing(work: Work, blocks_per_epoch: int, first_block: int, history: bytes) -> tuple[()]:
    return ()
