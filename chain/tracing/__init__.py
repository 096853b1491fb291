"""What tracers make of an execution, in the formats that go-ethereum, Parity and Otterscan gave them.

Each tracer listens at the seam of `chain/tracer.py`; its `result` is what JSON-RPC answers. No input, no
output, no clock. The formats are those of go-ethereum 1.17 (eth/tracers), field by field.

    selection.py      a tracer's name and options become a tracer
    noop.py           listens to nothing; what the others build on
    budget.py         how large the traces of one question may become
    context.py        where the traced transaction stands
    hex_forms.py      numbers and bytes as JSON writes them
    opcode_names.py   go-ethereum's names of opcodes
    struct_logs.py    the struct logger: every opcode
    call_tree.py      every frame, and the logs in it
    call_frames.py    callTracer: frames in frames
    flat_calls.py     flatCallTracer and Parity's traces: frames in a list
    prestate.py       prestateTracer: what the transaction found, and what it changed
    state_diff.py     Parity's stateDiff: the same as before and after
    four_bytes.py     4byteTracer: selectors and how often
    mux.py            muxTracer: several at once
    otterscan.py      Otterscan's traces and internal operations
"""
