"""An access list names what a message touches, and no account that is warm without it."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from eth_typing import Address

from chain.contract_addresses import created_address
from chain.engine import AccountOverride
from chain.message_calls import CallRequest
from chain.query_errors import CallRefused

OTHER = Address(b"\xaa" * 20)
CHECKED = Address(b"\xbb" * 20)
TARGET = Address(b"\xcc" * 20)
ECRECOVER = bytes(19) + b"\x01"
READS = (
    bytes.fromhex("600754 50 61012c54 50 73".replace(" ", "")) + CHECKED
    + bytes.fromhex("31 50 5f5f5f5f5f 73".replace(" ", "")) + OTHER
    + bytes.fromhex("5af1 50 5f5f5f5f5f 73".replace(" ", "")) + ECRECOVER
    + bytes.fromhex("5af1 00".replace(" ", ""))
)  # fmt: skip
"""Slots 7 and 300, a balance, a call of a contract, a call of a precompile."""
WRITES_SLOT_1_OF_ITS_OWN = bytes.fromhex("6001600155")
FOLLOWS_A_POINTER = bytes.fromhex("5f545400")
"""Reads slot 0, and the slot of which it holds the number."""


@pytest.fixture
def setting(make_setting: Callable[..., Any]) -> Any:
    return make_setting(codes={TARGET: READS, OTHER: WRITES_SLOT_1_OF_ITS_OWN})


def found(setting: Any, overrides: Any = None, **fields: Any) -> Any:
    with setting.queries.view() as view:
        return view.access_list(CallRequest(**fields), overrides=overrides)


def test_slots_and_accounts_are_listed_but_not_sender_target_and_precompiles(
    setting: Any, keys: Sequence[Any]
) -> None:
    answer = found(setting, sender=keys[0].address, to=TARGET)
    assert answer.access_list == ((OTHER, (1,)), (CHECKED, ()), (TARGET, (7, 300)))
    assert answer.result.error is None
    again = found(setting, sender=keys[0].address, to=TARGET, access_list=answer.access_list)
    assert again == answer


def test_gas_is_that_of_the_message_with_its_list(setting: Any, keys: Sequence[Any]) -> None:
    answer = found(setting, sender=keys[0].address, to=TARGET)
    calls = {"sender": keys[0].address, "to": TARGET, "access_list": answer.access_list}
    with setting.queries.view() as view:
        assert view.call(CallRequest(**calls, gas=answer.result.peak_gas_used + 5_000)) == b""


def test_a_list_given_is_kept_and_grows(setting: Any) -> None:
    given = ((CHECKED, (5,)),)
    answer = found(setting, to=OTHER, access_list=given)
    assert answer.access_list == ((OTHER, (1,)), (CHECKED, (5,)))


def test_of_what_a_creation_makes_the_slots_alone_are_listed(
    setting: Any, keys: Sequence[Any]
) -> None:
    sender = keys[0].address
    created = created_address(sender, 0)
    code = bytes.fromhex("30315f54503d3df3")
    assert found(setting, sender=sender, data=code).access_list == ((created, (0,)),)


def test_a_failing_message_has_a_list_and_says_why(setting: Any) -> None:
    overrides = {OTHER: AccountOverride(code=bytes.fromhex("6003545f5ffd"))}
    answer = found(setting, overrides, to=OTHER)
    assert answer.access_list == ((OTHER, (3,)),)
    assert answer.result.error == "execution reverted"


def test_slots_are_those_of_the_overridden_state(setting: Any) -> None:
    overrides = {OTHER: AccountOverride(code=FOLLOWS_A_POINTER, state={0: 9})}
    answer = found(setting, overrides, to=OTHER)
    assert answer.access_list == ((OTHER, (0, 9)),)


def test_a_message_that_cannot_run_is_refused(setting: Any) -> None:
    with pytest.raises(
        CallRefused, match=r"failed to apply transaction: err: intrinsic gas too low"
    ):
        found(setting, to=OTHER, gas=20_000)
