"""One row of the catalogue for a day of meter time: noise, lost and repeated segments, cuts, restarts, a new key.

The day has three parts, each around a moment that clocks stumble over: summer time begins, summer time ends, the year
ends. In the second part the meter gets another key, which the household types in some minutes later; at the end of
the year the frame counter wraps.
"""

from collections import Counter
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
import heapq
from itertools import count
from random import Random
import time

from customer_interface import simulate
from customer_interface.catalogue import SessionKind
from customer_interface.decode import decode
from customer_interface.keys import Key, KeyRing
from customer_interface.link.wmbus import parse_raw
from customer_interface.plausibility import STRONG_CHECK_BITS
from customer_interface.radio import STICKS, USUAL_MODE, Heard
from customer_interface.reading import Fault, Link, Reading
from customer_interface.session import make_session
from customer_interface.session.base import Output, Send, Session, SessionState, SetPins
from customer_interface.session.radio import RadioSession
from customer_interface.session.receiver import Receiver
from customer_interface.simulate.bus import Bus
from customer_interface.simulate.dlms import DlmsMeter
from customer_interface.simulate.dsmr import TextMeter
from customer_interface.simulate.mep import NesMeter
from customer_interface.simulate.meter import (
    COUNTER_START,
    Chunk,
    Meter,
    PushMeter,
    Trouble,
)
from customer_interface.simulate.radio import RadioReceiver
from customer_interface.stack import Context
from tests.spoilt import Row, profile_of, ring_of

from .ledger import Entry, Ledger
from .weather import Damage, Weather

MOMENTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    for text in ("2026-03-29T01:00:00", "2026-10-25T01:00:00", "2026-12-31T23:00:00")
)
RESTARTS = 1  # in an hour
TYPED_AFTER = 1 / 20  # of a part, until the new key is typed in
PIECE = 0.1  # seconds of bytes that a port hands on at once, at the most
WRAP = 1 << 32
STICK = "im871a"  # the one that simulated radio meters are heard with


@dataclass(slots=True)
class Result:
    """What a day came to; `check_bits` is the weakest check of any reading."""

    row: Row
    hours: float
    ledger: Ledger
    check_bits: int = 999
    faults: Counter[str] = field(default_factory=Counter)
    longest_gap: float = 0.0
    seconds: float = 0.0

    @property
    def strong(self) -> bool:
        """Whether a check of 16 bits or a tag covers each reading."""
        return self.check_bits >= STRONG_CHECK_BITS

    @property
    def held(self) -> bool:
        """Whether everything is as promised; where a weak check lets damage pass, that is counted only."""
        seen = self.ledger
        damaged = self.strong and (seen.wrong_readings or seen.doubled)
        return seen.arrived > 0 and not (seen.missed or damaged)


def changed(ring: KeyRing, meter: Meter) -> KeyRing:
    """Return the keys after the simulated change: what a meter with another key encrypts with."""
    old = ring.keys[0].secret
    derived = isinstance(meter, DlmsMeter | TextMeter)
    new = sha256(old).digest()[:16] if derived else bytes(16)
    return replace(ring, keys=(Key(new),))


