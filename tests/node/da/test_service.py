"""Signers on a real chain: they keep themselves registered, and sign under a 0G node's conditions."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest
from eth_hash.auto import keccak
from eth_typing import Hash32

from node.client.json_rpc import RpcClient
from node.da.aggregation import aggregate
from node.da.blobs import Blob, parse_signature
from node.da.commitments import CommitmentContract, Upload
from node.da.errors import NotRegisteredForEpoch
from node.da.keys import BlsKey
from node.da.service.http_api import BODY_BYTES_MAX, SignerApplication
from node.da.service.signing import AlreadyVerified, NotUploaded, SigningDesk, SwitchedOff
from node.da.service.uploads import UploadWatch

SIGNERS = range(4)
COMMITMENT = BlsKey(31).g1


def uploaded(chain: Any, what: bytes) -> Upload:
    contract = CommitmentContract(chain.client())
    upload, _ = contract.upload(chain.wallet(8), Hash32(keccak(what)))
    return upload


def blob_of(upload: Upload) -> Blob:
    return Blob(upload.data_root, upload.epoch, upload.quorum_id, COMMITMENT)


def test_upkeep_has_registered_everybody_and_begun_an_epoch(chain: Any) -> None:
    signers = chain.signers()
    epoch = signers.epoch_number()
    assert epoch >= 1
    accounts = [account.address for account in chain.settings.accounts]
    assert set(signers.quorum(epoch, 0).signers) >= set(accounts)
    for index, (account, detail) in enumerate(signers.details(accounts).items()):
        assert signers.is_registered(account, epoch + 1)
        assert detail.socket == chain.settings.url_of(index)
        assert detail.key_g1 == chain.settings.accounts[index].key.g1


def test_upkeep_begins_the_next_epoch_when_it_is_due_and_not_before(chain: Any) -> None:
    signers = chain.signers()
    before = signers.epoch_state()
    for _ in range(before.due_block - 2 - before.head):
        chain.node.mine()
    chain.upkeep.tend()
    assert signers.epoch_number() == before.number
    chain.node.mine()
    chain.upkeep.tend()
    after = signers.epoch_state()
    assert after.number == before.number + 1
    assert after.first_block == before.due_block
    for account in chain.settings.accounts:
        assert signers.is_registered(account.address, after.number + 1)
    assert signers.quorum_count(after.number) == 1


def test_upkeep_leaves_a_chain_alone_on_which_nothing_has_happened(chain: Any) -> None:
    chain.upkeep.tend()
    head = chain.client().number("eth_blockNumber")
    chain.upkeep.tend()
    assert chain.client().number("eth_blockNumber") == head


def test_an_upload_gets_through_where_it_begins_a_sampling_round_or_an_epoch(chain: Any) -> None:
    """Every 30th block begins a round; an estimate made a block earlier is too low there."""
    due = chain.signers().epoch_state().due_block
    for block in (chain.node.chain.head.number // 30 * 30 + 30, due):
        while chain.node.chain.head.number + 1 < block:
            chain.node.mine()
        upload = uploaded(chain, b"round at %d" % block)
        assert upload.block == block
    assert upload.epoch == chain.signers().epoch_number()
    assert chain.signers().epoch_state().first_block == due
    chain.upkeep.tend()


def test_what_was_uploaded_is_signed_and_the_entrance_takes_it_once(chain: Any) -> None:
    desk = chain.desk()
    blob = blob_of(uploaded(chain, b"signed"))
    signers = chain.signers()
    quorum = signers.quorum(blob.epoch, blob.quorum_id)
    answers = [desk.sign(index, blob) for index in SIGNERS]
    assert sum(answer.rows for answer in answers) == len(quorum.rows)
    signatures = [answer.signature for answer in answers]
    done = aggregate(blob, quorum, signers.details(quorum.signers), signatures)
    contract = CommitmentContract(chain.client())
    contract.check(done.submission)
    contract.submit(chain.wallet(8), done.submission)
    assert contract.commitment(blob.name) == COMMITMENT
    with pytest.raises(AlreadyVerified, match="nothing is left to sign"):
        desk.sign(0, blob)


def test_what_was_not_uploaded_for_that_quorum_is_not_signed(chain: Any) -> None:
    desk = chain.desk()
    blob = blob_of(uploaded(chain, b"not signed"))
    for other in (
        replace(blob, data_root=Hash32(keccak(b"never seen"))),
        replace(blob, epoch=blob.epoch + 1),
        replace(blob, quorum_id=blob.quorum_id + 1),
    ):
        with pytest.raises(NotUploaded, match="zerog da upload"):
            desk.sign(0, other)
    # The commitment is the encoder's word: signers here cannot compute it.
    assert desk.sign(0, replace(blob, commitment=BlsKey(32).g1)).rows > 0


def test_a_signer_that_is_switched_off_signs_nothing_until_it_is_on_again(chain: Any) -> None:
    desk = chain.desk()
    blob = blob_of(uploaded(chain, b"switch"))
    desk.switch(1, is_on=False)
    with pytest.raises(SwitchedOff, match="switch-on"):
        desk.sign(1, blob)
    assert desk.sign(0, blob).rows > 0
    desk.switch(1, is_on=True)
    assert desk.sign(1, blob).rows > 0


def test_a_signer_without_a_row_in_the_quorum_says_so(chain: Any) -> None:
    stranger = replace(
        chain.settings,
        accounts=(replace(chain.settings.accounts[0], address=bytes(20)),),
    )
    watch = UploadWatch(chain.client(), chain.settings.entrance)
    desk = SigningDesk(stranger, chain.client(), watch)
    with pytest.raises(NotRegisteredForEpoch, match="not registered for epoch"):
        desk.sign(0, blob_of(uploaded(chain, b"stranger")))


class Browser:
    """Speaks ASGI to the application, as the HTTP server does."""

    def __init__(self, chain: Any, rpc_url: str | None = None) -> None:
        client = RpcClient.of_url(rpc_url or chain.url)
        watch = UploadWatch(client, chain.settings.entrance)
        desk = SigningDesk(chain.settings, client, watch)
        self._application = SignerApplication(
            chain.settings, desk, watch, lambda: chain.upkeep.state
        )

    def ask(self, method: str, path: str, content: Any = None) -> tuple[int, Any]:
        body = content if isinstance(content, bytes) else orjson.dumps(content)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self._application({"method": method, "path": path}, receive, send))
        return sent[0]["status"], orjson.loads(sent[1]["body"])


def test_http_requests_are_answered_with_what_happened(chain: Any) -> None:
    browser = Browser(chain)
    blob = blob_of(uploaded(chain, b"over HTTP"))
    status, answer = browser.ask("POST", "/signers/2/sign", blob.as_json())
    assert status == 200
    assert parse_signature(answer).blob == blob
    assert answer["rows"] > 0
    address = answer["signer"]
    assert browser.ask("POST", f"/signers/{address}/switch-off")[1]["isOn"] is False
    assert browser.ask("POST", "/signers/2/sign", blob.as_json())[0] == 503
    assert browser.ask("GET", "/signers/2")[1]["isOn"] is False
    assert browser.ask("POST", "/signers/2/switch-on")[1]["isOn"] is True
    status, overview = browser.ask("GET", "/")
    assert status == 200
    assert [signer["isOn"] for signer in overview["signers"]] == [True] * 4
    assert overview["uploads"] >= 1
    assert overview["epoch"] == chain.upkeep.state.number


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "/signers/0/sign", b"no JSON", 400),
        ("POST", "/signers/0/sign", {"dataRoot": "0x00"}, 400),
        ("POST", "/signers/0/sign", b" " * (BODY_BYTES_MAX + 1), 413),
        ("POST", "/signers/4/sign", {}, 404),
        ("GET", "/signers/0/sign", {}, 404),
        ("DELETE", "/", {}, 404),
    ],
)
def test_a_wrong_http_request_is_told_what_is_wrong(
    chain: Any, method: str, path: str, content: Any, status: int
) -> None:
    got, answer = Browser(chain).ask(method, path, content)
    assert got == status
    assert "expected" in answer["error"] or "there are" in answer["error"]


def test_a_node_that_is_away_is_a_502_and_a_refusal_a_409(chain: Any) -> None:
    blob = replace(blob_of(uploaded(chain, b"away")), epoch=77)
    status, answer = Browser(chain).ask("POST", "/signers/0/sign", blob.as_json())
    assert status == 409
    assert "not uploaded" in answer["error"]
    status, answer = Browser(chain, "http://127.0.0.1:1").ask(
        "POST", "/signers/0/sign", blob.as_json()
    )
    assert status == 502
    assert "refused" in answer["error"]
