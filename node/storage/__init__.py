"""0G storage: a small node that the public SDKs take for a real one, and tools that verify what it says.

file_merkle.py    the tree of a file: chunks, segments, proofs, the nodes that a submission announces
shards.py         which of a file's segments a node holds
submissions.py    the Flow's Submit event, from a log to bytes and back
wire.py           segments, proofs and file information as 0G's JSON has them
errors.py         what can be wrong with any of these

settings.py       where a node runs, which chain it follows, what it keeps
index.py          submissions, proofs of stored segments and progress, in LMDB
segment_files.py  the segments' data on disk
store.py          segments in and out, verified both ways
chain_watch.py    follows the chain over JSON-RPC
peers.py          other nodes of the same Flow: who answers, fetching what is missing
scrubbing.py      reads the disk again, so that damage is known
methods.py        the JSON-RPC methods of node and indexer
http_api.py       requests and answers over HTTP
process.py        all of it together, until a signal

flow.py           the Flow contract from a client's side: fee, submission, finding one again
storage_client.py whom to ask for which segment
transfer.py       files to the nodes and back, proven
command_line/     `zerog storage`
"""
