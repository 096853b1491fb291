"""Random sequences of all functions, from random callers by random kinds of call, against the model."""

from collections.abc import Callable
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import event, given, settings
from hypothesis import strategies as st

from precompiles.da_signers.functions import da_signers
from precompiles.interface import CallKind, Failed, Returned, Reverted
from precompiles.wrapped_a0gi_base.functions import wrapped_a0gi_base

CHAIN_ID = 16_601
EPOCH_BLOCKS = 3
ACCOUNTS = [bytes(19) + bytes([number]) for number in range(4)]
"""Account i has secret key i: the first one the all-zero keys."""
EPOCHS = st.sampled_from([0, 1, 1, 1, 1, 2, 2, 3, 4, 2**64 + 1, 2**64 + 2])
AMOUNTS = st.one_of(st.integers(0, 20), st.integers(2**256 - 20, 2**256 - 1))
INITIALS = st.integers(0, 20)
ACCOUNT = st.sampled_from(ACCOUNTS)
MINTERS = st.sampled_from(ACCOUNTS[:2])
SOCKETS = st.one_of(st.text(max_size=40), st.just("s" * 300))
VOTES = st.one_of(
    st.integers(0, 5), st.sampled_from([3_072, 3_100, 7_000, 2**63, 2**64 + 2, 2**256 - 1])
)


SELDOM_ANOTHER_KEY = st.sampled_from([None] * 9 + [0, 1, 2, 3])
PARTS = st.fixed_dictionaries(
    {
        "account": ACCOUNT,
        "key": SELDOM_ANOTHER_KEY,
        "socket": SOCKETS,
        "votes": VOTES,
        "epoch": EPOCHS,
        "quorum": st.sampled_from([0, 0, 0, 0, 1, 2, 2**64]),
        "row": st.sampled_from([0, 1, 3_071, 3_072, 2**32 - 1]),
        "bits": st.binary(min_size=4, max_size=4),
        "bitmap_bytes": st.sampled_from([384, 384, 384, 384, 383]),
        "accounts": st.lists(ACCOUNT, max_size=3),
    }
)
"""What arguments are made of."""
NAMES = st.sampled_from(
    ["registerSigner", "updateSocket", "registerNextEpoch", "getAggPkG1", "getQuorum"] * 2
    + ["makeEpoch"] * 4
    + ["params", "epochNumber", "quorumCount", "isSigner", "getSigner", "getQuorumRow"]
    + ["registeredEpoch"]
)


@st.composite
def da_steps(draw: st.DrawFn) -> list[tuple[str, Any]]:
    """Some signers, registered for the first epoch, which is made; then anything."""
    signers = draw(st.lists(ACCOUNT, max_size=4, unique=True))
    steps = []
    for name in ("registerSigner", "registerNextEpoch"):
        steps += [(name, {**draw(PARTS), "account": account}) for account in signers]
    if draw(st.booleans()):
        steps.append(("makeEpoch", draw(PARTS)))
    return steps + draw(st.lists(st.tuples(NAMES, PARTS), max_size=10))


@st.composite
def calls(draw: st.DrawFn, likely_caller: bytes) -> dict[str, Any]:
    """How to call: mostly as the function wants it."""
    caller = draw(st.sampled_from([likely_caller] * 15 + ACCOUNTS))
    return {
        "kind": draw(st.sampled_from([CallKind.CALL] * 15 + list(CallKind))),
        "caller": caller,
        "origin": draw(st.sampled_from([caller] * 15 + ACCOUNTS[:1])),
        "spare_gas": draw(st.sampled_from([0, 5] + [10**9] * 16 + [-1])),
        "blocks": draw(st.integers(0, 2)),
    }


def _arguments(model: Any, state: Any, name: str, parts: dict[str, Any]) -> list[Any]:
    account, epoch, quorum = parts["account"], parts["epoch"], parts["quorum"]
    own_key = ACCOUNTS.index(account)
    key = own_key if parts["key"] is None else parts["key"]
    chain = CHAIN_ID.to_bytes(32, "big")
    match name:
        case "registerSigner":
            signature = model.sign(key, account + chain + b"0G_BN254_Pubkey_Registration")
            return [(account, parts["socket"], *model.public_keys(own_key)), signature]
        case "registerNextEpoch":
            next_epoch = (state._epoch() + 1).to_bytes(8, "big")
            return [account, model.sign(key, account + next_epoch + chain), parts["votes"]]
        case "updateSocket":
            return [parts["socket"]]
        case "getSigner":
            return [parts["accounts"]]
        case "isSigner":
            return [account]
        case "registeredEpoch":
            return [account, epoch]
        case "quorumCount":
            return [epoch]
        case "getQuorum":
            return [epoch, quorum]
        case "getQuorumRow":
            return [epoch, quorum, parts["row"]]
        case "getAggPkG1":
            return [epoch, quorum, (parts["bits"] * 96)[: parts["bitmap_bytes"]]]
    return []


def _compare(model: Any, state: Any, chain: Any, name: str, arguments: Any, call: Any) -> None:
    function = model.FUNCTIONS[name]
    state.number = chain.number = chain.number + call["blocks"]
    gas = function.gas + call["spare_gas"]
    ending, data = state.call(
        name, arguments, call["kind"].value, call["caller"], call["origin"], gas
    )
    selector = keccak(f"{name}({','.join(function.arguments)})".encode())[:4]
    outcome = chain.call(
        selector + encode(function.arguments, arguments),
        kind=call["kind"],
        caller=call["caller"],
        origin=call["origin"],
        gas=gas,
    )
    event(f"{name}: {ending}")
    endings = {Returned: "returned", Reverted: "reverted", Failed: "failed"}
    assert endings.get(type(outcome), "out of gas") == ending
    if isinstance(outcome, Returned):
        assert outcome.data == data
    assert chain.gas_left == state.gas_left
    assert chain.storage.slots == state.slots
    assert chain.balances.wei == state.wei
    assert chain.code.code == state.code
    assert chain.logs == state.logs


@given(st.data())
@settings(max_examples=40)
def test_da_signers_does_what_the_model_does(
    chain_of: Callable[..., Any], model: Any, data: st.DataObject
) -> None:
    chain = chain_of(da_signers(EPOCH_BLOCKS), chain_id=CHAIN_ID)
    state = model.DaSignersModel(CHAIN_ID, EPOCH_BLOCKS)
    for name, parts in data.draw(da_steps()):
        registers = name in ("registerSigner", "registerNextEpoch")
        call = data.draw(calls(model.REGISTRY if registers else parts["account"]))
        _compare(model, state, chain, name, _arguments(model, state, name, parts), call)


@given(st.data())
@settings(max_examples=60)
def test_wrapped_a0gi_base_does_what_the_model_does(
    chain_of: Callable[..., Any], model: Any, data: st.DataObject
) -> None:
    chain = chain_of(wrapped_a0gi_base(), chain_id=CHAIN_ID)
    state = model.WrappedModel(CHAIN_ID, EPOCH_BLOCKS)
    shapes = {
        "setMinterCap": st.tuples(MINTERS, AMOUNTS, INITIALS),
        "mint": st.tuples(MINTERS, AMOUNTS),
        "burn": st.tuples(MINTERS, AMOUNTS),
        "minterSupply": st.tuples(MINTERS),
        "getWA0GI": st.just(()),
    }
    for name in data.draw(st.lists(st.sampled_from(sorted(shapes)), max_size=20)):
        likely_caller = model.AGENCY if name == "setMinterCap" else model.TOKEN
        call = data.draw(calls(likely_caller))
        _compare(model, state, chain, name, list(data.draw(shapes[name])), call)
