"""How a chain begins: one JSON document, and the block zero that follows from it.

document.py        geth's genesis.json with our sections, parsed and checked
fields.py          reading a JSON object field by field, with errors that name the field
alloc.py           the accounts of block zero
validator_list.py  the first validator set
identity.py        one hash of the whole document: which chain this is
block.py           block zero's header and state
predeploys.py      contracts that are there from the beginning
da_entrance_alloc.py
                   the DA entrance where it is there from block zero
storage_flow_alloc.py
                   the storage Flow in a document
plugin_alloc.py    other people's precompiles in a document
networks.py        documents of networks that can be started
dev_accounts.py    the well-known accounts of development chains
staking/           the staking contract's storage: at genesis, and read after each block
contracts/         Solidity sources and their artifacts
errors.py          what can be wrong with a document
"""
