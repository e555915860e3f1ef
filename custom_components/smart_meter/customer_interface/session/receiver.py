"""From bytes to readings: the deframer, the assemblers and the stack of one port, with what was seen on the way.

bytes -> Deframer -> [ M-Bus segments | HDLC segments ] -> [ OMS fragments | block transfer ] -> stack -> readings and faults
"""

from collections.abc import Iterable
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING

from ..catalogue import Profile, SessionKind, layouts
from ..keys import KeyRing
from ..link import links_for
from ..link.deframer import Deframer
from ..reading import Fault, FaultKind, Frame, Layer, Link, Message, Reading
from ..stack import Context, Peeled, carried, peel, prepare
from .base import LinkStatistics

if TYPE_CHECKING:
    from ..shape.envelope import Envelope
    from ..transport.afl import AflAssembler
    from ..transport.gbt import BlockTransfer
    from ..transport.hdlc import HdlcAssembler
    from ..transport.mbus import MBusAssembler

# A pause that ends a frame: EN 13757-2 allows 33 bit times plus 50 ms between bytes, but USB adapters and networks add
# more, and real meters pause 160 ms between the segments of one telegram. Half a second is the longest that still
# keeps the promise that a telegram is shown half a second after its last byte.
IDLE_GAP = 0.4


# What M-Bus could carry, but does not where meters push (DLMS), want an acknowledgement or are asked (records).
_SELDOM = {
    SessionKind.PUSH: frozenset({Layer.MBUS}),
    SessionKind.ACKNOWLEDGED: frozenset({Layer.DLMS}),
    SessionKind.MASTER: frozenset({Layer.DLMS}),
}


def context_of(profile: Profile, keys: KeyRing) -> Context:
    """Return what the stack needs to know of a profile; blocking, as what its telegrams need is loaded."""
    layers = carried(profile.links, ciphered=bool(profile.keys))
    prepare(layers - _SELDOM.get(profile.session, frozenset()))
    return Context(
        keys,
        layouts(profile.layouts) if Layer.DLMS in layers else (),
        (profile.authentication,) if profile.authentication else (),
        profile.standard_time,
    )


