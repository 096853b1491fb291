"""Talking to a node from outside: whatever our own tools ask, they ask over JSON-RPC.

json_rpc.py         requests and batches over one kept connection
wallet.py           an account that signs transactions and counts its nonces, or one that the node signs for
account_key.py      the key of a command's account: flags, environment, key files
sender.py           whom a command sends as
contract_calls.py   calls of contracts: arguments to calldata, answers to values
"""
