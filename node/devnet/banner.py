"""What `zerog devnet` says when it starts: where to connect, with which keys, and ready snippets."""

from collections.abc import Sequence
from datetime import timedelta

from eth_utils import to_checksum_address

from node.devnet.settings import DevnetSettings


def banner(settings: DevnetSettings, accounts: Sequence[tuple[bytes, bytes]], version: str) -> str:
    """The start banner; `accounts` are (address, private key)."""
    return "\n".join(
        [
            f"zerog devnet {version}: {_validators(settings.validators)}",
            "",
            *_accounts(settings, accounts),
            "",
            *_endpoints(settings),
            "",
            *_gas(settings),
            "",
            *_da_signers(settings),
            *_storage(settings),
            *_snippets(settings, accounts),
            "",
            f"Data in {settings.datadir}; stop with Ctrl-C, start again to continue the same chain.",
        ]
    )


def _validators(count: int) -> str:
    return "1 validator" if count == 1 else f"{count} validators, each a process of its own"


def _accounts(settings: DevnetSettings, accounts: Sequence[tuple[bytes, bytes]]) -> list[str]:
    lines = [
        f"Accounts, {settings.balance} 0G each. These keys are public: never send real funds to them."
    ]
    for index, (address, key) in enumerate(accounts):
        lines.append(f"  ({index}) {to_checksum_address(address)}  0x{key.hex()}")
    lines.append(f"Mnemonic: {settings.mnemonic}")
    lines.append("Derivation path: m/44'/60'/0'/0/")
    return lines


def _endpoints(settings: DevnetSettings) -> list[str]:
    lines = [f"Chain id: {settings.chain_id}"]
    for index in range(settings.validators):
        lines.append(f"validator-{index}: RPC http://{settings.host}:{settings.port + index}")
    lines.append("Blocks are final as soon as they are there: latest = safe = finalized.")
    return lines


def _gas(settings: DevnetSettings) -> list[str]:
    if not settings.zero_g_rules:
        return ["Gas: as on Ethereum; 0G's precompiles and rules are off (--no-0g-rules)."]
    return [
        "Gas: as on 0G, a transaction is charged at least 80 % of its gas limit, whatever it uses.",
        "     Set limits close to eth_estimateGas; --no-0g-rules charges as Ethereum does.",
    ]


def _da_signers(settings: DevnetSettings) -> list[str]:
    if not settings.da_signers:
        return []
    url = f"http://{settings.host}:{settings.da_port}"
    seconds = settings.da_epoch_blocks * settings.block_time
    last = settings.da_signers - 1
    lasts = f"an epoch lasts {settings.da_epoch_blocks:,} blocks"
    if seconds:
        lasts += f", {timedelta(seconds=round(seconds))} at this block time"
    return [
        f"DA signers: {url}, {url}/signers/0 to {last}; {lasts}.",
        f"     POST {url}/signers/0/sign to have a blob signed, …/switch-off to see one absent;",
        f"     they sign for uploads at {settings.da_entrance}. `zerog da --help` has the tools.",
        "",
    ]


def _storage(settings: DevnetSettings) -> list[str]:
    if not settings.storage:
        return []
    first = f"http://{settings.host}:{settings.storage_port}"
    return [
        *(
            f"storage-{index}: node and indexer http://{settings.host}:{settings.storage_port + index}"
            for index in range(settings.storage)
        ),
        f"     Indexer({first}) for 0G's SDKs; `zerog storage put FILE --storage-url {first}`.",
        "",
    ]


def _snippets(settings: DevnetSettings, accounts: Sequence[tuple[bytes, bytes]]) -> list[str]:
    url = f"http://{settings.host}:{settings.port}"
    key = "0x" + accounts[0][1].hex() if accounts else "0x…"
    to = to_checksum_address(accounts[1][0]) if len(accounts) > 1 else "0x" + "00" * 20
    return [
        "hardhat    networks: { zerog: { url: "
        f'"{url}", chainId: {settings.chain_id}, accounts: ["{key}"] }} }}',
        f"foundry    cast send {to} --value 1ether --rpc-url {url} --private-key {key}",
        f"MetaMask   add a network: RPC URL {url}, chain id {settings.chain_id}, symbol 0G",
        f'web3.py    Web3(Web3.HTTPProvider("{url}")).eth.block_number',
    ]