class Day:
    """A meter and a session on one wire, in virtual time."""

    def __init__(self, row: Row, hours: float, seed: int) -> None:
        """Prepare; `hours` is the length of all parts together."""
        self._part = hours * 1_200
        self._random = Random(f"{row} {seed}")
        self._weather = Weather()
        self._profile = profile_of(row)
        self._new_key_at = MOMENTS[1] - self._part / 6
        self._row = row
        self._at = self._busy = MOMENTS[0] - self._part / 2
        self._meter = self._make_meter()
        self._ring = ring_of(self._meter)
        self._key_change = bool(self._ring.keys) and not isinstance(
            self._meter, NesMeter
        )
        self._segments_numbered = Link.MBUS in self._profile.links
        self._arrivals: list[tuple[float, int, bytes]] = []
        self._number = count()
        self._session: Session = self._make_session(SessionState())
        self._polled = self._profile.session in (SessionKind.MEP, SessionKind.MASTER)
        self._last_reading: float | None = None
        ledger = Ledger(once=not self._polled)
        self.result = Result(row, hours, ledger)

    def _make_meter(self) -> Meter:
        """Return the meter as it is from now on; it counts the time to its new key from its first transmission on."""
        first = simulate.simulator(*self._row).due(self._at)
        plan = f"{Trouble.WRONG_KEY}@{max(0.0, self._new_key_at - first)}"
        meter = simulate.simulator(*self._row, faults=(plan,))
        if isinstance(meter, NesMeter):
            return simulate.simulator(*self._row)
        if isinstance(meter, PushMeter):
            counted = int((MOMENTS[2] - COUNTER_START) / meter.interval)
            meter.counter_shift = WRAP - counted
        return meter

    def _make_session(self, state: SessionState) -> Session:
        return make_session(self._profile, self._ring, state)

    def run(self) -> Result:
        """Let the day pass."""
        began = time.process_time()
        for moment in MOMENTS:
            self._run_part(moment - self._part / 2)
        self.result.ledger.finish()
        self.result.seconds = time.process_time() - began
        return self.result

    def _run_part(self, begin: float) -> None:
        """Let a third of the day pass, with restarts in between."""
        self._at = self._busy = begin
        self._meter, self._last_reading = self._make_meter(), None
        self._arrivals.clear()
        end = begin + self._part
        restarts = max(1, round(self._part / 3_600 * RESTARTS))
        typed = self._new_key_at + self._part * TYPED_AFTER
        stops = [(self._random.uniform(begin, end), False) for _ in range(restarts)]
        stops.append((end, False))
        if self._key_change and begin < typed < end:
            stops.append((typed, True))
        self._restart()
        for stop, key_typed in sorted(stops):
            self._pass(stop)
            if key_typed:
                self._ring = changed(self._ring, self._meter)
            self._restart()

    def _restart(self) -> None:
        """Go on with a new session from what the old one handed out; what is on the wire is heard from now on."""
        self.result.ledger.restart(self._at)
        self._session = self._make_session(self._session.state)
        self._take(self._session.start(self._at))

    def _pass(self, end: float) -> None:
        due = self._meter.due(self._at)
        while self._at < end:
            arrival = self._arrivals[0][0] if self._arrivals else end
            wake = self._session.wake_at
            upcoming = min(due, arrival, end if wake is None else wake)
            self._at = min(max(self._at, upcoming), end)
            if arrival <= self._at and self._arrivals:
                self._take(
                    self._session.receive(heapq.heappop(self._arrivals)[2], self._at)
                )
                # An answer may have changed when the meter speaks next.
                due = min(due, self._meter.due(self._at))
            elif due <= self._at:
                self._transmit(self._meter.push(self._at))
                due = self._meter.due(self._at)
            elif wake is not None and wake <= self._at:
                self._take(self._session.wake(self._at))

    def _take(self, outputs: tuple[Output, ...]) -> None:
        for output in outputs:
            match output:
                case Reading():
                    self._read(output)
                case Fault(kind):
                    self.result.faults[kind] += 1
                case Send(data):
                    self._send(data)
                case SetPins(rts=rts) if isinstance(self._meter, NesMeter):
                    self._meter.enable(bool(rts))

    def _read(self, reading: Reading) -> None:
        result = self.result
        bits = 999 if reading.authenticated else reading.check_bits
        result.check_bits = min(result.check_bits, bits)
        if self._last_reading is not None:
            gap = self._at - self._last_reading
            result.longest_gap = max(result.longest_gap, gap)
        self._last_reading = self._at
        result.ledger.receive(reading)

    def _send(self, data: bytes) -> None:
        """Carry a request or an acknowledgement to the meter; the same weather lies over it."""
        heard, _ = self._weather.spoil((Chunk(data),), self._random)
        at = self._at + len(data) * self._meter.line.seconds_per_byte
        for chunk in heard:
            before = self._meter.sent
            answer = self._meter.receive(chunk.data, at)
            says = self._meter.sent is not before or isinstance(self._meter, Bus)
            self._transmit(answer, at, says=says)

    def _transmit(
        self, chunks: tuple[Chunk, ...], at: float = 0.0, *, says: bool = True
    ) -> None:
        if not chunks:
            return
        arriving, damage = self._weather.spoil(chunks, self._random)
        clean = b"".join(chunk.data for chunk in chunks)
        entry = self._entry(clean, damage, segments=len(chunks)) if says else None
        self._busy = max(self._busy, self._at, at)
        byte = self._meter.line.seconds_per_byte
        size = max(1, int(PIECE / byte))
        for chunk in arriving:
            self._busy += chunk.pause
            start = 0
            while start < len(chunk.data):
                piece = chunk.data[start : start + self._random.randint(1, size)]
                start += len(piece)
                self._busy += len(piece) * byte
                heapq.heappush(self._arrivals, (self._busy, next(self._number), piece))
        if entry is not None:
            entry.until = self._busy
            self.result.ledger.send(entry)

    def _entry(self, clean: bytes, damage: Damage, segments: int) -> Entry | None:
        said = self._said(clean)
        if not said:
            return None
        repeated = damage.repeated and segments > 1 and not self._segments_numbered
        expected = (
            not (damage.broken or repeated or self._other_key) and self._listening
        )
        return Entry(said, damage, expected, 0.0, lambda: self._truth(clean, said))

    def _said(self, clean: bytes) -> tuple[Reading, ...]:
        """Return what a transmission says; where the simulator does not tell, its undamaged bytes are read."""
        if isinstance(self._meter, RadioReceiver):
            return self._heard(clean)
        if self._profile.session is SessionKind.MASTER:
            return self._truth(clean, ())
        said = self._meter.sent
        return said if any(reading.values for reading in said) else ()

    def _truth(self, clean: bytes, said: tuple[Reading, ...]) -> tuple[Reading, ...]:
        """Return all that undamaged bytes say; what only a conversation can tell is what the meter said."""
        if self._profile.session in (SessionKind.MEP, SessionKind.RADIO):
            return said
        decoded = decode(clean, self._ring, profile=self._profile)
        return tuple(item for item in decoded if isinstance(item, Reading))

    def _heard(self, clean: bytes) -> tuple[Reading, ...]:
        """Return what the stick's undamaged bytes say."""
        stick = STICKS[STICK](USUAL_MODE)
        frames = [
            parse_raw(item.data, item.form)
            for item in stick.feed(clean)
            if isinstance(item, Heard)
        ]
        receiver = Receiver(self._profile.links, Context(self._ring))
        results = receiver.read(frames, self._at)
        return tuple(item for item in results if isinstance(item, Reading))

    @property
    def _listening(self) -> bool:
        """Whether the session hears: a stick whose answers got damaged is being looked for again."""
        session = self._session
        return not isinstance(session, RadioSession) or session.stick == STICK

    @property
    def _other_key(self) -> bool:
        typed = self._new_key_at + self._part * TYPED_AFTER
        return self._key_change and self._new_key_at <= self._at < typed


def run_day(row: Row, hours: float, seed: int = 1) -> Result:
    """Let one row's day pass."""
    return Day(row, hours, seed).run()
