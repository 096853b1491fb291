"""A cluster in one thread, in virtual time, driven by a seed: the very core that runs in production.

The same seed gives the same trace, byte for byte. `zerog simulate --seeds 0..200 --mode twins`.

    cluster.py   validators, their network and the clock; runs until all have decided
    host.py      what a node does around the core: journal, sign state, values, repair
    faulty.py    validators that lie
    network.py   which packets arrive, how often and when
    faults.py    what goes wrong in a run
    modes.py     a mode and a seed → what goes wrong
    storage.py   what outlives a crash: in memory, or the real journal and sign state on a disk
    disk.py      a disk that loses what was not synced
    crash_points.py  a crash at every durable operation between two commits
    signatures.py  false ones, which cost little
    said.py      what correct validators have said
    checks.py    what must hold whatever goes wrong
    recording.py what the hosts of a run were given, as steps
    script.py    a run step by step
    shrinking.py a failing seed → the fewest steps that still fail
"""
