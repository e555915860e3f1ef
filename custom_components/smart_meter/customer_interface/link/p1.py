"""P1 telegrams (DSMR P1 companion standard 5.0.2, 5.2 and 6.2; IEC 62056-21 mode D).

    /XXXn ident CR LF  CR LF  lines ...  !CRC CR LF

CRC is CRC-16/ARC over '/' to '!', in up to four hexadecimal digits, padded or not; DSMR 2.2 and 3 and meters like the
EasyMeter send none. Line ends may be a bare LF.

Poland (Kaifa, Elgama) sends a cipher where the lines are; it comes out as the general-glo-ciphering APDU it stands
for, with the system title of eight zeros that its nonce is made with:

    /EGM5G35 CR LF CR LF | 00 | BER length | SC | IC 4 | ciphertext | tag | !CRC

There CRC is CRC-16/X-25, its low byte printed first (seen on an Elgama GAMA 350); CRC-16/ARC is believed too.
"""

import re

from ..checksum import crc16_arc, crc16_x25
from ..reading import Fault, FaultKind, Frame, Link
from .base import Found, Look

# Iskra IE.5 meters have a control character in their identification.
_HEADER = re.compile(rb"/[A-Za-z0-9]{3}[^\0\r\n\x7f-\xff]{0,96}\r?\n")
_PART_OF_HEADER = re.compile(
    rb"/(?:[A-Za-z0-9]{0,2}|[A-Za-z0-9]{3}[^\0\r\n\x7f-\xff]{0,96}\r?)"
)
_NEXT_LANDMARK = re.compile(rb"[\r\n][!/]")
_END = re.compile(rb"!([0-9A-Fa-f]{0,4})[ \t\0]*(\r\n?|\n)?")
_NO_TEXT = re.compile(rb"[^\t\r\n -~]")
_ENDS_TEXT = re.compile(rb"[!/\0]")
_CIPHER = re.compile(rb"\r?\n\0\x82")
_CIPHER_BEGINS = re.compile(rb"\r?\n\0")
_CIPHER_HEAD = b"\xdb\x08" + bytes(8)


class P1Link:
    """Telegrams from '/' to the end of the checksum, without its line end; check_bits is 0 where there is no checksum."""

    starts = frozenset(b"/")
    longest = 16_384

    def look(self, buffer: bytes | bytearray, start: int) -> Found | Look:
        """Judge the bytes from `start` on."""
        header = _HEADER.match(buffer, start)
        if header is None:
            part = _PART_OF_HEADER.fullmatch(buffer, start)
            return Look.INCOMPLETE if part else Look.NOT_HERE
        if _CIPHER.match(buffer, header.end()):
            return _look_cipher(buffer, start, header.end())
        landmark = _NEXT_LANDMARK.search(buffer, header.end() - 1, start + self.longest)
        if landmark is None:
            return Look.INCOMPLETE
        if landmark[0][1:] == b"/":
            return Found(landmark.end() - 1, _fault(FaultKind.TRUNCATED))
        return _look_end(buffer, start, landmark.end() - 1)

    def stays_incomplete(self, buffer: bytearray, data: bytes) -> bool:
        """Look for what ends lines of text, or begins a cipher in their place."""
        if _ENDS_TEXT.search(data) or len(buffer) + len(data) >= self.longest:
            return False
        header = _HEADER.match(buffer)
        return header is not None and not _CIPHER_BEGINS.match(buffer, header.end())


def _fault(kind: FaultKind) -> Fault:
    return Fault(kind, _DETAILS[kind])


_DETAILS = {
    FaultKind.TRUNCATED: "a P1 telegram begins before the one before it has ended",
    FaultKind.CHECKSUM: "the checksum of a P1 telegram does not fit",
}


def _look_end(buffer: bytes | bytearray, start: int, mark: int) -> Found | Look:
    end = _END.match(buffer, mark)
    if end is None:
        return Look.NOT_HERE
    text, digits = bytes(buffer[start : mark + 1]), end[1]
    closed = len(digits) == 4 or end[2] is not None or end.end() < len(buffer)
    sound = (
        _checks(text, int(digits, 16)) if digits else not _damaged(buffer, text, end)
    )
    if not sound:
        return Found(end.end(), _fault(FaultKind.CHECKSUM), tentative=not closed)
    frame = Frame(Link.P1, text + digits, check_bits=16 if digits else 0)
    return Found(end.end(), frame, tentative=not closed)


def _checks(text: bytes, checksum: int) -> bool:
    # What recordings made of the line ends is mended: the checksum tells whether rightly.
    return checksum in {
        crc16_arc(text),
        crc16_arc(text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
    }


def _damaged(buffer: bytes | bytearray, text: bytes, end: re.Match[bytes]) -> bool:
    """Without a checksum only bytes that are no text, and no digits where they should be, tell of damage."""
    torn = end[2] is None and end.end() < len(buffer)
    return torn or _NO_TEXT.search(text, text.index(b"\n")) is not None


def _look_cipher(buffer: bytes | bytearray, start: int, blank: int) -> Found | Look:
    begin = buffer.index(b"\0", blank)
    size = int.from_bytes(buffer[begin + 2 : begin + 4])
    mark = begin + 4 + size
    if len(buffer) < mark + 5:
        return Look.INCOMPLETE
    if buffer[mark : mark + 2] == b"\r\n":
        mark += 2
    end = _END.match(buffer, mark)
    text = bytes(buffer[start : mark + 1])
    if end is None or not _checks_cipher(text, end[1]):
        return Found(end.end() if end else mark, _fault(FaultKind.CHECKSUM))
    apdu = _CIPHER_HEAD + bytes(buffer[begin + 1 : begin + 4 + size])
    return Found(end.end(), Frame(Link.P1, apdu, check_bits=16))


def _checks_cipher(text: bytes, digits: bytes) -> bool:
    sums = crc16_x25(text).to_bytes(2, "little"), crc16_arc(text).to_bytes(2)
    return len(digits) == 4 and bytes.fromhex(digits.decode("ascii")) in sums
