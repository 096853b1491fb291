"""The guided tour of `zerog demo`: all that the project is for, once, over JSON-RPC only.

certificate_check.py   who signed a block, checked without the nodes' own code
da_walkthrough.py      signers, an epoch, a signed blob, verified by a contract
tour.py                the steps in order, and the summary
"""
