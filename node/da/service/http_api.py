"""The signers' HTTP side: JSON in, JSON out. An ASGI application, described in docs/da-tools.md."""

import asyncio
import http.client
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from node.client.json_rpc import NoJsonRpc, RpcError
from node.da.blobs import Blob, parse_blob
from node.da.da_signers import EpochState
from node.da.errors import DaRefusal, InvalidInput
from node.da.json_forms import address_text
from node.da.service.settings import ServiceSettings
from node.da.service.signing import SigningDesk, SwitchedOff
from node.da.service.uploads import UploadWatch

BODY_BYTES_MAX = 4_096
"""A request to sign has some 400."""
BODY_READ_S_MAX = 10
NODE_AWAY = (OSError, http.client.HTTPException, RpcError, NoJsonRpc)

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_logger = logging.getLogger("zerog.da")


class _BodyTooLong(Exception):
    """More than `BODY_BYTES_MAX`."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: Mapping[str, Any]


class SignerApplication:
    """Answers for all signers of a process, one request to sign after the other."""

    def __init__(
        self,
        settings: ServiceSettings,
        desk: SigningDesk,
        uploads: UploadWatch,
        epoch_state: Callable[[], EpochState | None],
    ) -> None:
        self._settings = settings
        self._desk = desk
        self._uploads = uploads
        self._epoch_state = epoch_state
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            async with asyncio.timeout(BODY_READ_S_MAX):
                body = await _body(receive)
        except TimeoutError:
            answer = _Answer(408, {"error": f"expected the body within {BODY_READ_S_MAX} s"})
        except _BodyTooLong:
            answer = _Answer(413, {"error": f"expected at most {BODY_BYTES_MAX} bytes"})
        else:
            answer = await self._answer(str(scope["method"]), str(scope["path"]), body)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": orjson.dumps(answer.content)})

    async def _answer(self, method: str, path: str, body: bytes) -> _Answer:
        parts = [part for part in path.split("/") if part]
        match method, parts:
            case "GET", []:
                return _Answer(200, self._overview())
            case "GET", ["signers", text] if (index := self._index(text)) is not None:
                return _Answer(200, self._signer(index))
            case "POST", ["signers", text, "sign"] if (index := self._index(text)) is not None:
                return await self._sign(index, body)
            case "POST", ["signers", text, "switch-off" | "switch-on" as word] if (
                index := self._index(text)
            ) is not None:
                self._desk.switch(index, is_on=word == "switch-on")
                return _Answer(200, self._signer(index))
        last = len(self._settings.accounts) - 1
        expected = (
            f"GET /, GET /signers/0 to {last}, POST /signers/N/sign, …/switch-off, …/switch-on"
        )
        return _Answer(404, {"error": f"no {method} {path[:100]} here; there are {expected}"})

    def _index(self, text: str) -> int | None:
        """By number or by address."""
        for index, account in enumerate(self._settings.accounts):
            if text in (str(index), "0x" + account.address.hex(), address_text(account.address)):
                return index
        return None

    def _overview(self) -> dict[str, Any]:
        state = self._epoch_state()
        return {
            "entrance": self._settings.entrance,
            "epoch": state.number if state else None,
            "nextEpochFromBlock": state.due_block if state else None,
            "finalizedBlock": self._uploads.finalized,
            "uploads": self._uploads.count,
            "signers": [self._signer(index) for index in range(len(self._settings.accounts))],
        }

    def _signer(self, index: int) -> dict[str, Any]:
        account = self._settings.accounts[index]
        return {
            "signer": address_text(account.address),
            "url": self._settings.url_of(index),
            "isOn": self._desk.is_on(index),
            **account.key.public_json(),
        }

    async def _sign(self, index: int, body: bytes) -> _Answer:
        try:
            blob = parse_blob(orjson.loads(body))
        except (orjson.JSONDecodeError, InvalidInput) as error:
            return _Answer(400, {"error": str(error)})
        async with self._turn:
            return await asyncio.to_thread(self._signed, index, blob)

    def _signed(self, index: int, blob: Blob) -> _Answer:
        try:
            signed = self._desk.sign(index, blob)
        except SwitchedOff as error:
            return _Answer(503, {"error": str(error)})
        except DaRefusal as error:
            return _Answer(409, {"error": str(error)})
        except NODE_AWAY as error:
            _logger.warning("cannot ask the node: %s", error)
            return _Answer(502, {"error": f"the node at {self._settings.rpc_url}: {error}"})
        return _Answer(200, {**signed.signature.as_json(), "rows": signed.rows})


async def _body(receive: Receive) -> bytes:
    """The whole body; raises `_BodyTooLong`."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise _BodyTooLong
        if not message.get("more_body"):
            return body
