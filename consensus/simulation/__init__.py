"""A cluster in one thread, in virtual time, driven by a seed: the very core that runs in production.

The same seed gives the same trace, byte for byte. `python -m consensus.simulation --seeds 0..200`.

    cluster.py   validators, their network and the clock; runs until all have decided
    host.py      what a node does around the core: journal, sign state, values, repair
    faulty.py    validators that lie
    network.py   which packets arrive, how often and when
    faults.py    a seed → what goes wrong in its run
    signatures.py  false ones, which cost nothing
    checks.py    what must hold whatever goes wrong
"""
