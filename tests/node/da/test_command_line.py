"""`zerog da …` from nothing to a verified commitment, and the line and exit code where it is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_hash.auto import keccak
from eth_utils import to_checksum_address

from genesis.contracts import artifact
from genesis.dev_accounts import dev_accounts
from node.cli import main
from node.client.contract_calls import deploy
from node.da.command_line.arguments import _COMMANDS
from node.da.commitments import CommitmentContract
from node.da.json_forms import point_form
from node.da.keys import BlsKey, write_bls_key

ACCOUNTS = dev_accounts(count=10)
ROLLUP, NEWCOMER, POOR = 8, 9, 1
COMMITMENT = ",".join(point_form(BlsKey(5).g1))


class Tool:
    """`zerog da` on the chain; what it says, and how it ends."""

    def __init__(self, chain: Any, capsys: Any, monkeypatch: Any) -> None:
        self.chain = chain
        self._capsys = capsys
        monkeypatch.setenv("ZEROG_RPC_URL", chain.url)
        monkeypatch.delenv("ZEROG_PRIVATE_KEY", raising=False)

    def __call__(self, *arguments: object) -> Any:
        """The JSON of a command that has to succeed."""
        code = main(["da", *map(str, arguments), "--json"])
        said = self._capsys.readouterr()
        assert code == 0, said.err
        return json.loads(said.out)

    def text(self, *arguments: object) -> str:
        """What it says to people."""
        assert main(["da", *map(str, arguments)]) == 0
        return str(self._capsys.readouterr().out)

    def refused(self, *arguments: object) -> tuple[int, str]:
        """The exit code and the only line of a command that fails."""
        code = main(["da", *map(str, arguments)])
        said = self._capsys.readouterr()
        assert said.out == ""
        [line] = said.err.splitlines()
        return code, line


@pytest.fixture
def tool(chain: Any, capsys: Any, monkeypatch: Any) -> Tool:
    return Tool(chain, capsys, monkeypatch)


@pytest.fixture
def signer_key(tmp_path: Path) -> Callable[[Any, int], tuple[Any, ...]]:
    """`--key-file` flags with the key of one of the chain's signers."""

    def flags(chain: Any, index: int) -> tuple[Any, ...]:
        path = tmp_path / f"signer-{index}.json"
        if not path.exists():
            write_bls_key(path, chain.settings.accounts[index].key, None)
        return "--key-file", path, "--plain"

    return flags


def key_of(account: int) -> tuple[str, str]:
    return "--private-key", "0x" + ACCOUNTS[account][1].hex()


def blob_flags(uploaded: Any) -> tuple[Any, ...]:
    return (
        "--data-root", uploaded["dataRoot"], "--epoch", uploaded["epoch"],
        "--quorum", uploaded["quorumId"], "--commitment", COMMITMENT,
    )  # fmt: skip


def root(text: str) -> str:
    return "0x" + keccak(text.encode()).hex()


def test_a_blob_goes_from_upload_to_a_verified_commitment(
    tool: Tool, signer_key: Any, tmp_path: Path
) -> None:
    uploaded = tool("upload", "--data-root", root("whole way"), *key_of(ROLLUP))
    blob = blob_flags(uploaded)
    files = []
    for index in range(3):
        path = tmp_path / f"signature-{index}.json"
        tool("sign", *signer_key(tool.chain, index), *blob, "--out", path)
        files += ["--signature", path]
    submission = tmp_path / "submission.json"
    made = tool("aggregate", *blob, *files, "--out", submission)
    assert made["rows"]["total"] == 3_072
    assert made["rows"]["signed"] >= made["rows"]["needed"] == 2_048
    assert tool("verify", "--submission", submission)["isAcceptable"] is True
    kept = tool("submit", "--submission", submission, *key_of(ROLLUP))
    assert kept["isVerified"] is True
    assert kept["gasUsed"] > 0
    again = tool.text("submit", "--submission", submission, *key_of(ROLLUP))
    assert "has a verified commitment already; nothing was sent" in again
    status = tool("status", "--data-root", root("whole way"), "--epoch", uploaded["epoch"])
    assert status["commitment"]["isVerified"] is True
    assert ",".join(status["commitment"]["verifiedCommitment"]) == COMMITMENT


def test_the_solidity_verifier_takes_the_same_submission(
    tool: Tool, signer_key: Any, tmp_path: Path
) -> None:
    chain = tool.chain
    deployed, _ = deploy(chain.client(), chain.wallet(ROLLUP), artifact("DAVerifier"))
    uploaded = tool("upload", "--data-root", root("solidity"), *key_of(ROLLUP))
    blob = blob_flags(uploaded)
    signatures = [tool("sign", *signer_key(chain, index), *blob) for index in range(4)]
    together = tmp_path / "signatures.json"
    together.write_text(json.dumps(signatures))
    submission = tmp_path / "submission.json"
    tool("aggregate", *blob, "--signature", together, "--out", submission)
    where = ("--contract", deployed.address)
    assert tool("verify", "--submission", submission, *where)["isVerified"] is False
    kept = tool("submit", "--submission", submission, *where, *key_of(ROLLUP))
    assert kept["isVerified"] is True
    assert kept["contract"] == to_checksum_address(deployed.address)
    name = (bytes.fromhex(uploaded["dataRoot"][2:]), uploaded["epoch"], uploaded["quorumId"])
    assert CommitmentContract(chain.client()).commitment(name) is None


