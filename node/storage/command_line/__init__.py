"""`zerog storage`: the node, and a client's tools.

arguments.py   commands and flags
commands.py    what each does
progress.py    bars
"""
