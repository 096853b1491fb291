"""Runs inside an environment that has PyPI's 0g-storage-sdk: jobs, a JSON list, from the command line.

    python python_sdk.py '[{"do": "upload", "path": …, "indexer": …, "rpc": …, "key": …}]'

The last line of what it prints is the list of its answers, as JSON.
"""

import json
import sys

from core.encryption import crypt_at, new_symmetric_header
from core.file import ZgFile
from core.indexer import Indexer
from eth_account import Account
from web3 import Web3


def upload(job):
    account = Account.from_key(job["key"])
    options = {
        "tags": b"\x00",
        "finalityRequired": True,
        "taskSize": job.get("taskSize", 10),
        "expectedReplica": 1,
        "skipTx": False,
        "fee": 0,
        "account": account,
        **job.get("options", {}),
    }
    file = ZgFile.from_file_path(job["path"])
    if "aesKey" in job:
        file = encrypted(file, bytes.fromhex(job["aesKey"]))
    try:
        indexer = Indexer(job["indexer"])
        if "fragmentSize" in job:
            result, error = upload_fragments(indexer, file, options, job)
        else:
            result, error = indexer.upload(file, job["rpc"], account, options)
    finally:
        file.close()
    return {"result": result, "error": error and str(error)}


def encrypted(file, key):
    """What its option `encryption` stands for; as 0.4.0 is, that fails with a TypeError."""
    header = new_symmetric_header()
    data = file.fd.read()
    file.close()
    return ZgFile.from_bytes(header.to_bytes() + crypt_at(key, header.nonce, 0, data))


def upload_fragments(indexer, file, options, job):
    """What `Uploader.splitable_upload` does; as 0.4.0 is packed, that fails at an import."""
    uploader, error = indexer.new_uploader_from_indexer_nodes(job["rpc"], options["account"], 1)
    roots = []
    for fragment in file.split(job["fragmentSize"]):
        result, error = uploader.upload_file(fragment, options)
        roots.append(result["rootHash"])
        if error is not None:
            break
    return {"rootHashes": roots}, error


def download(job):
    indexer = Indexer(job["indexer"])
    key = bytes.fromhex(job["aesKey"]) if "aesKey" in job else None
    if isinstance(job["root"], list):
        # Each fragment by itself: the indexer of this SDK takes one root.
        downloader, error = indexer._new_downloader_from_indexer_nodes(job["root"][0])
        error = error or downloader.download(job["root"], job["path"], job.get("proof", False))
    else:
        proof = job.get("proof", False)
        error = indexer.download(job["root"], job["path"], proof, symmetric_key=key)
    return {"error": error and str(error)}


def batch_submit(job):
    """Through web3.py with the ABI that the job brings."""
    web3 = Web3(Web3.HTTPProvider(job["rpc"]))
    account = Account.from_key(job["key"])
    contract = web3.eth.contract(address=Web3.to_checksum_address(job["flow"]), abi=job["abi"])
    call = contract.functions.batchSubmit(job["submissions"])
    transaction = call.build_transaction(
        {
            "from": account.address,
            "value": job["value"],
            "nonce": web3.eth.get_transaction_count(account.address),
        }
    )
    signed = account.sign_transaction(transaction)
    sent = web3.eth.send_raw_transaction(signed.raw_transaction)
    receipt = web3.eth.wait_for_transaction_receipt(sent)
    return {"status": receipt["status"], "logs": len(receipt["logs"])}


JOBS = {"upload": upload, "download": download, "batchSubmit": batch_submit}
print(json.dumps([JOBS[job["do"]](job) for job in json.loads(sys.argv[1])]))