def test_below_the_threshold_is_refused_with_both_numbers(
    tool: Tool, signer_key: Any, tmp_path: Path
) -> None:
    uploaded = tool("upload", "--data-root", root("too few"), *key_of(ROLLUP))
    blob = blob_flags(uploaded)
    path = tmp_path / "one.json"
    rows = tool("sign", *signer_key(tool.chain, 0), *blob, "--out", path)["rows"]
    expected = f"zerog: below threshold: have {rows:,} of 3,072, need 2,048"
    code, line = tool.refused("aggregate", *blob, "--signature", path)
    assert (code, line.split(";")[0]) == (1, expected)
    low = tmp_path / "low.json"
    tool("aggregate", *blob, "--signature", path, "--incomplete", "--out", low)
    for command in (("verify",), ("submit", *key_of(ROLLUP))):
        code, line = tool.refused(command[0], "--submission", low, *command[1:])
        assert (code, line.split(";")[0]) == (1, expected)


def test_a_tampered_submission_is_refused_in_the_contracts_words(
    tool: Tool, signer_key: Any, tmp_path: Path
) -> None:
    uploaded = tool("upload", "--data-root", root("tampered"), *key_of(ROLLUP))
    blob = blob_flags(uploaded)
    files: list[Any] = []
    for index in range(4):
        path = tmp_path / f"signature-{index}.json"
        tool("sign", *signer_key(tool.chain, index), *blob, "--out", path)
        files += ["--signature", path]
    made = tool("aggregate", *blob, *files)
    path = tmp_path / "tampered.json"
    path.write_text(json.dumps(made | {"signature": point_form(BlsKey(6).g1)}))
    for command in (("verify",), ("submit", *key_of(ROLLUP))):
        code, line = tool.refused(command[0], "--submission", path, *command[1:])
        assert code == 1
        assert "DARegistry: signature is invalid" in line
    forged = tmp_path / "signature-0.json"
    changed = json.loads(forged.read_text()) | {"signature": point_form(BlsKey(6).g1)}
    forged.write_text(json.dumps(changed))
    code, line = tool.refused("aggregate", *blob, *files)
    assert code == 1
    assert "is not its signature of this blob" in line


