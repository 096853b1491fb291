"""A faulty validator process: from a height on it also votes against each of its own votes.

python equivocating_validator.py DIRECTORY FIRST_HEIGHT
"""

import sys
from dataclasses import replace
from pathlib import Path

from consensus.encoding import signing_digest
from consensus.signatures import sign
from consensus.values import ValueId, Vote
from node import assembly
from node.initialization import read_genesis
from node.keystore import load_validator_key
from node.layout import DataDirectory
from node.network.host import PeerNetwork
from node.network.messages import WireMessage


def main(directory: Path, first_height: int) -> int:
    data = DataDirectory(directory)
    secret = load_validator_key(data.validator_key, None, is_devnet=True).secret
    identity = read_genesis(data.genesis).identity

    class TwoFaced(PeerNetwork):
        """Says everything, and of each vote the contrary too."""

        def broadcast(self, message: WireMessage) -> None:
            super().broadcast(message)
            if isinstance(message, Vote) and message.height >= first_height:
                other = None if message.value_id is not None else ValueId(b"\x0e" * 32)
                contrary = replace(message, value_id=other, signature=b"")
                signature = sign(secret, signing_digest(identity, contrary))
                super().broadcast(contrary.signed(signature))

    assembly.PeerNetwork = TwoFaced  # type: ignore[misc]
    return assembly.run_from_directory(directory, {}, None)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
