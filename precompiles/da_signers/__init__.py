"""DASigners (0x…1000): who signs for data availability, in epochs and quorums drawn by lot.

functions.py      the table of its functions, and each of them
epochs.py         registrations, and the drawing of an epoch's quorums
ballot_order.py   Go's sort, which decides between equal ballots
quorums.py        reading quorums and aggregating their keys
records.py        storage keys, signers and quorums as stored
signatures.py     what signers sign, how, and how it is checked; for tools as well
abi.json          the interface, for callers
"""
