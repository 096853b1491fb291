"""DAEntrance (0x…da01): 0G's contract for data availability, as a precompile of ours (facts §2).

functions.py      the table of its functions
gas.py            what work costs; docs/da-entrance-gas.md says why
layout.py         where everything lies in the storage, as the contract's structs have it
entrance.py       one call at work: slots read and written once, gas, logs, transfers
activation.py     the storage with which it begins
sync.py           the current epoch, sampling rounds, and what an epoch earned
uploads.py        data announced and paid for, and the donations
commitments.py    signed erasure commitments: verified, kept, read
verification.py   the signature of a quorum, with the contract's refusals
sampling.py       sampling responses and their rewards
chunks.py         Merkle trees of data roots
payments.py       rewards to be fetched by whom they belong to
parameters.py     getters and setters
abi.json          the interface, for callers
"""
