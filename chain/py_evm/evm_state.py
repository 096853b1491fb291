"""The journal together with the block's context: what py-evm's opcodes know as the state."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from eth_typing import Address, Hash32

from chain.engine import Environment, StateReader
from chain.header_rules import blob_base_fee
from chain.py_evm.code_analysis import CodeAnalysis
from chain.py_evm.journal import Journal
from chain.py_evm.opcode_table import OpcodeTable

if TYPE_CHECKING:
    from chain.py_evm.frame import Frame
    from chain.py_evm.tracing import Tracing

ANCESTOR_HASH_COUNT: Final = 256
"""How far back BLOCKHASH sees."""
ALARMS_MAX: Final = 100
"""Of a block: one transaction can run into the same bug as often as its gas lets it."""
ALARM_CHARACTERS_MAX: Final = 500

FramePrecompile = Callable[["Frame"], None]
"""Consumes gas, sets the frame's output; raises a `VMError`."""


class EvmState(Journal):
    """One block's execution."""

    def __init__(
        self,
        environment: Environment,
        reader: StateReader,
        opcodes: OpcodeTable,
        precompiles: Mapping[Address, FramePrecompile],
        code_analysis: CodeAnalysis,
        has_short_transfers: bool,
    ) -> None:
        rules = environment.rules
        super().__init__(reader, rules.fork)
        self.environment = environment
        self.rules = rules
        self.fork = rules.fork
        self.opcodes = opcodes
        self.precompiles = precompiles
        self.warm_precompiles = precompiles.keys()
        """Those of the fork, wherever overrides move them: warm from the start (EIP-2929)."""
        self.code_analysis = code_analysis
        self.has_short_transfers = has_short_transfers
        """Whether a call of an account without code may do without a frame."""
        self.tracing: Tracing | None = None
        """Set while somebody wants to know how a transaction runs."""
        self.alarms: list[str] = []
        """Bugs that a transaction ran into."""
        self.coinbase = environment.coinbase
        self.timestamp = environment.timestamp
        self.block_number = environment.number
        self.gas_limit = environment.gas_limit
        self.difficulty = environment.difficulty
        self.mix_hash = environment.prev_randao
        self.chain_id = rules.chain_id
        self.base_fee = environment.base_fee or 0
        """Wei; opcode BASEFEE exists from London on only."""
        self.blob_base_fee = _blob_base_fee(environment)

    def alarm(self, text: str) -> None:
        """Report a bug that a transaction ran into; it stays reported whatever is reverted."""
        if len(self.alarms) < ALARMS_MAX:
            self.alarms.append(" ".join(text[:ALARM_CHARACTERS_MAX].split()))

    @property
    def execution_context(self) -> "EvmState":
        """Where py-evm's CHAINID looks for `chain_id`."""
        return self

    def get_ancestor_hash(self, number: int) -> bytes:
        """Hash of one of the last 256 blocks; empty, which is zero on the stack, otherwise."""
        return self.ancestor_hash(number) or b""

    def ancestor_hash(self, number: int) -> Hash32 | None:
        age = self.block_number - number
        if not 1 <= age <= ANCESTOR_HASH_COUNT or number < 0:
            return None
        if age == 1:
            return self.environment.parent_hash
        return self._reader.block_hash(number)


def _blob_base_fee(environment: Environment) -> int:
    if environment.blob_base_fee is not None:
        return environment.blob_base_fee
    if environment.rules.blobs is None or environment.excess_blob_gas is None:
        return 0
    return blob_base_fee(environment.excess_blob_gas, environment.rules)
