"""The first engine: py-evm's opcodes over a state, executor and block steps of our own.

Of py-evm's classes only the opcode tables and what they stand on (stack, memory) run here; its VM, account
database, transaction executor and header rules do not.

    engine.py                 `PyEvmEngine`: begin, execute, call
    block_transcript.py       a block under construction
    transaction_executor.py   one transaction: checks, fees, refunds, the 80 % rule
    transaction_checks.py     what a transaction must fulfil before anything is charged
    activation.py             the code of a precompile that begins
    set_code.py               EIP-7702 authorizations and delegated code
    system_calls.py           calls that the protocol makes: EIPs 4788, 2935, 7002, 7251
    zero_g_steps.py           0G's steps at the end of a block
    deposits.py               EIP-6110 deposit requests out of logs
    frame.py                  one call of the EVM, as py-evm's opcodes see it
    tracing.py                frames that tell a tracer what they do
    frame_message.py          what a frame is asked to do, and for which transaction
    frame_errors.py           failures, with go-ethereum's texts
    journal.py                accounts, slots, logs, warm sets with an undo log
    evm_state.py              the journal plus the block's context
    fork_classes.py           py-evm's class of each fork
    osaka.py                  ours of the fork that py-evm lacks
    opcode_table.py           opcodes of a fork as a table that runs fast
    common_opcodes.py         the opcodes that make up most of any program
    frame_memory.py           a frame's memory
    code_analysis.py          valid jump destinations, cached
    ethereum_precompiles.py   0x01 to 0x11 and 0x100 by fork; 0x01 and 0x06 to 0x08 are here
    hash_precompiles.py       0x02 to 0x04 and 0x09
    modexp.py                 0x05
    point_evaluation.py       0x0a
    bls12_381.py              0x0b to 0x11 over native code
    p256_verify.py            0x100
    moved_precompiles.py      overrides that move or replace precompiles
"""

from chain.py_evm.engine import PyEvmEngine as PyEvmEngine
