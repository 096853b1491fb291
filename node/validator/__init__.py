"""`zerog validator`: become one, stake, leave, come back, look how it stands.

arguments.py          commands and flags
commands.py           what each does
staking_client.py     the staking contract, over JSON-RPC
"""
