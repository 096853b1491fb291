"""The peer-to-peer network: libp2p over TCP, Noise and Yamux.

host.py            sessions: handshake, one stream out to each peer, dropping and redialling
interface.py       what the consensus host and the network know of each other
messages.py        what travels on /zerog/consensus/2
block_transfer.py  a proposal with its block, in pieces
status.py          the handshake, /zerog/status/1
transactions.py    transactions over gossipsub, in batches
transaction_batch.py  many transactions in one message
frames.py          length-prefixed frames on a stream
peer_record.py     where a validator can be reached, signed by it
own_messages.py    what a validator asks that has forgotten what it signed
introductions.py   validators find each other by their records
outbox.py          what waits to be written to one peer
peers.py           who is connected, and who is kept away
identity.py        libp2p key, peer id, multiaddrs
libp2p_host.py     one libp2p host, put together for us
"""
