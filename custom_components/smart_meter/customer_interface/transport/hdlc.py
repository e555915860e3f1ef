"""Segments of HDLC information fields (IEC 62056-46, 6.4.4), joined, and the LLC header taken off (6.3.2).

    first segment    E6 E7 00 (or E6 E6 00) | APDU ...
    later segments   ... APDU

The S bit of a frame says that more follow; unnumbered frames have no other order than that of their arrival. One
information field may hold several APDUs, each behind an LLC header of its own. Blocks of a block transfer come without.
"""

from collections.abc import Iterator
import re

from ..reading import Fault, FaultKind, Frame, Layer, Message
from .streams import MOST_STREAMS, Stream, Streams

# The tags of APDUs that a meter pushes (IEC 62056-5-3, 8.3): notification, ciphered, signed, blocks.
_TAG = rb"[\x0f\xc2\xca\xcb\xdb-\xdd\xdf\xe0]"
_HEADER = re.compile(rb"\xe6[\xe6\xe7]\x00")
# Where it might be content as well only a header with an APDU behind it is believed.
LLC = re.compile(_HEADER.pattern + rb"(?=" + _TAG + rb")")
_APDU = re.compile(_TAG)
# general-glo- and general-ded-ciphering say how long they are: tag, system title 8, BER length.
_CIPHERED = re.compile(
    rb"[\xdb\xdc]\x08.{8}(?:([\0-\x7f])|\x81(.)|\x82(..))", re.DOTALL
)
# Frames that open, close or refuse a link (IEC 62056-46, 6.4.3.3), their poll or final bit cleared: whoever listens may
# overhear them, and what they carry is no telegram.
POLL = 0x10
_LINK_FRAMES = {0x83: "SNRM", 0x43: "DISC", 0x63: "UA", 0x0F: "DM", 0x87: "FRMR"}
_LATE = 3.0
_LONGEST = 65_536


class _Stream(Stream):
    """What has come so far of one information, `segment` last."""

    def __init__(self, since: float, lost: bool = False) -> None:
        super().__init__(since, lost)
        self.information = bytearray()
        self.segment = b""
        self.check_bits = 16


class HdlcAssembler:
    """HDLC frames in, whole APDUs out; keeps one information per pair of addresses."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._streams: Streams[bytes, _Stream] = Streams(_LATE, _MISSING)
        self._ended: dict[bytes, bytes] = {}

    def add(self, frame: Frame, at: float) -> list[Message | Fault]:
        """Take a frame that arrived at this time in seconds."""
        results: list[Message | Fault] = list(self.expire(at))
        if not frame.payload or self._repeats(frame):
            return results
        if frame.control & ~POLL in _LINK_FRAMES:
            return [*results, _link_fault(frame.control)]
        stream = self._streams.pop(frame.address, None)
        if stream is not None and LLC.match(frame.payload):
            results += [] if stream.lost else [_MISSING]
            stream = None
        if stream is None:
            stream = _Stream(at, lost=not _begins(frame.payload))
            results += [_MISSING] if stream.lost else []
        results += self._append(stream, frame, at)
        if not frame.more:
            results += [] if stream.lost else _messages(stream, frame)
            self._end(stream, frame)
        return results

    @property
    def waiting(self) -> bool:
        """Whether the rest of an information is waited for, or the last segment of one may come again."""
        return bool(self._streams or self._ended)

    def interrupt(self) -> None:
        """Give up what is half joined: a damaged frame may have been one of its segments, which nothing numbers."""
        for stream in self._streams.values():
            stream.lost = True

    def _repeats(self, frame: Frame) -> bool:
        """Tell a segment that came twice in a row from the next one; a telegram in one frame may say the same again."""
        stream = self._streams.get(frame.address)
        last = stream.segment if stream else self._ended.get(frame.address)
        return frame.payload == last

    def _end(self, stream: _Stream, frame: Frame) -> None:
        """Remember the last of several segments."""
        self._ended.pop(frame.address, None)
        if len(stream.information) > len(frame.payload):
            self._ended[frame.address] = frame.payload
        if len(self._ended) > MOST_STREAMS:
            del self._ended[next(iter(self._ended))]

    def expire(self, at: float) -> list[Fault]:
        """Give up what has waited too long; infinity gives up everything."""
        return self._streams.expire(at)

    def _append(self, stream: _Stream, frame: Frame, at: float) -> list[Fault]:
        stream.since, stream.segment = at, frame.payload
        stream.check_bits = min(stream.check_bits, frame.check_bits)
        if frame.more:
            self._streams.keep(frame.address, stream)
        if stream.lost:
            return []
        stream.information += frame.payload
        stream.lost = len(stream.information) > _LONGEST
        return [_TOO_LONG] if stream.lost else []


def _link_fault(control: int) -> Fault:
    return Fault(
        FaultKind.UNSUPPORTED,
        f"HDLC {_LINK_FRAMES[control & ~POLL]} ({control:02X}): a part of somebody's conversation with the meter",
    )


def _begins(payload: bytes) -> bool:
    return bool(_HEADER.match(payload) or _APDU.match(payload))


def _messages(stream: _Stream, frame: Frame) -> list[Message]:
    return [
        Message(
            Layer.DLMS,
            apdu,
            frame.link,
            frame.control,
            frame.address,
            stream.check_bits,
            frame.signal_dbm,
        )
        for apdu in _apdus(bytes(stream.information))
    ]


def _apdus(information: bytes) -> Iterator[bytes]:
    """Yield the APDUs; what looks like a header inside a cipher is none."""
    llc = _HEADER.match(information)
    start = llc.end() if llc else 0
    while start < len(information):
        ciphered = _CIPHERED.match(information, start)
        following = (
            LLC.match(information, _end(ciphered))
            if ciphered
            else LLC.search(information, start)
        )
        yield information[start : following.start() if following else None]
        start = following.end() if following else len(information)


def _end(ciphered: re.Match[bytes]) -> int:
    length = next(group for group in ciphered.groups() if group is not None)
    return ciphered.end() + int.from_bytes(length)


_MISSING = Fault(FaultKind.TRUNCATED, "a segment of an HDLC telegram is missing")
_TOO_LONG = Fault(
    FaultKind.TRUNCATED, f"an HDLC telegram of more than {_LONGEST} bytes has no end"
)
