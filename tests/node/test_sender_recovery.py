"""node/sender_recovery.py against `recover_senders`."""

from dataclasses import replace

import pytest
from eth_account import Account

from chain.transactions import Transaction, decode_transaction, recover_senders
from node.sender_recovery import TRANSACTIONS_A_THREAD_MIN, SenderRecovery

KEYS = [Account.from_key(bytes([number]) * 32) for number in range(1, 6)]


def signed(number: int) -> Transaction:
    fields = {"nonce": number, "to": "0x" + "11" * 20, "value": 1, "gas": 21_000}
    key = KEYS[number % len(KEYS)]
    encoded = key.sign_transaction(fields | {"gasPrice": 1, "chainId": 1}).raw_transaction
    return decode_transaction(bytes(encoded))


@pytest.mark.parametrize("count", [0, 1, 2 * TRANSACTIONS_A_THREAD_MIN - 1, 101])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_slices_on_threads_give_the_senders_in_the_transactions_order(
    count: int, threads: int
) -> None:
    transactions = [signed(number) for number in range(count)]
    expected = [bytes.fromhex(KEYS[n % len(KEYS)].address[2:]) for n in range(count)]
    assert SenderRecovery(threads)(transactions) == expected


def test_an_invalid_signature_has_no_sender_and_hides_no_other() -> None:
    transactions = [signed(number) for number in range(60)]
    transactions[7] = replace(transactions[7], r=0)
    transactions[59] = replace(transactions[59], s=(1 << 256) - 1)
    senders = SenderRecovery(2)(transactions)
    assert senders == recover_senders(transactions)
    assert [at for at, sender in enumerate(senders) if sender is None] == [7, 59]
