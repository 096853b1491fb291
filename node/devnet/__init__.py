"""Several validators on one machine, each a process with a key, directory and database of its own.

settings.py   what a devnet is made of, and what of it a directory remembers
flags.py      the flags of `zerog devnet`
da_signers.py DA signers beside the validators, with --da-signers
storage.py    storage nodes beside the validators, with --storage
start.py      prepare the directory, start everything, wait for Ctrl-C
banner.py     what is printed at the start
"""
