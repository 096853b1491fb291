"""A proxy before a storage node that answers under its own URL and flips one byte of one segment."""

import binascii
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SEGMENT_CHUNKS = 1024
PLAIN_DOWNLOADS = ("zgs_downloadSegment", "zgs_downloadSegmentByTxSeq")


@contextmanager
def flipping_proxy(target: str, segment: int) -> Iterator[str]:
    """Its URL; `target` is hidden behind it, in what the indexer says too."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = urllib.request.Request(
                target, body, {"Content-Type": "application/json"}, method="POST"
            )
            with urllib.request.urlopen(request, timeout=30) as response:
                text = response.read().decode().replace(target, url)
            answer = json.dumps(_flipped(json.loads(body), json.loads(text), segment)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield url
    finally:
        server.shutdown()
        server.server_close()


def _flipped(request: Any, answer: Any, segment: int) -> Any:
    result = answer.get("result")
    if "WithProof" in request["method"] and result and result["index"] == segment:
        result["data"] = _flip_first_bit(result["data"])
    elif request["method"] in PLAIN_DOWNLOADS and request["params"][1] // SEGMENT_CHUNKS == segment:
        answer["result"] = _flip_first_bit(result)
    return answer


def _flip_first_bit(text: str) -> str:
    data = bytearray(binascii.a2b_base64(text))
    data[0] ^= 1
    return binascii.b2a_base64(bytes(data), newline=False).decode()
