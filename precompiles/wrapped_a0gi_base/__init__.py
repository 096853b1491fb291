"""WrappedA0GIBase (0x…1002): mints and burns native tokens for the wrapped token's contract.

functions.py   the table of its functions, and each of them
records.py     storage keys and the supply of a minter as stored
abi.json       the interface, for callers
"""
