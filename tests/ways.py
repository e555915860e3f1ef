"""The quick way and the long way side by side: sessions with everything that is learned of shapes, and without."""

from collections.abc import Callable, Iterator
from typing import Any

from customer_interface.catalogue import Profile, SessionKind
from customer_interface.keys import KeyRing
from customer_interface.plausibility import Limits
from customer_interface.radio import STICKS
from customer_interface.session import make_session
from customer_interface.session.base import KeyedSession, Output, Send, SessionState
from customer_interface.session.belief import Belief
from customer_interface.session.memory import MeterMemory
from customer_interface.session.push import PushSession
from customer_interface.session.quick import QuickWay
from customer_interface.session.receiver import Receiver, context_of
from customer_interface.shape.cache import Shapes
from customer_interface.shape.meters import MeterShapes
from customer_interface.simulate.radio import STICKS as SIMULATED_STICKS

STICK = "cul"  # hands frames on with their CRCs


class NoShapes(Shapes):
    """Learns nothing."""

    def keep(self, message: Any, known: Any) -> None:
        """Forget."""


class NoMeterShapes(MeterShapes):
    """Learns nothing."""

    def learn(self, message: Any, results: Any, formats: Any) -> None:
        """Forget."""


class LongWay(QuickWay):
    """Never quick."""

    def read(self, data: bytes, at: float) -> None:
        """Refuse everything."""


class CountedShapes(Shapes):
    """Counts how often a shape was of use."""

    count = 0

    def used(self) -> None:
        """Count."""
        self.count += 1
        super().used()


class CountedMeterShapes(MeterShapes):
    """Counts how often a shape was of use."""

    count = 0

    def read(self, message: Any, keys: Any, arrived: Any) -> Any:
        """Count."""
        readings = super().read(message, keys, arrived)
        self.count += readings is not None
        return readings


def listen(
    profile: Profile, ring: KeyRing, at: float, *, shapes: bool = True
) -> KeyedSession:
    """Return a session that hears what meters send, also those that want to be asked; without `shapes` nothing is learned of them."""
    session = _started(profile, ring, at)
    context = _receiver(session).context
    context.shapes = CountedShapes() if shapes else NoShapes()
    context.meters = CountedMeterShapes() if shapes else NoMeterShapes()
    if isinstance(session, PushSession) and not shapes:
        session._quick = LongWay(session._receiver, session._belief, session._forms)
    return session


def _started(profile: Profile, ring: KeyRing, at: float) -> KeyedSession:
    session: KeyedSession
    match profile.session:
        case SessionKind.RADIO:
            session = make_session(profile, ring, stick=STICKS[STICK]())
            _answer(session, session.start(at), SIMULATED_STICKS[STICK]().receive, at)
            return session
        case SessionKind.MASTER:
            receiver = Receiver(profile.links, context_of(profile, ring))
            belief = Belief(SessionState(), Limits(), ring)
            session = PushSession(receiver, belief, profile.interval[1])
        case _:
            session = make_session(profile, ring)
    session.start(at)
    return session


def _answer(
    session: KeyedSession,
    outputs: tuple[Output, ...],
    receive: Callable[[bytes], bytes],
    at: float,
) -> None:
    """Let a stick answer until nothing is asked any more."""
    asked = [output.data for output in outputs if isinstance(output, Send)]
    for answer in filter(None, map(receive, asked)):
        _answer(session, session.receive(answer, at), receive, at)


def carried(profile: Profile, telegram: bytes) -> bytes:
    """Return the bytes that arrive: those of a telegram, or what a stick makes of it."""
    if profile.session is not SessionKind.RADIO:
        return telegram
    return b"b" + telegram.hex().upper().encode() + b"\r\n"


def at_once(session: KeyedSession) -> int:
    """Return how many telegrams a session with shapes read by them."""
    context = _receiver(session).context
    return context.shapes.count + context.meters.count  # type: ignore[attr-defined, no-any-return]


def remembered(session: KeyedSession) -> tuple[object, ...]:
    """Return all that a session goes on from, but for what makes it quick."""
    receiver = _receiver(session)
    deframer = receiver._deframer
    return (
        session.wake_at,
        session.statistics,
        session.state,
        bytes(deframer._buffer),
        (deframer._noise, deframer._covered, deframer._clean),
        _segments(receiver._mbus),
        receiver._hdlc and list(map(vars, receiver._hdlc._streams.values())),
        receiver._hdlc and receiver._hdlc._ended,
        list(receiver.context.formats._formats.items()),
        _doubts(session),
        dict(_meters(session)),
    )


def _receiver(session: Any) -> Receiver:
    receiver: Receiver = session._receiver
    return receiver


def _doubts(session: Any) -> object:
    if not isinstance(session, PushSession):
        return None
    forms = session._forms
    return forms._settled, forms._doubted, forms._doubtful


def _segments(assembler: Any) -> object:
    return assembler and {
        key: (stream.since, stream.number, stream.segment, stream.over)
        for key, stream in assembler._streams.items()
    }


def _meters(session: Any) -> Iterator[tuple[str, object]]:
    for name, meter in session._belief.memory._meters.items():
        yield name, remembered_of(meter)


def remembered_of(meter: MeterMemory) -> tuple[object, ...]:
    """Return what is remembered of a meter, but for what makes it quick."""
    meter.settle()
    registers = meter.registers.items()
    return (
        (meter.clock, meter.told, meter.doubted),
        meter.last,
        meter.heard,
        meter.checked,
        meter.restarted,
        {
            code: [getattr(register, name) for name in register.__slots__]
            for code, register in registers
        },
    )
