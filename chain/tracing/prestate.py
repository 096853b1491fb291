"""prestateTracer: the accounts and slots that a transaction looks at, as it found them, and what it changed.

The places where it looks are go-ethereum's (eth/tracers/native/prestate.go).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.contract_addresses import create2_address, created_address
from chain.engine import Account, Environment, Message
from chain.forks.fork import Fork
from chain.tracer import Step, TracedState
from chain.tracing.budget import TraceBudget
from chain.tracing.hex_forms import data, quantity, word
from chain.tracing.noop import NoopTracer
from chain.transactions import recover_authority

NO_CODE: Final = Hash32(keccak(b""))
NO_ACCOUNT: Final = Account(0, 0, NO_CODE)
DELEGATION_PREFIX: Final = b"\xef\x01\x00"
DELEGATION_BYTES: Final = 23
ACCOUNT_BYTES: Final = 250
SLOT_BYTES: Final = 140
"""What an account without code, and a slot, take as JSON, about."""
SELFDESTRUCT: Final = 0xFF
CREATE: Final = 0xF0
CREATE2: Final = 0xF5
_SLOT_OPCODES: Final = frozenset((0x54, 0x55))
_ADDRESS_OPCODES: Final = frozenset((0x31, 0x3B, 0x3C, 0x3F, SELFDESTRUCT))
_CALLS: Final = frozenset((0xF1, 0xF2, 0xF4, 0xFA))
_CALL_ITEMS_MIN: Final = 5
_UNPAID_MEMORY_BYTES_MAX: Final = 1 << 20
"""Of init code behind the end of the memory: more is never paid for."""
_ADDRESS_MASK: Final = (1 << 160) - 1


@dataclass(frozen=True, slots=True)
class PrestateOptions:
    """go-ethereum's prestateTracerConfig."""

    is_diff: bool = False
    has_code: bool = True
    has_storage: bool = True
    includes_empty: bool = False


