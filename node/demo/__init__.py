"""The guided tour of `zerog demo`: all that the project is for, once, over JSON-RPC only.

certificate_check.py   who signed a block, checked without the nodes' own code
stored_file.py         a file uploaded to a storage node and downloaded with proofs
da_walkthrough.py      signers, an epoch, a signed blob, verified by a contract
tour.py                the steps in order, and the summary
"""
