"""Recovers who signed many transactions, on several threads: libsecp256k1 runs without Python's lock."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from eth_typing import Address

from chain.transactions import Transaction, recover_senders

THREADS_MAX = 4
"""More would only wait for the interpreter's lock: it is held for half of the work."""
TRANSACTIONS_A_THREAD_MIN = 16
"""Below this, handing over costs more than it saves."""


class SenderRecovery:
    """`recover_senders` in slices, one to a thread."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(THREADS_MAX, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="senders")

    def __call__(self, transactions: Sequence[Transaction]) -> list[Address | None]:
        """As `chain.transactions.recover_senders`. Any thread may call it but the event loop's."""
        slices = min(self._threads, len(transactions) // TRANSACTIONS_A_THREAD_MIN)
        if slices < 2:
            return recover_senders(transactions)
        length = -(-len(transactions) // slices)
        parts = [transactions[at : at + length] for at in range(0, len(transactions), length)]
        return list(chain.from_iterable(self._pool.map(recover_senders, parts)))
