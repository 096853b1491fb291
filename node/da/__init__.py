"""What a DA signer and a rollup need, over JSON-RPC, as an importable interface and as `zerog da`.

The chain's side of 0G's data availability: who signs, for which blobs, and when that is enough.
What is not computed here is a file's encoding: its data root and its erasure commitment are given.

    keys.py            BLS keys over BN254 and their files
    blobs.py           what is signed, and one signer's signature
    quorums.py         rows, bitmaps and the threshold
    aggregation.py     signatures of some signers become one submission
    submission.py      the submission, as a contract and as JSON has it
    da_signers.py      the precompile's views: epochs, quorums, signers
    registration.py    becoming a signer, registering for an epoch, makeEpoch
    commitments.py     DA entrance and Solidity verifier: upload, verify, submit, read back
    collecting.py      signatures from the signers' HTTP APIs
    command_line/      `zerog da`
    service/           signers as a process, for development networks
    json_forms.py      points, hashes and addresses as text
    errors.py          each error one line that says what to do
"""
