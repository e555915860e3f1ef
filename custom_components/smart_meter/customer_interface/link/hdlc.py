"""HDLC frames of type 3 (IEC 62056-46, 6.4; ISO/IEC 13239, 4.3.2), as meters push them.

    7E | format 2 | destination 1-4 | source 1-4 | control 1 | HCS 2 | information ... | FCS 2 | 7E
    format = 1010 S LLL  LLLL LLLL    S: segmented, more frames follow; L: bytes from format to FCS

An address ends with the byte whose lowest bit is set. HCS (over what precedes it) is there only with an information
field, FCS covers all before it; both are CRC-16/X-25, low byte first. The length delimits, for no byte is stuffed and
7E may occur inside. One flag may serve two frames, flags may be doubled, and the first may be lost.
"""

from ..checksum import crc16_x25
from ..reading import Fault, FaultKind, Frame, Link
from .base import Found, Look

FLAG = 0x7E
_FORMAT_TYPE, _FORMAT_TYPE_MASK, _SEGMENTED = 0xA0, 0xF0, 0x08
_CRC_SIZE = 2
_LONGEST_ADDRESS = 4
_LONGEST_HEADER = 2 + 2 * _LONGEST_ADDRESS + 1 + _CRC_SIZE
_SHORTEST = 2 + 1 + 1 + 1 + _CRC_SIZE


class HdlcLink:
    """Frames of type 3; payload is the information field, address destination and source, `more` the S bit."""

    starts = frozenset((FLAG, *range(_FORMAT_TYPE, _FORMAT_TYPE + 16)))
    longest = 1 + 0x7FF + 1

    def look(self, buffer: bytes | bytearray, start: int) -> Found | Look:
        """Judge the bytes from `start` on, a flag or a format field whose flag was lost or shared."""
        flagged = buffer[start] == FLAG
        begin = start + flagged
        header = bytes(buffer[begin : begin + _LONGEST_HEADER])
        if header and header[0] & _FORMAT_TYPE_MASK != _FORMAT_TYPE:
            return Look.NOT_HERE
        if len(header) < 2:
            return Look.INCOMPLETE
        length = (header[0] & 0x07) << 8 | header[1]
        size = _header_size(header)
        if not size or length < _SHORTEST:
            return Look.NOT_HERE
        if len(header) < size + _CRC_SIZE:
            return Look.INCOMPLETE
        if length < size + _CRC_SIZE:
            return Look.NOT_HERE
        if not _checks(header[: size + _CRC_SIZE]):
            return _ruin(buffer, begin + length) if flagged else Look.NOT_HERE
        return _frame(buffer, begin, length, size)

    def stays_incomplete(self, buffer: bytearray, data: bytes) -> bool:
        """Look at the length: behind the longest header no other byte tells that there is no frame."""
        if len(buffer) <= _LONGEST_HEADER:
            return False
        begin = buffer[0] == FLAG
        length = (buffer[begin] & 0x07) << 8 | buffer[begin + 1]
        return len(buffer) + len(data) < begin + length


def _header_size(header: bytes) -> int:
    """Return the bytes before HCS; more than there are where some are missing yet, 0 where an address never ends."""
    position = 2
    for _ in ("destination", "source"):
        address = header[position : position + _LONGEST_ADDRESS]
        last = next((i for i, byte in enumerate(address) if byte & 1), None)
        if last is None:
            return 0 if len(address) == _LONGEST_ADDRESS else _LONGEST_HEADER
        position += last + 1
    return position + 1


def _checks(data: bytes) -> bool:
    return crc16_x25(data[:-_CRC_SIZE]) == int.from_bytes(data[-_CRC_SIZE:], "little")


def _ruin(buffer: bytes | bytearray, end: int) -> Found | Look:
    """Tell a damaged header, with a flag where its length says, from a flag by chance."""
    if len(buffer) <= end:
        return Look.INCOMPLETE
    return _damaged(end) if buffer[end] == FLAG else Look.NOT_HERE


def _damaged(end: int) -> Found:
    return Found(
        end, Fault(FaultKind.CHECKSUM, "the checksum of an HDLC frame does not fit")
    )


def _frame(
    buffer: bytes | bytearray, begin: int, length: int, size: int
) -> Found | Look:
    end = begin + length
    if len(buffer) < end:
        return Look.INCOMPLETE
    data = bytes(buffer[begin:end])
    if not _checks(data):
        return _damaged(end)
    frame = Frame(
        Link.HDLC,
        data[size + _CRC_SIZE : -_CRC_SIZE],
        control=data[size - 1],
        address=data[2 : size - 1],
        more=bool(data[0] & _SEGMENTED),
        check_bits=16,
    )
    return Found(end, frame)
