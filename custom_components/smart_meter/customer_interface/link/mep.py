"""MEP packets of NES meters: a length and so many bytes (OSGP MEP Client Developer's Guide 1.1, chapter 2).

    length   2 bytes, most significant first: number of bytes that follow, 476 at most
    message  request: code, arguments, sequence number (4); reply: code, data
    digest   8 bytes over the message; a reply under TLS has none

    00 00    a packet of no bytes: the meter's alert, once a second while it waits for something

A pause is no end: long replies rest 25 ms after every 117 bytes. There is no checksum, so `check_bits` is 0 here: only
the digest (security/mep.py) tells whether a packet is whole.
"""

from ..reading import Frame, Link
from .base import Found, LinkLayer, Look

LONGEST_PACKET = 476
_LENGTH = 2


def packet(payload: bytes) -> bytes:
    """Return a packet's bytes on the wire; `payload` is message and digest."""
    return len(payload).to_bytes(_LENGTH, "big") + payload


class MepLink(LinkLayer):
    """Packets by their length field; an alert is a frame without payload."""

    starts = frozenset((0, 1))
    longest = _LENGTH + LONGEST_PACKET

    def look(self, buffer: bytes | bytearray, start: int) -> Found | Look:
        """Judge the bytes from `start` on."""
        head = buffer[start : start + _LENGTH]
        if not head or head[0] not in self.starts:
            return Look.NOT_HERE
        if len(head) < _LENGTH:
            return Look.INCOMPLETE
        length = int.from_bytes(head, "big")
        if length > LONGEST_PACKET:
            return Look.NOT_HERE
        body = start + _LENGTH
        end = body + length
        if len(buffer) < end:
            return Look.INCOMPLETE
        return Found(end, Frame(Link.MEP, bytes(buffer[body:end])))
