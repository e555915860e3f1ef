"""DLMS segments in wired M-Bus frames (EN 13757-3 annex on DLMS; EN 13757-1, 5.3), joined to whole APDUs.

    CI | STSAP | DTSAP | part of the APDU        CI = 000 F NNNN   F: last segment, N: sequence number modulo 16

The first segment has number 0; all of one APDU share both service access points and the link address. Frames with any
other CI are whole messages of EN 13757-3 already.
"""

from ..reading import Fault, FaultKind, Frame, Layer, Message
from .streams import Stream, Streams

_LAST, _NUMBER, _DLMS_CI = 0x10, 0x0F, 0x1F
_HEADER_SIZE = 3
# A Kaifa MA309M answered with this CI, before the same access points, until its interface was activated.
_INACTIVE = b"\xff\x01\x67"
# Segments follow one another within the time their bytes take at 2400 baud (1.2 s) and a pause of 160 ms or more, and
# the next telegram is no less than 5 s away: what is older belongs to another telegram.
_LATE = 3.0
_LONGEST = 65_536

type _Key = tuple[bytes, bytes]


class _Stream(Stream):
    """What has come so far of one APDU, its last `segment` with its `number`."""

    def __init__(self, since: float, lost: bool = False, over: bool = False) -> None:
        super().__init__(since, lost, over)
        self.number = -1
        self.segment = b""
        self.apdu = bytearray()

    def continues(self, number: int) -> bool:
        return self.waiting and number == (self.number + 1) & _NUMBER

    def repeats(self, segment: bytes) -> bool:
        """Tell a repeated segment from a new telegram of one segment only."""
        return segment == self.segment and (self.waiting or self.number > 0)


class MBusAssembler:
    """M-Bus frames in, whole messages out; keeps one APDU per address and pair of access points."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._streams: Streams[_Key, _Stream] = Streams(_LATE, _MISSING)

    def add(self, frame: Frame, at: float) -> list[Message | Fault]:
        """Take a frame that arrived at this time in seconds."""
        results: list[Message | Fault] = list(self.expire(at))
        if frame.payload[:3] == _INACTIVE:
            results.append(_NOT_ACTIVATED)
        elif frame.payload and frame.payload[0] <= _DLMS_CI:
            results += self._add_segment(frame, at)
        elif frame.payload:
            results.append(_message(Layer.MBUS, frame, frame.payload))
        return results

    @property
    def waiting(self) -> bool:
        """Whether the rest of an APDU is waited for, or passes by."""
        return any(not stream.over for stream in self._streams.values())

    def take(self, address: bytes, segment: bytes, at: float) -> None:
        """Take note of an APDU that was joined without it, and ended with this segment."""
        key = address, segment[1:_HEADER_SIZE]
        stream = _Stream(at, over=True)
        stream.number, stream.segment = segment[0] & _NUMBER, segment
        self._streams.keep(key, stream)

    def expire(self, at: float) -> list[Fault]:
        """Give up what has waited too long; infinity gives up everything."""
        return self._streams.expire(at)

    def _add_segment(self, frame: Frame, at: float) -> list[Message | Fault]:
        key = (frame.address, frame.payload[1:_HEADER_SIZE])
        stream = self._streams.get(key) or _Stream(at, over=True)
        self._streams.keep(key, stream)
        if stream.repeats(frame.payload):
            return []
        results: list[Message | Fault] = []
        number = frame.payload[0] & _NUMBER
        if not stream.continues(number):
            if stream.waiting or (number and not stream.lost):
                results.append(_MISSING)
            stream = _Stream(at, lost=number > 0)
            self._streams.keep(key, stream)
        waiting = stream.waiting
        if _append(stream, frame.payload, at):
            results.append(_message(Layer.DLMS, frame, bytes(stream.apdu)))
        elif waiting and stream.lost:
            results.append(_TOO_LONG)
        return results


def _append(stream: _Stream, segment: bytes, at: float) -> bool:
    """Add a segment and return whether the APDU is whole."""
    stream.since, stream.number, stream.segment = at, segment[0] & _NUMBER, segment
    last = bool(segment[0] & _LAST)
    if stream.lost:
        # What follows the last segment is a new telegram again, whose own loss is to be told.
        stream.lost, stream.over = not last, last
        return False
    stream.apdu += segment[_HEADER_SIZE:]
    stream.over = last
    stream.lost = len(stream.apdu) > _LONGEST
    return last and not stream.lost


def _message(layer: Layer, frame: Frame, payload: bytes) -> Message:
    return Message(
        layer,
        payload,
        frame.link,
        frame.control,
        frame.address,
        frame.check_bits,
        frame.signal_dbm,
    )


_MISSING = Fault(FaultKind.TRUNCATED, "a segment of a DLMS telegram is missing")
_TOO_LONG = Fault(
    FaultKind.TRUNCATED, f"a DLMS telegram of more than {_LONGEST} bytes has no end"
)
_NOT_ACTIVATED = Fault(
    FaultKind.INACTIVE, "the customer interface of the meter is not activated"
)
