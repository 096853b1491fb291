"""What was handled and is not in the journal yet: it must be there before anything leaves."""

from collections.abc import Sequence

from consensus.messages import Broadcast, Decide, Effect, Input, Persist, Publish, Received, Started
from consensus.values import Proposal, Vote


class UnwrittenInputs:
    """The inputs of a height since its last `Persist`, in the order in which they were handled."""

    def __init__(self) -> None:
        self._inputs: list[Input] = []

    def begin(self, started: Started) -> None:
        """Another height: what was not written of the one before never will be."""
        self._inputs = [started]

    def add(self, input: Input) -> None:
        """Before it is handled: what is released by it comes behind it."""
        self._inputs.append(input)

    def take_back(self) -> None:
        """The newest, which changed nothing."""
        self._inputs.pop()

    def forget(self, messages: Sequence[Proposal | Vote]) -> None:
        """Messages without effect: else one validator that names ever higher rounds would fill
        memory and journal while the network stands still."""
        if messages:
            self._inputs = [
                input
                for input in self._inputs
                if not (isinstance(input, Received) and input.message in messages)
            ]

    def take(self) -> tuple[Input, ...]:
        """All of them, once."""
        inputs, self._inputs = tuple(self._inputs), []
        return inputs

    def written_before(self, effects: Sequence[Effect]) -> tuple[Effect, ...]:
        """The effects with one `Persist` before the first that leaves this validator."""
        for index, effect in enumerate(effects):
            if isinstance(effect, Broadcast | Publish | Decide):
                return (*effects[:index], Persist(self.take()), *effects[index:])
        return tuple(effects)
