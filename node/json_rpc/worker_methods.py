"""What a worker does with a job: the same handlers as the server's, with an engine behind them."""

import logging
from collections.abc import Callable, Mapping

import orjson
from eth_typing import Address

from chain.chain import Chain
from chain.key_value import MemoryStore
from chain.message_calls import CallRequest
from chain.py_evm import PyEvmEngine
from chain.queries import Queries
from genesis.block import genesis_block
from genesis.document import ChainGenesis
from node.database import LmdbStore
from node.json_rpc.context import query_limits
from node.json_rpc.dispatch import run_in_view
from node.json_rpc.errors import INTERNAL_ERROR, RpcError
from node.json_rpc.settings import RpcSettings
from node.json_rpc.table import all_methods
from node.json_rpc.worker_pool import parse_job
from node.json_rpc.worker_process import ANSWER_ERROR, ANSWER_OK, Handler
from precompiles.interface import Precompile

NO_ACCOUNT = Address(bytes(20))
"""Has no code anywhere."""

_logger = logging.getLogger("zerog.rpc")


def prepare(
    settings: RpcSettings, document: ChainGenesis, plugins: Mapping[Address, Precompile]
) -> Callable[[], Handler]:
    """Done once, in the zygote: all that does not touch the database."""
    methods = all_methods(is_foreign=settings.is_foreign)
    engine = PyEvmEngine(plugins=plugins)
    _warm(engine, document)
    limits = query_limits(settings)

    def start() -> Handler:
        store = LmdbStore(settings.database, readonly=True)
        queries = Queries(store, document.config, engine, limits)

        def carry_out(job: bytes) -> tuple[int, bytes]:
            name, params = parse_job(job)
            try:
                return ANSWER_OK, orjson.dumps(run_in_view(queries, methods[name], params))
            except RpcError as error:
                return ANSWER_ERROR, orjson.dumps(error.encoded())
            except Exception:
                # The edge of the process: a bug met by one call must not cost a worker.
                _logger.exception("%s failed in a worker", name)
                return ANSWER_ERROR, orjson.dumps(
                    {"code": INTERNAL_ERROR, "message": "method handler crashed"}
                )

        return carry_out

    return start


def _warm(engine: PyEvmEngine, document: ChainGenesis) -> None:
    """Run one call on block zero, so that the tables it builds are there in every fork of us."""
    store = MemoryStore()
    Chain.initialize(store, *genesis_block(document))
    with Queries(store, document.config, engine).view() as view:
        view.call(CallRequest(to=NO_ACCOUNT))
