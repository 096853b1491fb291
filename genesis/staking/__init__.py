"""The staking contract's storage: written at genesis, read after each block.

layout.py    which slot holds what
alloc.py     the contract in a genesis document's `alloc`
reading.py   who is active, with which stake, at one state
"""
