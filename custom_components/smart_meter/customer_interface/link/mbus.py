"""M-Bus link layer of wired meters (EN 13757-2, frame class FT 1.2 of IEC 60870-5-2).

    single character  E5
    short frame       10 | C A | CS | 16
    control frame     68 L L 68 | C A CI | CS | 16            L = 3
    long frame        68 L L 68 | C A CI data ... | CS | 16   L = bytes from C to the last before CS

CS is the arithmetic sum of the bytes from C on. Some Sagemcom T210-D send longer bodies than L can count, with L modulo
256 (`68 01 01 68` before 257 bytes): L and L + 256 are both tried, checksum and stop byte decide.
"""

from ..checksum import sum8
from ..reading import Fault, FaultKind, Frame, Link
from .base import Found, Look

ACKNOWLEDGE = 0xE5
_SHORT, _LONG, _STOP = 0x10, 0x68, 0x16
_PRIMARY = 0x40  # short frames come from the primary station only
_SHORTEST_BODY = 3
_WRAP = 256


class MBusLink:
    """Frames of EN 13757-2; a long frame's payload starts at CI, an E5 is a frame with control E5 and nothing else."""

    starts = frozenset((ACKNOWLEDGE, _SHORT, _LONG))
    longest = 2 * _WRAP + 5

    def look(self, buffer: bytes | bytearray, start: int) -> Found | Look:
        """Judge the bytes from `start` on."""
        match buffer[start]:
            case 0xE5:
                frame = Frame(Link.MBUS, b"", control=ACKNOWLEDGE)
                return Found(start + 1, frame, unproven=True)
            case 0x10:
                return _look_short(buffer, start)
            case 0x68:
                return _look_long(buffer, start)
        return Look.NOT_HERE

    def stays_incomplete(self, buffer: bytearray, data: bytes) -> bool:
        """Look at the length: behind the header no byte tells that there is no long frame."""
        if len(buffer) < 4 or buffer[0] != _LONG:
            return False
        return len(buffer) + len(data) < buffer[1] + 6


def _look_short(buffer: bytes | bytearray, start: int) -> Found | Look:
    seen = bytes(buffer[start : start + 5])
    if len(seen) > 1 and seen[1] & 0xC0 != _PRIMARY:
        return Look.NOT_HERE
    if len(seen) < 5:
        return Look.INCOMPLETE
    control, address, checksum, stop = seen[1:]
    if stop != _STOP or checksum != sum8(seen[1:3]):
        return Look.NOT_HERE
    return Found(
        start + 5, Frame(Link.MBUS, b"", control, bytes((address,)), check_bits=8)
    )


def _look_long(buffer: bytes | bytearray, start: int) -> Found | Look:
    header = buffer[start : start + 4]
    if len(header) < 4:
        return Look.INCOMPLETE if _may_be_header(header) else Look.NOT_HERE
    length = header[1]
    if header[2] != length or header[3] != _LONG:
        return Look.NOT_HERE
    for body in (length, length + _WRAP):
        if body >= _SHORTEST_BODY and (frame := _frame(buffer, start + 4, body)):
            return Found(start + 6 + body, frame)
    bodies = [n for n in (length, length + _WRAP) if n >= _SHORTEST_BODY]
    return _unsound(bodies, len(buffer) - start, start)


def _may_be_header(header: bytes | bytearray) -> bool:
    return len(header) < 3 or header[1] == header[2]


def _frame(buffer: bytes | bytearray, start: int, length: int) -> Frame | None:
    end = start + length
    if len(buffer) < end + 2 or buffer[end + 1] != _STOP:
        return None
    body = bytes(buffer[start:end])
    if sum8(body) != buffer[end]:
        return None
    return Frame(Link.MBUS, body[2:], body[0], body[1:2], check_bits=8)


def _unsound(bodies: list[int], held: int, start: int) -> Found | Look:
    """Say what is known of a long frame that no length fits: damaged as soon as its bytes are all there."""
    if held < bodies[0] + 6:
        return Look.INCOMPLETE
    fault = Fault(FaultKind.CHECKSUM, "the checksum of an M-Bus frame does not fit")
    return Found(start + bodies[0] + 6, fault, tentative=held < bodies[-1] + 6)
