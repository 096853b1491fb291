"""Numbers and bytes as JSON-RPC writes them."""


def quantity(number: int) -> str:
    """0 is 0x0."""
    return hex(number)


def data(value: bytes) -> str:
    """Bytes of any length."""
    return "0x" + value.hex()


def word(number: int) -> str:
    """32 bytes."""
    return f"0x{number:064x}"
