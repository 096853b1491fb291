"""Tendermint consensus as a pure state machine.

Feed `Consensus.handle` an input; carry out the effects it returns, in order.

    values.py           what validators say to each other
    validators.py       the validator set, and whose turn it is
    messages.py         inputs and effects: the whole interface
    timeouts.py         how long to wait in each step and round
    core.py             the rules of the paper, one method each
    round_state.py      the paper's variables, and what belongs to one round
    message_log.py      the proposals and votes of a height
    vote_tally.py       who voted for what, and when that makes a quorum
    proposal_log.py     the proposals of a height, bounded
    timeliness.py       whether a fresh value's time fits our clock
    early_messages.py   messages of rounds and heights ahead, bounded
    value_checks.py     which values are known to be valid, and which are being checked
    view.py             what a core holds, for repair and for the log
    repair.py           what one validator holds and another lacks
    certificates.py     a quorum that others can check
    evidence.py         two messages of one validator that exclude each other
    header.py           the block that consensus decides on, and its header
    block_parts.py      what a header commits to
    encoding.py         values ⇄ bytes, and the bytes to sign
    journal_order.py    what must be in the journal before anything leaves
    journal_encoding.py inputs ⇄ journal records
    recursive_length_prefix.py  strict RLP with a depth limit
    signatures.py       secp256k1: sign a digest, recover the signer
    durable_files.py    append, sync, replace, read: all that consensus does to a disk
    journal_file.py     the journal of a height on disk
    sign_state.py       what was signed last, so that nothing is signed twice
    recovery.py         journal entries → a core as it was, and what to do next
    errors.py           what can be wrong, by whose fault
    simulation/         a cluster in one thread, driven by a seed
"""
