"""Several validators on one machine, each a process with a key, directory and database of its own.

settings.py   what a devnet is made of, and what of it a directory remembers
flags.py      the flags of `zerog devnet`
da_signers.py DA signers beside the validators, with --da-signers
storage.py    storage nodes beside the validators, with --storage
perturb_arguments.py  the flags of `zerog perturb`
perturb.py    inject faults: kill, pause, disconnect, partition, delay, skew, slow-disk
fault_files.py  the faults of a node, as files in its directory
faults.py     let a running node suffer them
start.py      prepare the directory, start everything, wait for Ctrl-C
banner.py     what is printed at the start
"""
