"""SML transport protocol version 1 (BSI TR-03109-1 annex IV, SML 1.04, chapter 8).

    1B 1B 1B 1B  01 01 01 01 | messages ... | 00 padding | 1B 1B 1B 1B  1A | padding count | CRC 2

1B 1B 1B 1B inside the messages is doubled. CRC-16/X-25 over everything from the first 1B to the padding count, low
byte first; some Holley meters compute CRC-16/KERMIT instead.
"""

from ..checksum import crc16_kermit, crc16_x25
from ..reading import Fault, FaultKind, Frame, Link
from .base import Found, LinkLayer, Look

_ESCAPE = b"\x1b" * 4
_BEGIN = _ESCAPE + b"\x01" * 4
_END = 0x1A


class SmlLink(LinkLayer):
    """Transmissions of SML messages; the payload is the messages, escapes resolved and padding removed."""

    starts = frozenset((0x1B,))
    longest = 8192

    def look(self, buffer: bytes | bytearray, start: int) -> Found | Look:
        """Judge the bytes from `start` on."""
        begin = bytes(buffer[start : start + 8])
        if begin != _BEGIN:
            return Look.INCOMPLETE if _BEGIN.startswith(begin) else Look.NOT_HERE
        escape = _next_command(buffer, start + 8, start + self.longest)
        if escape is None or len(buffer) < escape + 8:
            return Look.INCOMPLETE
        if buffer[escape + 4] != _END:
            return Found(escape, _CUT_SHORT)
        return _transmission(buffer, start, escape)


_CUT_SHORT = Fault(
    FaultKind.TRUNCATED,
    "an SML transmission begins before the one before it has ended",
)
_DAMAGED = Fault(FaultKind.CHECKSUM, "the checksum of an SML transmission does not fit")


def _next_command(buffer: bytes | bytearray, position: int, stop: int) -> int | None:
    """Find the next escape sequence that is not data: an end, or a beginning."""
    while (escape := buffer.find(_ESCAPE, position, stop)) >= 0:
        word = buffer[escape + 4 : escape + 8]
        if not word or word[0] == _END or word == _BEGIN[4:]:
            return escape
        position = escape + (8 if word == _ESCAPE else 1)
    return None


def _transmission(buffer: bytes | bytearray, start: int, escape: int) -> Found:
    covered = bytes(buffer[start : escape + 6])
    checksum = int.from_bytes(buffer[escape + 6 : escape + 8], "little")
    padding = covered[-1]
    if checksum not in {crc16_x25(covered), crc16_kermit(covered)} or padding > 3:
        return Found(escape + 8, _DAMAGED)
    messages = covered[8 : -6 - padding].replace(_ESCAPE * 2, _ESCAPE)
    return Found(escape + 8, Frame(Link.SML, messages, check_bits=16))
