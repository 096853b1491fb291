"""The forks as data: what differs between them, one row each.

fork.py    the names, in order
table.py   a row for each fork: rewards, limits, blob schedule, which rules apply
"""
