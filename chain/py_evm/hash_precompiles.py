"""The precompiles that hash or copy: 0x02 SHA-256, 0x03 RIPEMD-160, 0x04 identity, 0x09 BLAKE2F.

py-evm's spend more on rounding and unpacking than the native code behind them takes.
"""

from collections.abc import Callable
from hashlib import new as new_hash
from hashlib import sha256
from typing import Final

import blake2b
from Crypto.Hash import RIPEMD160
from eth_typing import Address

from chain.py_evm.frame import Frame
from chain.py_evm.frame_errors import InvalidPrecompileInput

SHA256_GAS: Final = (60, 12)
"""Of a call and of each word of its input (Yellow Paper, appendix E)."""
RIPEMD160_GAS: Final = (600, 120)
IDENTITY_GAS: Final = (15, 3)
BLAKE2F_INPUT_BYTES: Final = 213

HashFunction = Callable[[bytes], bytes]


def hash_precompiles() -> dict[Address, Callable[[Frame], None]]:
    """0x02 to 0x04, there from the beginning, by address."""
    return {
        _at(2): _per_word(SHA256_GAS, lambda data: sha256(data).digest()),
        _at(3): _per_word(RIPEMD160_GAS, ripemd160()),
        _at(4): _per_word(IDENTITY_GAS, lambda data: data),
    }


def blake2f(frame: Frame) -> None:
    """0x09 (EIP-152): one gas a round."""
    data = frame.msg.data
    if len(data) != BLAKE2F_INPUT_BYTES:
        raise InvalidPrecompileInput("invalid input length")
    if data[-1] > 1:
        raise InvalidPrecompileInput("invalid final flag")
    frame.consume_gas(int.from_bytes(data[:4], "big"))
    frame.output = blake2b.decode_and_compress(data)


def ripemd160() -> HashFunction:
    """To 32 bytes, zeros first. OpenSSL 3 has it in its legacy provider, which not every system loads."""
    try:
        new_hash("ripemd160")
    except ValueError:
        return lambda data: bytes(12) + RIPEMD160.new(data).digest()
    return lambda data: bytes(12) + new_hash("ripemd160", data).digest()


def _per_word(gas: tuple[int, int], function: HashFunction) -> Callable[[Frame], None]:
    base_gas, word_gas = gas

    def run(frame: Frame) -> None:
        data = frame.msg.data
        frame.consume_gas(base_gas + word_gas * ((len(data) + 31) >> 5))
        frame.output = function(data)

    return run


def _at(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))
