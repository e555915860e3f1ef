"""General block transfer (IEC 62056-5-3, 9.3.13, and 6.8): APDUs in numbered blocks.

    E0 | control | block number 2 | acknowledged block 2 | BER length | data
    control = L S WWWWWW    L: last block, S: streaming, W: window

Block numbers begin with 1, high byte first. A meter that pushes streams its blocks and expects no acknowledgement.
"""

from ..named import NamedTuple
from ..reading import Fault, FaultKind, Layer, Link, Message
from .streams import Stream, Streams

_TAG, _LAST = 0xE0, 0x80
_HEADER_SIZE = 6
_LATE = 3.0
_LONGEST = 65_536

type _Key = tuple[Link, bytes]


class _Block(NamedTuple):
    number: int
    last: bool
    data: bytes


class _Stream(Stream):
    """The blocks so far of one transfer."""

    def __init__(self, since: float, lost: bool = False, over: bool = False) -> None:
        super().__init__(since, lost, over)
        self.blocks: list[bytes] = []
        self.size = 0
        self.check_bits = 0xFFFF

    def repeats(self, block: _Block) -> bool:
        return (
            len(self.blocks) >= block.number
            and self.blocks[block.number - 1] == block.data
        )


class BlockTransfer:
    """Messages in, messages out: those that are blocks are joined, all others pass."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._streams: Streams[_Key, _Stream] = Streams(_LATE, _MISSING)

    def add(self, message: Message, at: float) -> list[Message | Fault]:
        """Take a message that arrived at this time in seconds."""
        results: list[Message | Fault] = list(self.expire(at))
        if message.layer is not Layer.DLMS or message.payload[:1] != bytes((_TAG,)):
            return [*results, message]
        block = _parse(message.payload)
        if isinstance(block, Fault):
            return [*results, block]
        return results + self._add_block(block, message, at)

    @property
    def waiting(self) -> bool:
        """Whether any blocks are remembered."""
        return bool(self._streams)

    def expire(self, at: float) -> list[Fault]:
        """Give up what has waited too long; infinity gives up everything."""
        return self._streams.expire(at)

    def _add_block(
        self, block: _Block, message: Message, at: float
    ) -> list[Message | Fault]:
        key = (message.link, message.address)
        stream = self._streams.get(key) or _Stream(at, over=True)
        self._streams.keep(key, stream)
        if stream.repeats(block) and (stream.waiting or block.number > 1):
            return []
        results: list[Message | Fault] = []
        if not (stream.waiting and block.number == len(stream.blocks) + 1):
            if stream.waiting or (block.number > 1 and not stream.lost):
                results.append(_MISSING)
            stream = _Stream(at, lost=block.number > 1)
            self._streams.keep(key, stream)
        waiting = stream.waiting
        if _append(stream, block, message, at):
            whole = b"".join(stream.blocks)
            results.append(
                message._replace(payload=whole, check_bits=stream.check_bits)
            )
        elif waiting and stream.lost:
            results.append(_TOO_LONG)
        return results


def _append(stream: _Stream, block: _Block, message: Message, at: float) -> bool:
    """Add a block and return whether the APDU is whole."""
    stream.since = at
    if stream.lost:
        # What follows the last block is a new transfer again, whose own loss is to be told.
        stream.lost, stream.over = not block.last, block.last
        return False
    stream.blocks.append(block.data)
    stream.size += len(block.data)
    stream.check_bits = min(stream.check_bits, message.check_bits)
    stream.over = block.last
    stream.lost = stream.size > _LONGEST
    return block.last and not stream.lost


def _parse(apdu: bytes) -> _Block | Fault:
    number = int.from_bytes(apdu[2:4])
    head, length = _length(apdu)
    data = apdu[head : head + length]
    if not data or len(data) < length or not number:
        return Fault(FaultKind.TRUNCATED, "a block of a block transfer is cut short")
    return _Block(number, bool(apdu[1] & _LAST), data)


def _length(apdu: bytes) -> tuple[int, int]:
    """Return where the data begin and their BER length (ISO/IEC 8825-1, 8.1.3)."""
    first = apdu[_HEADER_SIZE] if len(apdu) > _HEADER_SIZE else 0
    if first < 0x80:
        return _HEADER_SIZE + 1, first
    size = first & 0x7F
    start = _HEADER_SIZE + 1
    return start + size, int.from_bytes(apdu[start : start + size])


_MISSING = Fault(FaultKind.TRUNCATED, "a block of a block transfer is missing")
_TOO_LONG = Fault(
    FaultKind.TRUNCATED, f"a block transfer of more than {_LONGEST} bytes has no end"
)
