"""Keeps signers registered, puts them into each epoch's draw, and begins epochs when they are due."""

import logging
from collections.abc import Callable, Iterable

from node.client.json_rpc import RpcClient
from node.client.wallet import Wallet
from node.da.da_signers import DaSigners, EpochState
from node.da.errors import Reverted
from node.da.registration import (
    make_epoch,
    send_epoch_registration,
    send_registration,
    succeeded,
)
from node.da.service.settings import ServiceSettings, SignerAccount

_logger = logging.getLogger("zerog.da")


class Upkeep:
    """Looks at the chain once for each new block. Not to be shared between threads."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._client = RpcClient.of_url(settings.rpc_url)
        self.signers = DaSigners(self._client)
        self._known: set[int] = set()
        """Indices of accounts that are signers."""
        self._registered: set[tuple[int, int]] = set()
        """(index, epoch) of the draws that signers are in; of the next epoch alone."""
        self._head = -1
        self.state: EpochState | None = None
        """As last seen; for others to show."""

    def tend(self) -> None:
        """Do what is due; waits for the blocks of its transactions.

        Raises what the client raises where the node is away, and `DaRefusal` where the chain
        refuses; it can be called again afterwards.
        """
        if self._client.number("eth_blockNumber") == self._head:
            return
        self._register()
        state = self.signers.epoch_state()
        self._enter_draw(state.number + 1)
        state = self.signers.epoch_state()
        if state.is_due and self._in_draw(state.number + 1):
            self._begin_epoch()
            # The next draw is open from now on.
            state = self.signers.epoch_state()
            self._enter_draw(state.number + 1)
        self.state = self.signers.epoch_state()
        self._head = self.state.head

    def _register(self) -> None:
        missing = []
        for index, account in enumerate(self._settings.accounts):
            if index in self._known:
                continue
            if self.signers.is_signer(account.address):
                self._known.add(index)
            else:
                missing.append(index)
        if missing:
            self._send_all("registerSigner", missing, self._send_registration)
            self._known.update(missing)
            _logger.info("%d DA signers registered", len(missing))

    def _enter_draw(self, epoch: int) -> None:
        self._registered = {entry for entry in self._registered if entry[1] == epoch}
        missing = []
        for index, account in enumerate(self._settings.accounts):
            if (index, epoch) in self._registered:
                continue
            if self.signers.is_registered(account.address, epoch):
                self._registered.add((index, epoch))
            else:
                missing.append(index)
        if not missing:
            return

        def send(index: int, account: SignerAccount) -> str:
            return send_epoch_registration(self.signers, self._wallet(index), account.key, epoch)

        self._send_all("registerNextEpoch", missing, send)
        self._registered.update((index, epoch) for index in missing)
        _logger.info("%d DA signers registered for epoch %d", len(missing), epoch)

    def _in_draw(self, epoch: int) -> bool:
        return any(entry[1] == epoch for entry in self._registered)

    def _begin_epoch(self) -> None:
        made = make_epoch(self.signers, self._wallet(0))
        if made.has_begun:
            _logger.info("epoch %d begins, %d quorums", made.epoch, made.quorums)

    def _send_all(
        self, what: str, indices: Iterable[int], send: Callable[[int, SignerAccount], str]
    ) -> None:
        """All of them at once, so that they share a block; raises the first `Reverted` at the end."""
        sent = [send(index, self._settings.accounts[index]) for index in indices]
        failure: Reverted | None = None
        for transaction_hash in sent:
            try:
                succeeded(self.signers, transaction_hash, what)
            except Reverted as error:
                failure = error
        if failure is not None:
            raise failure

    def _send_registration(self, index: int, account: SignerAccount) -> str:
        socket = self._settings.url_of(index)
        return send_registration(self.signers, self._wallet(index), account.key, socket)

    def _wallet(self, index: int) -> Wallet:
        """Anew each time: its nonce is the node's word, whatever became of earlier transactions."""
        key = self._settings.accounts[index].private_key
        return Wallet(self._client, key, self.signers.chain_id)
