"""`wrk` (apt-get install wrk): the same body over and over, or each line of a file once."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16
SECONDS = 3

_SAME = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = io.open("{body}", "rb"):read("*all")
"""
_EACH_ONCE = """
local ffi = require("ffi")
ffi.cdef("typedef struct {{ long s, ns; }} moment; int clock_gettime(int, moment *);")
local function now()
  local at = ffi.new("moment")
  ffi.C.clock_gettime(1, at)
  return tonumber(at.s) + tonumber(at.ns) / 1e9
end
-- wrk asks for one request more, before the first, to look at it.
local bodies, sent, answered, refused, began = {{}}, -1, 0, 0, nil
for line in io.lines("{body}") do bodies[#bodies + 1] = line end
request = function()
  began = began or now()
  sent = sent + 1
  local body = bodies[(math.max(sent, 1) - 1) % #bodies + 1]
  return wrk.format("POST", "/", {{["Content-Type"] = "application/json"}}, body)
end
response = function(status, headers, body)
  answered = answered + 1
  if body:find('"error"') then
    refused = refused + 1
    if refused == 1 then io.write(body:sub(1, 300), "\\n") end
  end
  if answered == #bodies then
    io.write(string.format("took %.4f refused %d\\n", now() - began, refused))
    io.flush()
    os.exit(0)
  end
end
"""


class WrkMissing(Exception):
    """Debian's package is not installed."""


@dataclass(frozen=True)
class Load:
    """What one run brought about."""

    requests: int
    per_second: float


def same_over_and_over(
    port: int, body: bytes, folder: Path, connections: int = CONNECTIONS, seconds: int = SECONDS
) -> Load:
    """From one wrk thread; every answer is waited for and must be 200."""
    said = _run(_SAME, port, body, folder, connections, seconds)
    found = re.search(r"(\d+) requests in .*Requests/sec:\s+([\d.]+)", said, re.DOTALL)
    assert found is not None, said
    assert "Non-2xx" not in said, said
    return Load(int(found[1]), float(found[2]))


def seconds_for_each(
    port: int, bodies: list[bytes], folder: Path, connections: int = CONNECTIONS
) -> float:
    """Seconds until each body was answered; no answer may be an error."""
    said = _run(_EACH_ONCE, port, b"\n".join(bodies), folder, connections, 120)
    found = re.search(r"took ([\d.]+) refused (\d+)", said)
    assert found is not None, said
    assert found[2] == "0", said
    return float(found[1])


def _run(script: str, port: int, body: bytes, folder: Path, connections: int, seconds: int) -> str:
    if shutil.which("wrk") is None:
        raise WrkMissing("wrk is missing: apt-get install wrk")
    path = folder / "body"
    path.write_bytes(body)
    lua = folder / "wrk.lua"
    lua.write_text(script.format(body=path))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(lua)]
    return subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True
    ).stdout
