"""Catching up: decided blocks with their certificates, asked of a peer that is ahead.

protocol.py   /zerog/sync/1: requests and answers on a stream
serve.py      answers requests from our store
genesis.py    /zerog/genesis/1: the genesis document, for who joins
catch_up.py   notices that peers are ahead, fetches, and hands decisions to the consensus host
"""
