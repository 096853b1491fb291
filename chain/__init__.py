"""Blocks, state and their transition. Takes a key-value store, opens none; knows no consensus.

The chain
    chain.py                build a payload, execute a payload, commit one
    building.py             waiting transactions become the next block
    given_block.py          a block of exactly these transactions, for tests
    importing.py            somebody's block: is it what it claims to be?
    executed_block.py       a block with all that executing it gave
    header_rules.py         what a header must say given its parent
    errors.py               what can be wrong with a block or a transaction

What travels
    blocks.py               headers and blocks: fields, RLP, hash
    transactions.py         types 0 to 4: bytes to values, hash, sender, intrinsic gas
    contract_addresses.py   where a creation puts its contract
    undecodable_transactions.py  what go-ethereum says of bytes that are none
    transaction_encoding.py  the inverse, also of what nobody signed
    rlp_items.py            RLP, strict and fast
    receipts.py             receipts and logs: consensus encoding, bloom, stored form
    config.py               chain id, fork schedule, 0G's rules
    config_fields.py        one value of it
    plugins.py              other people's precompiles: which, where, from when on
    storage_flow.py         the storage Flow: from when on, and with what it begins
    staking.py              the rules by which the staking contract makes the validator set
    forks/                  the forks as data

Execution
    engine.py               the seam to whatever executes transactions
    tracer.py               who is told how a transaction runs
    tracing/                what geth's, Parity's and Otterscan's tracers make of it
    py_evm/                 the reference engine
    precompile_adapter.py   the one place that knows both py-evm and precompiles
    precompile_views.py     what a precompile sees of storage, balances, code and logs

State and storage
    key_value.py            the store's interface, and one in memory
    state.py                reads at any block, overlays
    state_update.py         what a block makes of the state, and writing it
    history.py              what each block changed; letting the oldest go
    undoing.py              the newest blocks' changes, undone by the history
    proofs.py               Merkle proofs, also of earlier blocks
    account_records.py      an account as bytes
    merkle_trie.py          the state's trie, kept by path: one pure update a block
    trie_nodes.py           a trie's nodes as bytes
    past_tries.py           the tries as they were after a block
    overridden_state.py     geth's state overrides as changes of a state
    trie_overlay.py         the tries of an earlier block
    ordered_trie.py         the root over a list
    block_store.py          headers, bodies, receipts, indexes, head
    address_index.py        which those are, where no other table tells
    verify.py               does the database agree with itself?

Transaction pool
    transaction_pool.py     admission, order, eviction
    pool_admission.py       what is asked of a transaction
    pool_refusals.py        why one is refused
    pooled_transaction.py   one transaction in the pool
    sender_transactions.py  one sender's, by nonce
    candidates.py           the pool's offer to one block
    eviction.py             who goes when it is full

Questions
    queries.py              the entrance for JSON-RPC
    answers.py              what is answered
    query_errors.py         what is answered instead
    stored_blocks.py        blocks below one snapshot's head
    simulation.py           eth_simulateV1's blocks, executed and hashed
    simulation_request.py   what it is asked and answers
    simulated_state.py      the state under it, and its root
    transfer_logs.py        moved value as logs
    storage_range.py        a contract's storage, a part at a time
    block_replay.py         a block once more, to see how it went
    access_lists.py         what a message touches (EIP-2930)
    message_calls.py        eth_call's way of running a message
    gas_estimation.py       geth's search for a gas limit
    reverts.py              what a failed message says
    address_search.py       the transactions that concern an address
    log_filter.py           which logs a question asks for
    log_search.py           finding them
    log_index.py            which blocks have an address or a topic
    gas_price.py            0G's price oracle
    fee_history.py          base fees and tips of past blocks
"""
