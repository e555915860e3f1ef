"""The envelope of a telegram that came in one piece: all that links and transport put around what it says.

    M-Bus   68 L L 68 C A CI STSAP DTSAP | carried ... | CS  | 16      once for each segment
    HDLC    7E format address control HCS E6 E7 00 | carried ... | FCS | 7E
    P1      | carried ... ! | CRC | CR LF

What is carried, joined, is an APDU or a text. Checksums are made anew and compared; every other byte has to be as it was
when such a telegram was taken apart the long way: lengths, addresses, segment numbers and flags are the same then.
"""

from collections.abc import Callable, Iterator, Sequence
import re
import struct

from ..checksum import crc16_arc, crc16_x25, sum8
from ..link.base import Found, LinkLayer
from ..named import NamedTuple
from ..reading import Frame, Link, Message

_FLAG = b"\x7e"
_LONG_FRAME = 0x68
_ARC_DIGITS = 4
# Before the body of an M-Bus long frame, behind its checksum, and before the APDU in its segments.
_MBUS_HEADER, _MBUS_STOP, _SEGMENT_HEADER = 4, 1, 3
_LAST_DLMS_CI = 0x1F
# A ciphered APDU that says how long it is: another behind it would not be looked for.
_CIPHERED = (b"\xdb\x08", b"\xdc\x08")


class Envelope(NamedTuple):
    """The envelope of telegrams of one length.

    `form` parts a telegram into what is fixed, carried and a checksum in turn, and ends with what is fixed. It comes in
    so many `frames` from one `address`; the last M-Bus `segment` is where it says. `rest` stays behind it, as it may
    belong to the next telegram. `text` is whether it is a P1 text. `another` finds a second APDU, where one may begin
    within what is carried.
    """

    form: struct.Struct
    fixed: tuple[bytes, ...]
    checks: tuple[tuple[slice, Callable[[bytes], bytes]], ...]
    frames: int
    address: bytes
    segment: slice | None
    rest: bytes
    text: bool
    another: re.Pattern[bytes] | None

    def open(self, data: bytes) -> bytes | None:
        """Return what a telegram of this length carries; None where it has another envelope, or is damaged."""
        pieces = self.form.unpack(data)
        if pieces[::3] != self.fixed:
            return None
        for (covered, make), checksum in zip(self.checks, pieces[2::3], strict=True):
            if make(data[covered]) != checksum:
                return None
        carried = b"".join(pieces[1::3])
        if self.another is not None and self.another.search(carried):
            return None
        return carried


# --- learning --------------------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """Where in a telegram the checksum of a frame is and what it covers, and what the frame carries."""

    carried: slice
    covered: slice
    checksum: slice
    make: Callable[[bytes], bytes]


def learn(
    data: bytes, layers: Sequence[LinkLayer], message: Message
) -> Envelope | None:
    """Return the envelope in which a message came; None where its telegram is better read the long way."""
    rests = (b"", _FLAG) if message.link is Link.HDLC else (b"",)
    found = list(_frames(data, layers, rests))
    find = _FINDERS.get(message.link)
    if (
        not found
        or find is None
        or any(frame.link is not message.link for frame, _, _ in found)
    ):
        return None
    parts = find(data, found, message.payload)
    if not parts:
        return None
    carried = parts[-1].carried
    end = found[-1][2]
    envelope = Envelope(
        _form(parts, len(data)),
        tuple(_between(data, parts)),
        tuple((part.covered, part.make) for part in parts),
        len(found),
        message.address,
        slice(carried.start - _SEGMENT_HEADER, carried.stop)
        if message.link is Link.MBUS
        else None,
        data[end:],
        message.link is Link.P1,
        _another(message),
    )
    opened = envelope.open(data)
    whole = opened is not None and message.payload.startswith(opened)
    return envelope if whole and envelope.rest in rests else None


type _Found = tuple[Frame, int, int]
"""A frame, and where it begins and ends."""


