"""Contracts written in Python; pure, and strangers to every EVM.

interface.py          what a precompile is given and what it answers
registry.py           address → precompile: the one list
dispatch.py           call data → function: gas, read-only rule, code byte
contract.py           the same for precompiles that behave as Solidity contracts: reverts with data
plugin.py             the same for a table that somebody else wrote
abi.py                contract ABI, as lenient as go-ethereum's
solidity/             what those of them share that have a contract's storage and roles
storage.py            byte strings over 32-byte slots
message_pack.py       records as Go's msgpack writes and reads them
bn254.py              the curve: Ethereum's three precompiles and typed points, natively
bn254_unchecked.py    gnark's arithmetic on points on and off the curve
bn254_g2.py           keys in the second group, for signers
errors.py             what can go wrong
da_signers/           DASigners, 0x…1000
da_entrance/          DAEntrance, 0x…da01: ours
storage_flow/         0G's storage Flow with its market, 0x…f10a and 0x…f10b: ours
wrapped_a0gi_base/    WrappedA0GIBase, 0x…1002
"""
