"""A NES meter and its client on one wire, in virtual time, with bytes lost and flipped on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
import heapq
from itertools import count
from random import Random

from customer_interface.keys import Key, KeyRing
from customer_interface.plausibility import Limits
from customer_interface.reading import Fault, Reading
from customer_interface.session.base import Output, Send, Session, SessionState, SetPins
from customer_interface.session.belief import Belief
from customer_interface.session.mep import MepSession
from customer_interface.simulate.house import House
from customer_interface.simulate.mep import MTR3000, Model, NesMeter
from customer_interface.simulate.meter import Chunk

BASIC, ADVANCED = b"a basic key of16", b"advanced key, 16"
NOON = 1_772_362_800.0  # 2026-03-01 12:00 in Vienna
PIECE = 32


def meter(model: Model = MTR3000, **changes) -> NesMeter:
    """Return a meter with keys of its own."""
    return NesMeter(House(7), model, "83334123", BASIC, ADVANCED, **changes)


def client(
    key: bytes | tuple[bytes, ...] = BASIC,
    interval: float = 2.0,
    state: SessionState | None = None,
    *,
    encrypt: bool = False,
) -> MepSession:
    """Return a client with a key; with `encrypt` it remembers that the meter wants RC4."""
    state = state or SessionState(extra={"mep_enciphered": int(encrypt)})
    keys = (key,) if isinstance(key, bytes) else key
    ring = KeyRing(tuple(Key(secret) for secret in keys))
    return MepSession(ring, Belief(state, Limits(), ring), interval)


@dataclass(slots=True)
class Wire:
    """Carries bytes both ways; one byte in `damage` is lost or flipped (0: none)."""

    meter: NesMeter
    session: Session
    at: float = NOON
    damage: int = 0
    change: Callable[[bytes], bytes] = bytes
    echo: bool = False
    deaf: bool = False
    random: Random = field(default_factory=lambda: Random(1))
    readings: list[Reading] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    sends: list[tuple[float, bytes]] = field(default_factory=list)
    pins: list[tuple[float, SetPins]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    truth: list[Reading] = field(default_factory=list)
    _arrivals: list[tuple[float, int, bytes]] = field(default_factory=list)
    _number: count = field(default_factory=count)

    def run(self, seconds: float) -> None:
        """Start the session anew and let time pass."""
        self.take(self.session.start(self.at))
        self.go_on(seconds)

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        end, due = self.at + seconds, self.meter.due(self.at)
        while True:
            arrival = self._arrivals[0][0] if self._arrivals else end
            wake = self.session.wake_at
            upcoming = min(due, arrival, end if wake is None else max(wake, self.at))
            if upcoming >= end:
                self.at = end
                return
            self.at = upcoming
            if self.at == arrival:
                self._deliver(heapq.heappop(self._arrivals)[2])
            elif self.at == due:
                self._transmit(self.meter.push(self.at))
                due = self.meter.due(self.at)
            else:
                self.take(self.session.wake(self.at))

    def take(self, outputs: tuple[Output, ...]) -> None:
        """Carry out what the session wants."""
        for output in outputs:
            match output:
                case Send(data):
                    self.sends.append((self.at, data))
                    self._to_meter(data)
                case SetPins():
                    self.pins.append((self.at, output))
                    self.meter.enable(bool(output.rts))
                case Reading():
                    self.readings.append(output)
                    self._judge(output)
                case Fault():
                    self.faults.append(output)

    def _to_meter(self, data: bytes) -> None:
        if self.echo:
            self._transmit((Chunk(data),))
        heard = b"" if self.deaf else self._damaged(data)
        at = self.at + len(data) * self.meter.line.seconds_per_byte
        if heard:
            before = self.meter.sent
            answer = self.meter.receive(heard, at)
            if self.meter.sent is not before:
                self.truth = [*self.truth[-3:], *self.meter.sent]
            self._transmit(answer, at - self.at)

    def _transmit(self, chunks: tuple[Chunk, ...], pause: float = 0.0) -> None:
        at = self.at + pause
        for chunk in chunks:
            at += chunk.pause
            for start in range(0, len(chunk.data), PIECE):
                piece = self._damaged(self.change(chunk.data[start : start + PIECE]))
                at += len(piece) * self.meter.line.seconds_per_byte
                heapq.heappush(self._arrivals, (at, next(self._number), piece))

    def _deliver(self, piece: bytes) -> None:
        if piece:
            self.take(self.session.receive(piece, self.at))

    def _damaged(self, data: bytes) -> bytes:
        if not self.damage:
            return data
        result = bytearray()
        for byte in data:
            fate = self.random.randrange(2 * self.damage)
            if fate == 0:
                continue
            result.append(byte ^ 1 << self.random.randrange(8) if fate == 1 else byte)
        return bytes(result)

    def _judge(self, reading: Reading) -> None:
        """Note values that the meter did not say in its last few answers."""
        for code, value in reading.values.items():
            said = [truth.values.get(code) for truth in self.truth]
            if any(said) and value not in said:
                self.wrong.append(f"{code} {value} but {said}")
