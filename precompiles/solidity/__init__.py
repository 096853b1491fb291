"""What precompiles share that do as a contract compiled by Solidity does.

work.py     one call at work: slots read and written once, gas, logs, transfers
slots.py    where Solidity puts mappings, lists and namespaces in a storage
prices.py   gas of slots, logs, hashes and transfers
roles.py    OpenZeppelin's AccessControlEnumerable
rows.py     rows of a contract's table: any function, constants, roles
"""
