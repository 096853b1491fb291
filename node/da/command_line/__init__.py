"""`zerog da …`: the tools of DA signers and rollups on the command line.

arguments.py         commands and flags; all that `--help` needs
inputs.py            flags become keys, wallets, blobs and submissions
signer_commands.py   keygen, register, register-epoch, make-epoch, sign
rollup_commands.py   upload, aggregate, submit, verify
view_commands.py     signers, quorum, status
outcome.py           what a command says, and with which exit code it ends
"""
