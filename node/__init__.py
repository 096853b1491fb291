"""The running process: the only package with input, output, time, chance and threads.

assembly.py              builds every part of one node and joins them; read this first
entry.py                 where `zerog` begins
cli.py                   the command line: devnet, demo, init, run, simulate
seams.py                 where a devnet's faults can reach into a node; production has none
command_flags.py         flags that several commands share
config.py                file, environment and flags become one NodeConfig
layout.py                where each file of a data directory lies, and its lock
initialization.py        `zerog init`: the files of a new node
plugins.py               other people's precompiles: finds and loads what the genesis document names
plugin_files.py          files of `--plugin` into a new genesis document
plugin_calls.py          runs their code, each call on a stack of its own
errors.py                what an operator can mend, one line each
process_kinship.py       a process's name, and that it ends with its parent
supervisor.py            starts processes, restarts what may be restarted, stops all of them
telemetry.py             logging set-up
version.py               of the installed distribution

execution_host.py        block building, checking and commits, off the event loop
block_rules.py           what a consensus block must say given its parent
chain_parent.py          what the next block is built on
consensus_records.py     what the database holds of consensus
sender_recovery.py       who signed many transactions, on several threads
transaction_intake.py    wallets' and peers' transactions into the pool
own_transactions.py      those that our own users sent
transaction_journal.py   and the file that keeps them
pool_config.py           the pool's settings
local_service.py         what the node answers to its JSON-RPC process
local_socket.py          between the node and its JSON-RPC processes: the node's end
local_client.py          and theirs
filter_book.py           filters of JSON-RPC clients, and how far each has been told
first_block.py           block zero in a database
rpc_process.py           JSON-RPC processes as the supervisor starts them
database.py              the key-value store over LMDB
side_service.py          what small HTTP servers beside the nodes share
signalled_server.py      uvicorn, but a signal ends serving and not the process
abi_command.py           `zerog abi`: ABIs of our precompiles and contracts
rollback.py              `zerog rollback`: the newest blocks undone and executed again
status_command.py        `zerog status`: where consensus stands, and who is missing
verify_command.py        `zerog verify-db`: does it agree with itself?
wal_command.py           `zerog wal dump`: what the consensus journal holds

consensus_host.py        inputs into the consensus core, its effects out
consensus_items.py       what its inbox holds
consensus_watch.py       repair when nothing moves, and the log line that says who is missing
height_state.py          what the host keeps of one height
height_values.py         blocks of the current height and what is known of them
value_work.py            blocks being built, checked and committed beside the host
peer_intake.py           peers' messages on their way to the core
late_precommits.py       votes after the decision complete the next block's certificate
own_messages.py          a validator that has forgotten what it signed asks its peers
records.py               sign state and journal, opened or looked at
peer_messages.py         checks what peers say before the core hears it
executor.py              what consensus needs of the chain: build, check, commit
consensus_journal.py     inputs and blocks as journal entries
durable_files.py         a folder of a real disk, for what must survive crashes
keystore.py              key files
signing.py               a validator's key behind its sign state

network/                 libp2p: hosts, streams, transactions
staking/                 the validator set as the chain has it: changes, rewards, slashing, evidence
validator/               `zerog validator`
sync/                    catching up from a peer's stored blocks
json_rpc/                the separate JSON-RPC process
imported/                `zerog rpc`: other people's chains, imported and served
client/                  a JSON-RPC client, a wallet and contract calls, for our own tools
da/                      what a DA signer and a rollup need: keys, signatures, submission
storage/                 a storage node for 0G's SDKs, and its tools
devnet/                  several validators on one machine
demo/                    the guided tour that `zerog demo` runs
"""

import os

# safe-pysha3 hashes in 1.0 µs where the default backend takes 8.7; the choice is read at first use.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")
