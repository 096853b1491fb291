"""The root of a state that grows over simulated blocks is that of the same state when it is written."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chain.block_store import HEAD_KEY
from chain.key_value import MemoryStore, Table
from chain.simulated_state import SimulatedState

_spec = importlib.util.spec_from_file_location(
    "state_model", Path(__file__).with_name("test_state.py")
)
assert _spec is not None
assert _spec.loader is not None
state_model = importlib.util.module_from_spec(_spec)
sys.modules["state_model"] = state_model
_spec.loader.exec_module(state_model)


@settings(max_examples=60, deadline=None)
@given(
    written=st.lists(state_model.BLOCKS, min_size=1, max_size=4),
    simulated=st.lists(state_model.BLOCKS, min_size=1, max_size=4),
    data=st.data(),
)
def test_roots_and_reads_on_top_of_any_block_are_the_model_s(
    written: list[Any], simulated: list[Any], data: st.DataObject
) -> None:
    store, models = MemoryStore(), list[Any]()
    for number, block in enumerate(written):
        state_model.commit(store, number, block)
        models.append(state_model.after(models[-1] if models else {}, block))
        with store.write() as batch:
            batch.put(Table.META, HEAD_KEY, number.to_bytes(8, "big"))
    base = data.draw(st.integers(0, len(written) - 1))
    model = models[base]
    with store.snapshot() as snapshot:
        state = SimulatedState(snapshot, base)
        for block in simulated:
            model = state_model.after(model, block)
            assert state.apply(block) == state_model.reference_root(model)
            state_model.check_reads(state.reader, model)
