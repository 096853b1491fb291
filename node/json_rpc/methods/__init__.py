"""The methods, one file a namespace; each file ends in its rows of the method table.

accounts.py     a devnet's accounts: they sign for everybody
admin.py        the node's name and peers
debug.py        traces as geth gives them
dialects.py     what single clients added to `eth_`
eth.py          blocks, transactions, state, calls, fees
filters.py      filters that are polled
net.py          the network
otterscan.py    what the Otterscan explorer asks
raw.py          headers, blocks, receipts, transactions as bytes
rpc.py          which namespaces and methods there are
simulate.py     blocks that nobody made
subscribe.py    eth_subscribe, eth_unsubscribe
trace.py        traces as Parity gave them
testing.py      blocks to order, of imported chains alone
txpool.py       what waits for a block
web3.py         the client's name, hashing
zerog.py        consensus and DA: validators, certificates, the node's state
"""
