"""What is checked of a table that somebody else wrote."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from precompiles import abi
from precompiles.contract import CALL_GAS, ContractFunction, require
from precompiles.dispatch import Function
from precompiles.interface import Call, CallKind, Failed, Returned, Reverted
from precompiles.plugin import RUN_GAS, InvalidTable, PluginFault, PluginPrecompile

ADDRESS = Address(bytes(18) + b"\x77\x01")
SOMEBODY = Address(b"\x55" * 20)
ChainOf = Callable[..., Any]
BLOCK_GAS = 30_000_000


def answering(*values: Any) -> Callable[..., Sequence[Any]]:
    return lambda call, *arguments: values


def one(handler: Callable[..., Any], *, gas: Any = 0, returns: str = "()") -> PluginPrecompile:
    return PluginPrecompile(ADDRESS, [ContractFunction("f()", handler, gas=gas, returns=returns)])


def call_f(chain_of: ChainOf, plugin: PluginPrecompile, **options: Any) -> Any:
    return chain_of(plugin).call(plugin.functions[0].selector, **options)


@pytest.mark.parametrize(
    ("returns", "value"),
    [
        ("(uint256)", 2**256 - 1),
        ("(bool)", True),
        ("(address)", SOMEBODY),
        ("(bytes32)", b"\x01" * 32),
        ("(string)", b"text"),
        ("(uint8[])", [1, 2, 255]),
        ("((uint256,bytes))", (1, b"x" * 33)),
    ],
)
def test_a_result_of_its_type_is_returned(chain_of: ChainOf, returns: str, value: Any) -> None:
    outcome = call_f(chain_of, one(answering(value), returns=returns))
    assert outcome == Returned(abi.encode(abi.parse_types(returns), [value]))


@pytest.mark.parametrize(
    ("returns", "values"),
    [
        ("(uint256)", (-1,)),
        ("(uint256)", (2**256,)),
        ("(uint8)", (256,)),
        ("(uint256)", (1.5,)),
        ("(uint256)", ("7",)),
        ("(uint256)", (None,)),
        ("(uint256)", ()),
        ("(uint256)", (1, 2)),
        ("(bool)", (2,)),
        ("(bool)", ("",)),
        ("(address)", (b"\x55" * 19,)),
        ("(address)", (b"\x55" * 21,)),
        ("(bytes4)", (b"12345",)),
        ("(bytes)", ("text",)),
        ("(uint8[])", (7,)),
        ("((uint256,bytes))", ((1,),)),
    ],
)
def test_a_result_that_its_type_cannot_hold_is_a_bug(
    chain_of: ChainOf, returns: str, values: tuple[Any, ...]
) -> None:
    """Any exception that leaves a precompile is an alarm; the encoder alone would let some of these pass."""
    with pytest.raises((PluginFault, ValueError, TypeError, AttributeError, OverflowError)):
        call_f(chain_of, one(answering(*values), returns=returns))


@pytest.mark.parametrize(
    "values", [None, 5, "ab", {1: 2}, iter(())], ids=lambda values: type(values).__name__
)
def test_an_answer_that_is_no_tuple_is_a_bug(chain_of: ChainOf, values: Any) -> None:
    with pytest.raises(PluginFault, match="not a tuple"):
        call_f(chain_of, one(lambda call: values))


@given(value=st.binary(max_size=40) | st.integers() | st.text() | st.none() | st.booleans())
def test_whatever_is_answered_is_encoded_as_its_type_or_is_a_bug(
    chain_of: ChainOf, value: Any
) -> None:
    is_address = isinstance(value, bytes) and len(value) == 20
    try:
        outcome = call_f(chain_of, one(answering(value), returns="(address)"))
    except (PluginFault, ValueError, TypeError):
        assert not is_address
    else:
        assert is_address
        assert outcome == Returned(bytes(12) + value)


@pytest.mark.parametrize("gas", [-1, 1.5, True, "5", None])
def test_a_flat_price_that_is_no_amount_of_gas_is_refused_at_once(gas: Any) -> None:
    with pytest.raises(InvalidTable, match=r"f\(\): gas"):
        one(answering(), gas=gas)


@pytest.mark.parametrize("gas", [-1, 1.5, True, "5", None])
def test_a_rule_that_answers_no_amount_of_gas_is_a_bug(chain_of: ChainOf, gas: Any) -> None:
    with pytest.raises(PluginFault, match="as gas"):
        call_f(chain_of, one(answering(), gas=lambda call: gas))


def test_a_price_above_the_gas_left_is_out_of_gas_and_no_bug(chain_of: ChainOf) -> None:
    plugin = one(answering(), gas=50_000)
    assert call_f(chain_of, plugin, gas=50_000 + CALL_GAS + RUN_GAS - 1) is None
    assert call_f(chain_of, plugin, gas=50_000 + CALL_GAS + RUN_GAS) == Returned()


@pytest.mark.parametrize(
    "gas", [lambda call: call.gas_left + 1, lambda call: 2**64, 2**64], ids=["left", "rule", "flat"]
)
def test_a_price_that_no_gas_can_pay_is_a_bug(chain_of: ChainOf, gas: Any) -> None:
    with pytest.raises(PluginFault, match="a block has"):
        call_f(chain_of, one(answering(), gas=gas), gas=BLOCK_GAS)


def test_a_rule_runs_only_where_it_can_be_paid(chain_of: ChainOf) -> None:
    ran: list[Call] = []
    plugin = one(answering(), gas=lambda call: len(ran.append(call) or ran))
    assert call_f(chain_of, plugin, gas=2 * RUN_GAS - 1) is None
    assert not ran
    assert call_f(chain_of, plugin, gas=2 * RUN_GAS + CALL_GAS + 1) == Returned()


def test_a_price_may_depend_on_arguments_and_storage(chain_of: ChainOf) -> None:
    def price(call: Call, count: int) -> int:
        return 100 * count + call.storage.load(0)

    function = ContractFunction("f(uint8)", lambda call, count: (), gas=price)
    chain = chain_of(PluginPrecompile(ADDRESS, [function]))
    chain.storage.store(0, 7)
    data = function.selector + abi.encode(function.inputs, (3,))
    assert chain.call(data, gas=10_000) == Returned()
    assert chain.gas_left == 10_000 - CALL_GAS - 12 - 307 - 2 * RUN_GAS


def test_balances_do_not_go_below_zero(chain_of: ChainOf) -> None:
    """0G's own burn wraps (facts §1a-2); a plug-in's payment must not mint."""

    def pay(call: Call) -> tuple[()]:
        call.balances.subtract(call.address, 6)
        call.balances.add(SOMEBODY, 6)
        return ()

    chain = chain_of(one(pay))
    chain.balances.add(ADDRESS, 10)
    selector = chain.precompile.functions[0].selector
    assert chain.call(selector) == Returned()
    assert (chain.balances.get(ADDRESS), chain.balances.get(SOMEBODY)) == (4, 6)
    with pytest.raises(PluginFault, match="takes 6 wei"):
        chain.call(selector)


def test_a_negative_payment_is_a_bug(chain_of: ChainOf) -> None:
    def steal(call: Call) -> tuple[()]:
        call.balances.add(SOMEBODY, -1)
        return ()

    with pytest.raises(PluginFault, match="adds -1 wei"):
        call_f(chain_of, one(steal))


@pytest.mark.parametrize("kind", list(CallKind))
@pytest.mark.parametrize("is_static", [False, True])
def test_a_read_only_call_never_writes(chain_of: ChainOf, kind: CallKind, is_static: bool) -> None:
    def write(call: Call) -> tuple[()]:
        call.storage.store(1, 1)
        return ()

    chain = chain_of(one(write))
    outcome = chain.call(chain.precompile.functions[0].selector, kind=kind, is_static=is_static)
    if kind is CallKind.CALL and not is_static:
        assert (outcome, chain.storage.load(1)) == (Returned(), 1)
    else:
        assert (outcome, chain.storage.load(1)) == (Failed("write protection"), 0)


def test_a_refusal_reverts_with_its_text_and_keeps_the_gas(chain_of: ChainOf) -> None:
    def refuse(call: Call) -> tuple[()]:
        call.storage.store(1, 1)
        require(False, "no")
        return ()

    chain = chain_of(one(refuse, gas=1_000))
    outcome = chain.call(chain.precompile.functions[0].selector, gas=5_000)
    assert isinstance(outcome, Reverted)
    assert outcome.data == bytes.fromhex("08c379a0") + abi.encode(
        abi.parse_types("(string)"), [b"no"]
    )
    assert chain.gas_left == 5_000 - CALL_GAS - 1_000 - RUN_GAS
    assert chain.storage.load(1) == 0


NOTHING = ContractFunction("f()", answering(), gas=0)


@pytest.mark.parametrize(
    ("functions", "complaint"),
    [
        ([], "0 functions"),
        ([Function("f()", answering(), gas=0)], "Function in place of a ContractFunction"),
        (["f()"], "str in place"),
        ([NOTHING, NOTHING], r"f\(\) has the selector of f\(\)"),
        ([ContractFunction(f"f{i}()", answering(), gas=0) for i in range(257)], "257 functions"),
    ],
)
def test_a_table_that_is_none_is_refused(functions: list[object], complaint: str) -> None:
    with pytest.raises(InvalidTable, match=complaint):
        PluginPrecompile(ADDRESS, functions)


def test_foreign_code_runs_through_the_runner_alone(chain_of: ChainOf) -> None:
    ran: list[str] = []

    def run(what: str, work: Callable[[], Any]) -> Any:
        ran.append(what)
        return work()

    function = ContractFunction("f()", answering(), gas=lambda call: 5)
    chain = chain_of(PluginPrecompile(ADDRESS, [function], run))
    assert chain.call(function.selector) == Returned()
    assert ran == ["the gas of f()", "f()"]
