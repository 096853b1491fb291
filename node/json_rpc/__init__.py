"""The separate JSON-RPC process: reads the node's database, asks the node over its Unix socket.

settings.py         what it is told when it starts, and the limits it keeps to
server.py           HTTP over uvicorn; `run` is the process
http_protocol.py    uvicorn's HTTP parser with bounds, and a short way for quick answers
application.py      HTTP requests in, JSON-RPC answers out
websocket.py        connections that stay: calls and notifications on one
subscriptions.py    who is told of blocks, logs and pending transactions
bearer_tokens.py    callers that need a token
access.py           which web pages and host names may call, and how
quick_answers.py    answers that need not wait
dispatch.py         from a body to an answer: batches, the method table, errors
table.py            the method table: every namespace's rows in one place
context.py          what a method is given
parameters.py       JSON values become Python values
json_objects.py     objects and arrays taken apart
trace_parameters.py the options of traces
replayed.py         transactions executed again, a tracer each
call_parameters.py  the objects of calls, overrides and log filters
transaction_draft.py  what a transaction's sender leaves out is filled in; signing
fork_config.py      eth_config's answer
argument_schemas.py  the objects that methods take, for that document
openrpc.py          the table as an OpenRPC document
encoding.py         blocks, transactions, receipts and logs become JSON
errors.py           geth's codes and texts
worker_pool.py      calls, estimates and log searches in processes that can be killed
worker_process.py   the zygote that forks those processes, and what they do
worker_methods.py   what a worker does with a job
methods/            one file a namespace
"""
