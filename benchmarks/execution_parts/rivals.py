"""What our figures are compared with: py-evm as it comes, and revm behind pyrevm."""

from collections.abc import Sequence
from typing import Any

import pyrevm
import rlp
from eth._utils.db import apply_state_dict
from eth.chains.base import MiningChain
from eth.consensus.noproof import NoProofConsensus
from eth.db.atomic import AtomicDB
from eth.rlp.headers import BlockHeader
from eth.vm.chain_context import ChainContext
from eth.vm.forks import CancunVM
from eth.vm.forks.cancun.blocks import CancunBlockHeader
from eth_typing import Address
from eth_utils import to_checksum_address
from execution_parts.chains import CHAIN_ID, Timed, timed

from chain.blocks import Header
from chain.executed_block import ExecutedBlock
from chain.transactions import Transaction

_PY_EVM_HEADER_FIELDS = {
    "parent_hash": "parent_hash", "uncles_hash": "ommers_hash", "coinbase": "coinbase",
    "state_root": "state_root", "transaction_root": "transactions_root",
    "receipt_root": "receipts_root", "bloom": "bloom", "difficulty": "difficulty",
    "block_number": "number", "gas_limit": "gas_limit", "gas_used": "gas_used",
    "timestamp": "timestamp", "extra_data": "extra_data", "mix_hash": "mix_hash", "nonce": "nonce",
    "base_fee_per_gas": "base_fee", "withdrawals_root": "withdrawals_root",
    "blob_gas_used": "blob_gas_used", "excess_blob_gas": "excess_blob_gas",
    "parent_beacon_block_root": "parent_beacon_block_root",
}  # fmt: skip


class UntouchedPyEvm:
    """py-evm's own chain, VM, state and HexaryTrie, in memory."""

    def __init__(self, genesis: Header, balances: dict[Address, int]) -> None:
        vm = CancunVM.configure(consensus_class=NoProofConsensus)
        chain_class = MiningChain.configure(
            "UntouchedChain", vm_configuration=((0, vm),), chain_id=CHAIN_ID
        )
        fields = {
            theirs: int.from_bytes(value, "big") if theirs == "bloom" else value
            for theirs, ours in _PY_EVM_HEADER_FIELDS.items()
            for value in [getattr(genesis, ours)]
        }
        state = {
            address: {"balance": balance, "nonce": 0, "code": b"", "storage": {}}
            for address, balance in balances.items()
        }
        database = AtomicDB()
        before = BlockHeader(difficulty=0, block_number=-1, gas_limit=0)
        allocated = vm.build_state(database, before, ChainContext(CHAIN_ID))
        apply_state_dict(allocated, state)
        allocated.persist()
        header = CancunBlockHeader(**fields)
        self._chain: Any = chain_class.from_genesis_header(database, header)
        assert self._chain.get_canonical_head().hash == genesis.hash, "the same genesis"

    def import_block(self, executed: ExecutedBlock) -> Timed:
        """Import with all of its validation; senders are recovered beforehand."""
        vm = self._chain.get_vm()
        block = rlp.decode(executed.payload, sedes=vm.get_block_class())
        for transaction in block.transactions:
            assert transaction.sender
        _, spent = timed(lambda: self._chain.import_block(block))
        assert self._chain.get_canonical_head().hash == executed.hash
        return spent

    def build(self, executed: ExecutedBlock) -> Timed:
        """A block of the same transactions on the same parent, kept by nobody."""
        builder = self._chain.get_vm()
        decoded = rlp.decode(executed.payload, sedes=builder.get_block_class()).transactions
        for transaction in decoded:
            assert transaction.sender
        vm = self._chain.get_vm(self._chain.header)

        def build() -> Any:
            header, receipts, _ = vm.apply_all_transactions(decoded, self._chain.header)
            filled = vm.set_block_transactions_and_withdrawals(
                vm.get_block(), header, decoded, receipts, withdrawals=()
            )
            return vm.finalize_block(vm.pack_block(filled))

        _, spent = timed(build)
        return spent


class Revm:
    """Execution alone: no roots, no receipts, no disk."""

    def __init__(self, balances: dict[Address, int]) -> None:
        self._evm = pyrevm.EVM(spec_id="CANCUN")
        for address, balance in balances.items():
            self._evm.set_balance(to_checksum_address(address), balance)

    def run(self, transactions: Sequence[Transaction], senders: Sequence[Address]) -> Timed:
        """Each as a message of its sender; a creation deploys."""
        calls = [
            (to_checksum_address(sender), None if item.to is None else to_checksum_address(item.to), item)
            for item, sender in zip(transactions, senders, strict=True)
        ]  # fmt: skip

        def run() -> None:
            for sender, to, item in calls:
                if to is None:
                    self._evm.deploy(sender, item.data, item.value, item.gas_limit)
                else:
                    self._evm.message_call(sender, to, item.data, item.value, item.gas_limit)

        return timed(run)[1]
