"""Why a DA tool does not do what was asked: each error is one line that says what to do next."""

from node.errors import OperatorError

WEI_PER_0G = 10**18


class DaRefusal(Exception):
    """The chain, a contract or a signer says no, or would say no."""


class InvalidInput(OperatorError):
    """A value that was given cannot be used: got and expected."""

    def __init__(self, name: str, expected: str, got: object) -> None:
        super().__init__(f"{name}: expected {expected}, got {str(got)[:100]!r}")
        self.name, self.expected, self.got = name, expected, got


class NodeUnreachable(OperatorError):
    """Nobody answers JSON-RPC at the URL."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"{url}: {why}; start a node (`zerog devnet`) or give another --rpc-url")
        self.url, self.why = url, why


class NoPrecompile(DaRefusal):
    """The chain has no DASigners precompile."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url}: no DASigners precompile at 0x…1000; ask a node of a chain with 0G's rules"
        )


class NotASigner(DaRefusal):
    """The account has not registered a key."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is no DA signer; register it with `zerog da register`")
        self.address = address


class AlreadyASigner(DaRefusal):
    """The account registered before, perhaps with another key; a registration is for good."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} is a DA signer already; go on with `zerog da register-epoch`, "
            "or register another account"
        )
        self.address = address


class AnotherKey(DaRefusal):
    """The account is registered with a key that is not the one in the key file."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} is registered with another BLS key than this --key-file; give the one "
            "it was registered with"
        )
        self.address = address


class NoVotes(DaRefusal):
    """The account's balance does not reach for one vote."""

    def __init__(self, address: str, balance_wei: int, vote_wei: int) -> None:
        super().__init__(
            f"{address} has {balance_wei / WEI_PER_0G:,.4g} 0G, no vote; send it at least "
            f"{vote_wei / WEI_PER_0G:,.4g} 0G and a little for gas"
        )
        self.address, self.balance_wei, self.vote_wei = address, balance_wei, vote_wei


class NotRegisteredForEpoch(DaRefusal):
    """The signer has no row in the epoch's quorum."""

    def __init__(self, who: str, epoch: int, quorum_id: int) -> None:
        super().__init__(
            f"{who} is not registered for epoch {epoch}: no row of quorum {quorum_id} is its own; "
            f"`zerog da register-epoch` puts it into the next epoch's draw"
        )
        self.who, self.epoch, self.quorum_id = who, epoch, quorum_id


class QuorumNotFormed(DaRefusal):
    """The epoch has not begun, has no quorum, or not that many."""

    def __init__(self, epoch: int, quorum_id: int, count: int, current_epoch: int) -> None:
        super().__init__(_why_no_quorum(epoch, quorum_id, count, current_epoch))
        self.epoch, self.quorum_id = epoch, quorum_id
        self.count, self.current_epoch = count, current_epoch


def _why_no_quorum(epoch: int, quorum_id: int, count: int, current_epoch: int) -> str:
    if epoch > current_epoch:
        return (
            f"quorum not formed: epoch {epoch} has not begun, the current one is {current_epoch}; "
            "`zerog da make-epoch` begins the next when it is due"
        )
    if count == 0:
        return (
            f"quorum not formed: nobody registered for epoch {epoch}; `zerog da register-epoch` "
            "for each signer, then `zerog da make-epoch`"
        )
    return (
        f"quorum not formed: epoch {epoch} has {count} {'quorum' if count == 1 else 'quorums'}, "
        f"numbers 0 to {count - 1}; got {quorum_id}"
    )


class BelowThreshold(DaRefusal):
    """Fewer than two thirds of the quorum's rows have signed."""

    def __init__(self, have: int, total: int, need: int) -> None:
        super().__init__(
            f"below threshold: have {have:,} of {total:,}, need {need:,}; "
            "add signatures of more signers of the quorum"
        )
        self.have, self.total, self.need = have, total, need


class WrongSignature(DaRefusal):
    """A signature that is not the signer's for this blob."""

    def __init__(self, signer: str) -> None:
        super().__init__(
            f"the signature of {signer} is not its signature of this blob; ask it again for the "
            "same data root, epoch, quorum and commitment, or leave it out"
        )
        self.signer = signer


class NoRegistry(DaRefusal):
    """The chain has no registry at 0G's address."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"no DA registry at {address}; ask a node of a chain with 0G's contracts (a devnet "
            "without --no-predeploys)"
        )
        self.address = address


class NothingThere(DaRefusal):
    """No contract of the kind that is needed at the address that was given."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"no DA contract at {address}; give the DA entrance's or a DA verifier's address with "
            "--contract"
        )
        self.address = address


class Reverted(DaRefusal):
    """A contract refused a call or a transaction."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"{what}: {reason}")
        self.what, self.reason = what, reason
