"""`zerog rpc`: a chain that others made, imported from a file with every check, and served as JSON-RPC.

No consensus, no peers, no new blocks; the pool takes transactions, which stay there.

command.py      the command: imports, then starts the two processes below
chain_file.py   blocks out of a file as geth's `export` writes it
importing.py    the file's blocks into the database, each executed and checked
merge.py        where proof of work ends
node_process.py the process with the pool, behind the local socket
service.py      what it answers to the JSON-RPC process
"""
