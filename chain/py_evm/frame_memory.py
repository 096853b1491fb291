"""A frame's memory: bytes that grow by words. The frame has paid for and checked every range."""


class FrameMemory:
    """Method names are those that py-evm's opcodes call."""

    __slots__ = ("content",)

    def __init__(self) -> None:
        self.content = bytearray()

    def __len__(self) -> int:
        return len(self.content)

    def extend(self, start: int, size: int) -> None:
        """Grow to whole words that cover the range; new bytes are zero."""
        missing = ((start + size + 31) & ~31) - len(self.content)
        if size and missing > 0:
            self.content.extend(bytes(missing))

    def write(self, start: int, size: int, value: bytes) -> None:
        if size:
            assert len(value) == size
            self.content[start : start + size] = value

    def read_bytes(self, start: int, size: int) -> bytes:
        return bytes(self.content[start : start + size])

    def copy(self, destination: int, source: int, size: int) -> None:
        """Ranges may overlap (EIP-5656)."""
        self.content[destination : destination + size] = self.content[source : source + size]