class Seen:
    """What was seen on the line so far, as it is counted; fields as in `LinkStatistics`."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.bytes_received = 0
        self.frames = 0
        self.readings = 0
        self.faults: dict[FaultKind, int] = {}
        self.last_byte: float | None = None
        self.last_frame: float | None = None
        self.last_reading: float | None = None
        self.last_fault: Fault | None = None
        self.interval: float | None = None

    def count_bytes(self, count: int, at: float) -> None:
        """Count bytes that arrived."""
        self.bytes_received += count
        self.last_byte = at

    def count_frames(self, count: int, at: float) -> None:
        """Count frames whose checksums fit."""
        self.frames += count
        self.last_frame = at

    def count_readings(self, count: int, at: float) -> None:
        """Count readings, believed or not."""
        self.readings += count
        self.last_reading = at

    def count_fault(self, fault: Fault) -> None:
        """Count a fault."""
        self.faults[fault.kind] = self.faults.get(fault.kind, 0) + 1
        self.last_fault = fault

    def statistics(self) -> LinkStatistics:
        """Return what was counted so far."""
        return LinkStatistics(
            self.bytes_received,
            self.frames,
            self.readings,
            MappingProxyType(dict(self.faults)),
            self.last_byte,
            self.last_frame,
            self.last_reading,
            self.last_fault,
            self.interval,
        )


class Receiver:
    """All that listening needs; sessions that also speak build on it."""

    def __init__(self, links: tuple[Link, ...], context: Context) -> None:
        """Prepare for frames of these links."""
        self.context = context
        self.seen = Seen()
        self._links = links
        self.layers = links_for(links)
        self._deframer = Deframer(self.layers)
        self._assemble(links)
        self._last_byte: float | None = None
        self._flushed = True

    @property
    def idle_at(self) -> float | None:
        """When the bytes held back are to be given up, None while none are held back."""
        return (
            None
            if self._flushed or self._last_byte is None
            else self._last_byte + IDLE_GAP
        )

    @property
    def holding(self) -> bool:
        """Whether bytes of an incomplete frame are held back."""
        return self._deframer.holding > 0

    def _assemble(self, links: tuple[Link, ...]) -> None:
        """Begin to assemble what comes in parts; what comes of other links is whole."""
        self._mbus: MBusAssembler | None = None
        self._hdlc: HdlcAssembler | None = None
        self._fragments: AflAssembler | None = None
        self._blocks: BlockTransfer | None = None
        layers = carried(links, ciphered=False)
        if Link.MBUS in links:
            from ..transport.mbus import MBusAssembler  # noqa: PLC0415

            self._mbus = MBusAssembler()
        if Link.HDLC in links:
            from ..transport.hdlc import HdlcAssembler  # noqa: PLC0415

            self._hdlc = HdlcAssembler()
        if Layer.MBUS in layers:
            from ..transport.afl import AflAssembler  # noqa: PLC0415

            self._fragments = AflAssembler()
        if Layer.DLMS in layers:
            from ..transport.gbt import BlockTransfer  # noqa: PLC0415

            self._blocks = BlockTransfer()
        made = (self._mbus, self._hdlc, self._fragments, self._blocks)
        self._assemblers = tuple(assembler for assembler in made if assembler)

    def use_keys(self, keys: KeyRing) -> None:
        """Go on with other keys; what is half assembled stays."""
        self.context.keys = keys

    def hold(self, data: bytes, at: float) -> bool:
        """Take bytes from the middle of a frame, which complete nothing; tells whether they are such."""
        last = self._last_byte
        if self._flushed or last is None or at >= last + IDLE_GAP:
            return False
        if not self._deframer.hold(data):
            return False
        self._last_byte = at
        self.seen.count_bytes(len(data), at)
        return True

    def frames(self, data: bytes, at: float) -> list[Frame | Fault]:
        """Take bytes and return the frames and link faults they complete."""
        late = self.idle(at)
        self._last_byte, self._flushed = at, False
        self.seen.count_bytes(len(data), at)
        return late + self._counted(self._deframer.feed(data), at)

    def idle(self, at: float) -> list[Frame | Fault]:
        """Return what a pause that lasted until now ends; nothing while it may still go on."""
        if self.idle_at is None or at < self.idle_at:
            return []
        return self.flush(at)

    def flush(self, at: float) -> list[Frame | Fault]:
        """Give up waiting for the rest of a frame, at the end of a recording or after a pause."""
        self._flushed = True
        return self._counted(self._deframer.flush(), at)

    def reset(self) -> None:
        """Forget bytes and segments half received, as after a change of the line settings."""
        self._deframer.flush()
        self._assemble(self._links)
        self._flushed = True

    def read(self, items: Iterable[Frame | Fault], at: float) -> list[Reading | Fault]:
        """Carry frames up to readings; faults pass."""
        results: list[Reading | Fault] = []
        for item in items:
            if isinstance(item, Fault):
                if self._hdlc:
                    self._hdlc.interrupt()
                results.append(item)
            else:
                results += self._read_frame(item, at)
        self._expire(results, at)
        return [self._noted(result, at) for result in results]

    def receive(self, data: bytes, at: float) -> list[Reading | Fault]:
        """Take bytes and return what they complete."""
        return self.read(self.frames(data, at), at)

    def whole(self, data: bytes, at: float) -> bytes | None:
        """Return what may be a whole telegram: bytes that arrive, behind those held back; None while more is under way."""
        held = self._deframer.sound
        if held is None or any(assembler.waiting for assembler in self._assemblers):
            return None
        if not held:
            return data
        return held + data if self.idle_at is None or at < self.idle_at else None

    def take(
        self, count: int, telegram: bytes, envelope: Envelope, readings: int, at: float
    ) -> None:
        """Take note of a whole telegram that was read without it, and so many readings; its last `count` bytes are new."""
        self._last_byte, self._flushed = at, False
        self.seen.count_bytes(count, at)
        self.seen.count_frames(envelope.frames, at)
        self.seen.count_readings(readings, at)
        self._deframer.take(envelope.rest)
        if self._mbus and envelope.segment is not None:
            self._mbus.take(envelope.address, telegram[envelope.segment], at)

    def finish(self, at: float) -> list[Reading | Fault]:
        """Return what is left when no more bytes will come."""
        results = self.read(self.flush(at), at)
        left: list[Reading | Fault] = []
        for assembler in self._assemblers:
            left += [
                fault for fault in assembler.expire(inf) if isinstance(fault, Fault)
            ]
        return results + [self._noted(fault, at) for fault in left]

    def _expire(self, results: list[Reading | Fault], at: float) -> None:
        for assembler in self._assemblers:
            results += assembler.expire(at)

    def _counted(self, items: list[Frame | Fault], at: float) -> list[Frame | Fault]:
        frames = sum(isinstance(item, Frame) for item in items)
        if frames:
            self.seen.count_frames(frames, at)
        return items

    def _read_frame(self, frame: Frame, at: float) -> Peeled:
        results: list[Reading | Fault] = []
        for message in self._messages(frame, at):
            results += (
                (message,)
                if isinstance(message, Fault)
                else peel(message, self.context, at)
            )
        return tuple(results)

    def _messages(self, frame: Frame, at: float) -> list[Message | Fault]:
        whole: list[Message | Fault] = []
        for message in self._assembled(frame, at):
            whole += (
                [message] if isinstance(message, Fault) else self._joined(message, at)
            )
        return whole

    def _joined(self, message: Message, at: float) -> list[Message | Fault]:
        joiner = self._fragments if message.layer is Layer.MBUS else self._blocks
        return joiner.add(message, at) if joiner else [message]

    def _assembled(self, frame: Frame, at: float) -> list[Message | Fault]:
        match frame.link:
            case Link.MBUS if self._mbus:
                return self._mbus.add(frame, at)
            case Link.HDLC if self._hdlc:
                return self._hdlc.add(frame, at)
            case _:
                return [message_of(frame)]

    def _noted(self, result: Reading | Fault, at: float) -> Reading | Fault:
        if isinstance(result, Reading):
            self.seen.count_readings(1, at)
            return result if result.arrived == at else result._replace(arrived=at)
        self.note_fault(result)
        return result

    @property
    def statistics(self) -> LinkStatistics:
        """What was seen so far."""
        return self.seen.statistics()

    def learned(self, interval: float | None) -> None:
        """Note the learned push interval in seconds."""
        self.seen.interval = interval

    def note_fault(self, fault: Fault) -> None:
        """Count a fault found above the stack."""
        self.seen.count_fault(fault)


_TEXT_START = b"/"
_LAYERS = {
    Link.P1: Layer.DSMR,
    Link.BARE: Layer.DLMS,
    Link.SML: Layer.SML,
    Link.WMBUS: Layer.MBUS,
}


def is_text(frame: Frame) -> bool:
    """Tell a P1 text from the cipher of one, which Poland's meters send."""
    return frame.link is Link.P1 and frame.payload.startswith(_TEXT_START)


def message_of(frame: Frame) -> Message:
    """Wrap a frame that is a whole message by itself."""
    ciphered = frame.link is Link.P1 and not is_text(frame)
    return Message(
        Layer.DLMS if ciphered else _LAYERS[frame.link],
        frame.payload,
        frame.link,
        frame.control,
        frame.address,
        frame.check_bits,
        frame.signal_dbm,
    )
