"""0G's storage Flow (0x…f10a), its market and its history of roots, as precompiles of ours (facts §3).

functions.py       the three tables
addresses.py       where they are, and where fees go
layout.py          where everything lies in their storages, as the contracts' structs have it
activation.py      the storages with which they begin
gas.py             what work costs; docs/storage-flow-gas.md says why
submissions.py     what is submitted: the two forms, what makes one valid, its size and identity
accumulator.py     the Merkle tree of everything submitted, of which only the open edge is kept
submitting.py      a submission: paid for, given its place in the tree, announced
contexts.py        what miners work on, one context an epoch
pausing.py         pause and go on
market.py          the price, the fees, and their withdrawal
root_history.py    the last thousand roots at the ends of epochs
flow_abi.json, market_abi.json, root_history_abi.json   the interfaces, for callers
"""