@dataclass(slots=True)
class FoundAccount:
    """An account as it was before the transaction, and the slots of it that were looked at."""

    account: Account
    code: bytes
    slots: dict[int, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """As an account that is not there."""
        return not (self.account.nonce or self.account.balance or self.code)


class PrestateTracer(NoopTracer):
    """go-ethereum's prestateTracer; it reads the state until its result is taken."""

    wants_steps = True

    def __init__(self, options: PrestateOptions, budget: TraceBudget) -> None:
        self._options, self._budget = options, budget
        self._found: dict[Address, FoundAccount] = {}
        self._created: set[Address] = set()
        self._destroyed: set[Address] = set()
        self._state: TracedState | None = None
        self._destroys_new_only = False
        self._new_accounts: list[Address] = []
        self._new_slots: list[tuple[Address, int]] = []
        """Found by the opcode under way."""

    def transaction_started(
        self, state: TracedState, environment: Environment, message: Message
    ) -> None:
        """See `Tracer`."""
        self._state = state
        self._destroys_new_only = environment.rules.fork >= Fork.CANCUN
        to = message.to
        if to is None:
            nonce = (state.account(message.sender) or NO_ACCOUNT).nonce
            to = created_address(message.sender, nonce)
            self._created.add(to)
        else:
            self._look_at_delegate(to)
        for address in (message.sender, to, environment.coinbase):
            self._look_at(address)
        for authorization in message.authorization_list:
            authority = recover_authority(authorization)
            if authority is not None:
                self._look_at(authority)

    def step_started(self, step: Step) -> None:
        """See `Tracer`. Before the opcode changes anything."""
        self._new_accounts.clear()
        self._new_slots.clear()
        opcode, stack = step.opcode, step.stack
        if opcode in _SLOT_OPCODES:
            if stack:
                self._look_at_slot(step.address, stack[-1])
        elif opcode in _ADDRESS_OPCODES:
            if stack:
                self._look_at(_address(stack[-1]))
                if opcode == SELFDESTRUCT:
                    self._note_destruction(step.address)
        elif opcode in _CALLS:
            if len(stack) >= _CALL_ITEMS_MIN:
                target = _address(stack[-2])
                self._look_at(target)
                self._look_at_delegate(target)
        elif opcode == CREATE or (opcode == CREATE2 and len(stack) >= 4):
            created = self._creation_target(step)
            self._look_at(created)
            self._created.add(created)

    def step_ended(self, cost: int, refund: int, failure: str | None) -> None:
        """See `Tracer`: an opcode that never ran has looked at nothing."""
        if failure is not None:
            for address, slot in self._new_slots:
                del self._found[address].slots[slot]
            for address in self._new_accounts:
                del self._found[address]

    @property
    def found(self) -> Mapping[Address, FoundAccount]:
        """What was looked at."""
        return self._found

    @property
    def state(self) -> TracedState:
        """As it is now."""
        assert self._state is not None, "asked for before the transaction started"
        return self._state

    def result(self) -> Any:
        """See `NoopTracer`; differences are between the start and the transaction's end."""
        if not self._options.is_diff:
            return {
                data(address): self._account_json(found)
                for address, found in self._found.items()
                if self._options.includes_empty or not found.is_empty
            }
        pre: dict[str, Any] = {}
        post: dict[str, Any] = {}
        for address, found in self._found.items():
            if address not in self._destroyed:
                after = self._difference(address, found)
                if after is None:
                    continue
                post[data(address)] = after
            if not found.is_empty:
                pre[data(address)] = self._account_json(found)
        return {"post": post, "pre": pre}

    def _look_at(self, address: Address) -> None:
        if address in self._found:
            return
        assert self._state is not None
        code = self._state.code(address)
        self._budget.spend(ACCOUNT_BYTES + 2 * len(code))
        self._found[address] = FoundAccount(self._state.account(address) or NO_ACCOUNT, code)
        self._new_accounts.append(address)

    def _look_at_delegate(self, address: Address) -> None:
        assert self._state is not None
        code = self._state.code(address)
        if len(code) == DELEGATION_BYTES and code.startswith(DELEGATION_PREFIX):
            self._look_at(Address(code[len(DELEGATION_PREFIX) :]))

    def _look_at_slot(self, address: Address, slot: int) -> None:
        if not self._options.has_storage:
            return
        self._look_at(address)
        slots = self._found[address].slots
        if slot not in slots:
            assert self._state is not None
            self._budget.spend(SLOT_BYTES)
            slots[slot] = self._state.slot(address, slot)
            self._new_slots.append((address, slot))

    def _note_destruction(self, address: Address) -> None:
        if not self._destroys_new_only or address in self._created:
            self._destroyed.add(address)

    def _creation_target(self, step: Step) -> Address:
        if step.opcode == CREATE:
            assert self._state is not None
            nonce = (self._state.account(step.address) or NO_ACCOUNT).nonce
            return created_address(step.address, nonce)
        start, size, salt = step.stack[-2], step.stack[-3], step.stack[-4]
        # Memory has not grown yet; what is missing is zero. Sizes that no gas pays for read nothing.
        size = min(size, len(step.memory) + _UNPAID_MEMORY_BYTES_MAX)
        code = bytes(step.memory[start : start + size]).ljust(size, b"\0")
        return create2_address(step.address, salt, code)

    def _account_json(self, found: FoundAccount) -> dict[str, Any]:
        account = found.account
        answer: dict[str, Any] = {"balance": quantity(account.balance)}
        if found.code:
            if self._options.has_code:
                answer["code"] = data(found.code)
            answer["codeHash"] = data(account.code_hash)
        if account.nonce:
            answer["nonce"] = account.nonce
        if found.slots:
            answer["storage"] = {word(slot): word(value) for slot, value in found.slots.items()}
        return answer

    def _difference(self, address: Address, found: FoundAccount) -> dict[str, Any] | None:
        """What an account has become; None where it is as it was. `found` keeps the slots that changed."""
        assert self._state is not None
        before, after = found.account, self._state.account(address) or NO_ACCOUNT
        changed: dict[str, Any] = {}
        if after.balance != before.balance:
            changed["balance"] = quantity(after.balance)
        if after.code_hash != before.code_hash:
            if self._options.has_code:
                changed["code"] = data(self._state.code(address))
            changed["codeHash"] = data(after.code_hash)
        if after.nonce != before.nonce:
            changed["nonce"] = after.nonce
        slots = {slot: self._state.slot(address, slot) for slot in found.slots}
        is_changed = bool(changed) or slots != found.slots
        storage = {
            word(slot): word(value)
            for slot, value in slots.items()
            if value and value != found.slots[slot]
        }
        found.slots = {
            slot: value for slot, value in found.slots.items() if value and value != slots[slot]
        }
        if storage:
            changed["storage"] = storage
        return changed if is_changed else None


def _address(item: int) -> Address:
    return Address((item & _ADDRESS_MASK).to_bytes(20, "big"))
