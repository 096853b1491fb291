"""The validator set as the chain has it: who follows, what a block must pay and slash, and evidence.

following_set.py    the set of a later height, from the staking contract's state
absences.py         how many blocks in a row each validator has missed
prescribed.py       the withdrawals and slashed entries of a block
evidence_rules.py   which evidence a block may carry
evidence_pool.py    evidence that waits for a block
evidence_exchange.py
                    evidence to and from peers
possession.py      proof that a key wants to be somebody's validator
"""
