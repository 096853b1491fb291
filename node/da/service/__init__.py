"""DA signers as a process: they keep themselves registered and sign on request, under a 0G node's conditions.

settings.py     where they run and whose keys they have
upkeep.py       registration, each epoch's draw, makeEpoch when it is due
uploads.py      the DataUpload events of finalized blocks
signing.py      when a signer signs, and why it does not
http_api.py     requests and answers over HTTP
process.py      all of it together, until a signal
"""