def _frames(
    data: bytes, layers: Sequence[LinkLayer], rests: Sequence[bytes]
) -> Iterator[_Found]:
    """Yield the frames of a telegram that is nothing but frames, and perhaps the flag of the next."""
    start = 0
    while data[start:] not in rests:
        layer = next((layer for layer in layers if data[start] in layer.starts), None)
        look = layer.look(data, start) if layer else None
        if not isinstance(look, Found) or not isinstance(look.item, Frame):
            return
        yield look.item, start, look.end
        start = look.end


def _another(message: Message) -> re.Pattern[bytes] | None:
    """Return what finds a second APDU of an HDLC frame."""
    if message.link is not Link.HDLC or message.payload.startswith(_CIPHERED):
        return None
    from ..transport.hdlc import LLC  # noqa: PLC0415 - loaded where there is HDLC

    return LLC


def _mbus_parts(data: bytes, found: Sequence[_Found], _payload: bytes) -> list[_Part]:
    """Take long frames with segments apart; none where the length of one is not as it says."""
    parts = []
    for frame, start, end in found:
        body = slice(start + _MBUS_HEADER, end - _MBUS_STOP - 1)
        if data[start] != _LONG_FRAME or data[start + 1] != body.stop - body.start:
            return []
        if frame.payload[0] > _LAST_DLMS_CI:
            return []
        carried = body.stop - len(frame.payload) + _SEGMENT_HEADER
        checksum = slice(body.stop, body.stop + 1)
        parts.append(_Part(slice(carried, body.stop), body, checksum, _sum8))
    return parts


def _hdlc_parts(data: bytes, found: Sequence[_Found], payload: bytes) -> list[_Part]:
    """Take a frame without further segments apart; the order of several is nowhere said."""
    frame, start, end = found[0]
    if len(found) > 1 or frame.more or not frame.payload.endswith(payload):
        return []
    begin = start + data.startswith(_FLAG, start)
    checksum = slice(end - 2, end)
    carried = slice(checksum.start - len(payload), checksum.start)
    return [_Part(carried, slice(begin, checksum.start), checksum, _x25)]


def _p1_parts(_data: bytes, found: Sequence[_Found], payload: bytes) -> list[_Part]:
    """Take a telegram with a checksum of four digits apart."""
    text, mark, digits = payload.rpartition(b"!")
    if [frame.payload for frame, _, _ in found] != [payload]:
        return []
    if len(digits) != _ARC_DIGITS:
        return []
    covered = slice(0, len(text + mark))
    return [
        _Part(covered, covered, slice(covered.stop, covered.stop + _ARC_DIGITS), _arc)
    ]


_FINDERS: dict[Link, Callable[[bytes, Sequence[_Found], bytes], list[_Part]]] = {
    Link.MBUS: _mbus_parts,
    Link.HDLC: _hdlc_parts,
    Link.P1: _p1_parts,
}


def _sum8(covered: bytes) -> bytes:
    return sum8(covered).to_bytes()


def _x25(covered: bytes) -> bytes:
    return crc16_x25(covered).to_bytes(2, "little")


def _arc(covered: bytes) -> bytes:
    return b"%04X" % crc16_arc(covered)


def _form(parts: Sequence[_Part], size: int) -> struct.Struct:
    form, position = "", 0
    for part in parts:
        sizes = (
            part.carried.start - position,
            part.carried.stop - part.carried.start,
            part.checksum.stop - part.checksum.start,
        )
        form += "".join(f"{size}s" for size in sizes)
        position = part.checksum.stop
    return struct.Struct(f"{form}{size - position}s")


def _between(data: bytes, parts: Sequence[_Part]) -> Iterator[bytes]:
    """Yield what lies before, between and behind what is carried and its checksums."""
    position = 0
    for part in parts:
        yield data[position : part.carried.start]
        position = part.checksum.stop
    yield data[position:]
