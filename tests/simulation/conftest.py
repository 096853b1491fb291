"""The hash backend that every process of ours sets before it imports a package."""

import os

os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")
