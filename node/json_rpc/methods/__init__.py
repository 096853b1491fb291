"""The methods, one file a namespace; each file ends in its rows of the method table.

accounts.py     a devnet's accounts: they sign for everybody
eth.py          blocks, transactions, state, calls, fees
filters.py      filters that are polled
net.py          the network
rpc.py          which namespaces there are
subscribe.py    eth_subscribe, eth_unsubscribe
txpool.py       what waits for a block
web3.py         the client's name, hashing
zerog.py        consensus: validators, certificates, the node's state
"""
