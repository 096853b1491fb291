"""Recovering many senders, in one go or on threads. A native implementation joins `IMPLEMENTATIONS`."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from eth_account import Account
from eth_typing import Address

from chain.transactions import Transaction, decode_transaction, recover_senders
from node.sender_recovery import TRANSACTIONS_A_THREAD_MIN, SenderRecovery

KEYS = [Account.from_key(bytes([number]) * 32) for number in range(1, 6)]

Recover = Callable[[Sequence[Transaction]], list[Address | None]]
IMPLEMENTATIONS: dict[str, Recover] = {
    "one go": recover_senders,
    "one thread": SenderRecovery(1),
    "two threads": SenderRecovery(2),
    "three threads": SenderRecovery(3),
}
any_recovery = pytest.mark.parametrize(
    "recover", list(IMPLEMENTATIONS.values()), ids=list(IMPLEMENTATIONS)
)


def signed(number: int) -> Transaction:
    fields = {"nonce": number, "to": "0x" + "11" * 20, "value": 1, "gas": 21_000}
    key = KEYS[number % len(KEYS)]
    encoded = key.sign_transaction(fields | {"gasPrice": 1, "chainId": 1}).raw_transaction
    return decode_transaction(bytes(encoded))


@pytest.mark.parametrize("count", [0, 1, 2 * TRANSACTIONS_A_THREAD_MIN - 1, 101])
@any_recovery
def test_the_senders_come_in_the_transactions_order(count: int, recover: Recover) -> None:
    transactions = [signed(number) for number in range(count)]
    expected = [bytes.fromhex(KEYS[n % len(KEYS)].address[2:]) for n in range(count)]
    assert recover(transactions) == expected


@any_recovery
def test_an_invalid_signature_has_no_sender_and_hides_no_other(recover: Recover) -> None:
    transactions = [signed(number) for number in range(60)]
    transactions[7] = replace(transactions[7], r=0)
    transactions[59] = replace(transactions[59], s=(1 << 256) - 1)
    senders = recover(transactions)
    assert [at for at, sender in enumerate(senders) if sender is None] == [7, 59]