def test_a_newcomer_makes_a_key_registers_and_enters_the_draw(tool: Tool, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    key = ("--key-file", tmp_path / "bls.json", "--password-file", password)
    made = tool("keygen", *key)
    address = to_checksum_address(ACCOUNTS[NEWCOMER][0])
    code, line = tool.refused("register-epoch", *key, *key_of(NEWCOMER))
    assert (code, "zerog da register`" in line) == (1, True)
    done = tool("register", *key, *key_of(NEWCOMER), "--socket", "http://127.0.0.1:1")
    assert done["signer"] == address
    code, line = tool.refused("register", *key, *key_of(NEWCOMER), "--socket", "x")
    assert code == 1
    assert "a DA signer already" in line
    epoch = tool("status")["epoch"]
    first = tool("register-epoch", *key, *key_of(NEWCOMER))
    assert (first["epoch"], first["votes"]) == (epoch + 1, 333)
    assert tool("register-epoch", *key, *key_of(NEWCOMER))["transactionHash"] is None
    standing = tool("status", "--address", address)["signer"]
    assert standing["isSigner"] is True
    assert standing["isRegisteredForThisEpoch"] is False
    assert standing["isRegisteredForNextEpoch"] is True
    listed = {entry["signer"]: entry for entry in tool("signers")["signers"]}
    assert listed[address]["publicKeyG1"] == made["publicKeyG1"]
    assert len(listed) >= 5
    blob = ("--data-root", root("new"), "--epoch", epoch, "--quorum", 0, "--commitment", COMMITMENT)
    code, line = tool.refused("sign", *key, *blob)
    assert code == 1
    assert f"is not registered for epoch {epoch}" in line
    other = tmp_path / "other.json"
    write_bls_key(other, BlsKey(99), None)
    code, line = tool.refused("register-epoch", "--key-file", other, "--plain", *key_of(NEWCOMER))
    assert code == 1
    assert "another BLS key" in line


def test_an_account_without_thirty_0g_is_told_how_much_it_lacks(
    tool: Tool, signer_key: Any
) -> None:
    key = signer_key(tool.chain, POOR)
    wallet = tool.chain.wallet(POOR)
    client = tool.chain.client()
    balance = client.number("eth_getBalance", wallet.address, "latest")
    keeps = 12 * 10**18
    client.receipt(wallet.send(bytes(20).hex(), gas=21_000, value=balance - keeps))
    code, line = tool.refused("register-epoch", *key, *key_of(POOR))
    assert code == 1
    assert "has 12 0G, no vote; send it at least 30 0G" in line
    back = tool.chain.wallet(ROLLUP)
    client.receipt(back.send(wallet.address, gas=21_000, value=1_000 * 10**18))


def test_epochs_and_quorums_that_are_not_there_are_refused(tool: Tool) -> None:
    epoch = tool("status")["epoch"]
    quorum = tool("quorum", "--rows")
    assert len(quorum["rows"]) == quorum["rowsTotal"] == 3_072
    assert sum(entry["rows"] for entry in quorum["signers"]) == 3_072
    code, line = tool.refused("quorum", "--epoch", epoch + 5)
    assert code == 1
    assert f"quorum not formed: epoch {epoch + 5} has not begun" in line
    code, line = tool.refused("quorum", "--quorum", 3)
    assert code == 1
    assert f"epoch {epoch} has 1 quorum, numbers 0 to 0; got 3" in line
    code, line = tool.refused("quorum", "--epoch", 0)
    assert code == 1
    assert "nobody registered for epoch 0" in line
    assert tool("make-epoch", *key_of(ROLLUP))["hasBegun"] is False


def test_what_an_operator_can_mend_is_exit_code_2(
    tool: Tool, signer_key: Any, tmp_path: Path
) -> None:
    key = signer_key(tool.chain, 0)
    blob = ("--data-root", root("x"), "--epoch", 1, "--quorum", 0)
    cases: list[tuple[tuple[Any, ...], str]] = [
        (("keygen", "--key-file", tmp_path / "k"), "--password-file"),
        (("status", "--rpc-url", "http://127.0.0.1:1"), "nobody answers"),
        (("status", "--rpc-url", "ws://127.0.0.1:1"), "expected http"),
        (("make-epoch",), "ZEROG_PRIVATE_KEY"),
        (("make-epoch", "--private-key", "0x12"), "64 hex digits"),
        (("sign", *key, *blob, "--commitment", "0x01,0x03"), "--commitment: expected a point"),
        (("sign", *key, *blob[:2], "--epoch", "x", *blob[4:], "--commitment", COMMITMENT),
         "--epoch: expected"),
        (("sign", "--key-file", tmp_path / "none", *blob, "--commitment", COMMITMENT),
         "zerog da keygen"),
        (("aggregate", *blob, "--commitment", COMMITMENT), "no signatures"),
        (("submit", "--submission", tmp_path / "none"), "the submission is missing"),
        (("register", *key, "--socket", "x" * 97, *key_of(0)), "--socket"),
    ]  # fmt: skip
    for arguments, text in cases:
        code, line = tool.refused(*arguments)
        assert (code, text in line) == (2, True), line


@pytest.mark.parametrize(
    "where",
    ["0x" + "12" * 20, "0x" + "00" * 18 + "1000", "0x1cd0690ff9a693f5ef2dd976660a8dafc81a109c"],
)
def test_an_address_without_a_da_contract_is_a_refusal(tool: Tool, where: str) -> None:
    """Nobody's, the precompile DASigners, and the token, which answers anything."""
    code, line = tool.refused("status", "--data-root", root("x"), "--contract", where)
    assert code == 1
    assert f"no DA contract at {to_checksum_address(where)}" in line
    code, line = tool.refused("upload", "--data-root", root("x"), "--contract", where,
                              *key_of(ROLLUP))  # fmt: skip
    assert code == 1
    assert "no DA contract" in line or "takes no uploads" in line


def test_an_accounts_key_may_come_from_its_keystore_or_the_environment(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password, path = tmp_path / "password", tmp_path / "account.json"
    password.write_text("secret\n")
    path.write_text(json.dumps(Account.encrypt(ACCOUNTS[ROLLUP][1], "secret", iterations=4_096)))
    from_file = ("--account-file", path, "--account-password-file", password)
    assert tool("make-epoch", *from_file)["hasBegun"] is False
    code, line = tool.refused("make-epoch", *from_file[:2])
    assert (code, "--account-password-file" in line) == (2, True)
    password.write_text("wrong\n")
    code, line = tool.refused("make-epoch", *from_file)
    assert (code, "cannot be decrypted" in line) == (2, True)
    monkeypatch.setenv("ZEROG_PRIVATE_KEY", ACCOUNTS[ROLLUP][1].hex())
    assert tool("make-epoch")["hasBegun"] is False


def test_nobody_signing_is_said_with_the_reason_most_of_them_give(tool: Tool) -> None:
    uploaded = tool("upload", "--data-root", root("nobody"), *key_of(ROLLUP))
    code, line = tool.refused("aggregate", *blob_flags(uploaded), "--collect")
    assert code == 1
    assert "nobody signed; " in line
    assert "no answer from 127.0.0.1:1" in line


@pytest.mark.parametrize("name", [command[0] for command in _COMMANDS])
def test_help_says_what_is_taken_from_the_caller(name: str, capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["da", name, "--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    has_blob = "--data-root" in text or "--submission" in text
    assert ("Data root and erasure commitment are taken from you" in text) == (
        has_blob and name != "status"
    )
