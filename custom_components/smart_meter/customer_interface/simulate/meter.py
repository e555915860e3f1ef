"""What every simulated meter offers: timed bytes, and what it said with them. Pure: it is told the time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Protocol

from ..errors import CustomerInterfaceError
from ..line import LineSettings
from ..obis import ObisCode
from ..reading import MeterIdentity, Reading, Value
from ..units import scaled
from .house import House, Snapshot

COUNTER_START = 1_704_067_200  # frame counters count push intervals since 2024
SEGMENT_PAUSE = 0.08


class Trouble(StrEnum):
    """Faults to show on demand."""

    NOISE = (
        "noise"  # stray bytes between telegrams, and a wrong byte in every third one
    )
    LOST_SEGMENT = "lost-segment"  # every other telegram misses one of its frames
    REPEATED_SEGMENT = "repeated-segment"  # every frame comes twice
    WRONG_KEY = "wrong-key"  # the meter was given another key
    FROZEN_COUNTER = "frozen-counter"  # the frame counter stands still
    SILENCE = "silence"  # nothing is sent
    UNPLUG = "unplug"  # the port is gone


@dataclass(frozen=True, slots=True)
class Plan:
    """A fault and when it shows, in seconds since the meter was switched on."""

    trouble: Trouble
    begin: float = 0.0
    end: float = float("inf")

    @staticmethod
    def parse(text: str) -> Plan:
        """Read `noise`, `silence@60` (from the 60th second on) or `silence@60-120`; raises CustomerInterfaceError."""
        name, _, times = text.partition("@")
        begin, _, end = times.partition("-")
        try:
            return Plan(Trouble(name), float(begin or 0), float(end or "inf"))
        except ValueError as err:
            known = ", ".join(Trouble)
            raise CustomerInterfaceError(
                f"faults are {known}, with @FROM-TO in seconds; not {text[:40]!r}"
            ) from err


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes that go out without a pause, `pause` seconds after those before them."""

    data: bytes
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Telegram:
    """What is sent at once: its frames, and what they say (one reading per meter)."""

    frames: tuple[bytes, ...]
    says: tuple[Reading, ...]


class Meter(Protocol):
    """A meter on a line. `at` is seconds since the epoch and never runs backwards."""

    line: LineSettings
    interval: float
    sent: tuple[Reading, ...]
    """What was said last, in the words of the command line."""

    @property
    def keys(self) -> Mapping[str, str]:
        """What the grid operator would send the customer, hex by the key's id."""

    def due(self, after: float) -> float:
        """Return when the meter next sends by itself, later than `after`."""

    def push(self, at: float) -> tuple[Chunk, ...]:
        """Return what it sends by itself now."""

    def receive(self, data: bytes, at: float) -> tuple[Chunk, ...]:
        """Take bytes that arrived, return the answer."""

    def plugged(self, at: float) -> bool:
        """Tell whether the port is there."""

    def telegram(self, at: float) -> bytes:
        """Return one telegram as bytes without any fault, and note it in `sent`."""


@dataclass(slots=True)
class PushMeter:
    """A meter that sends a telegram each interval and hears nothing. `compose` of a subclass makes the telegram."""

    house: House
    line: LineSettings
    interval: float
    keys: Mapping[str, str] = field(default_factory=dict)
    plans: tuple[Plan, ...] = ()
    sent: tuple[Reading, ...] = ()
    counter_shift: int = 0
    """What is added to the frame counter, to show it wrap."""
    _on_since: float | None = None
    _pushes: int = 0
    _frozen: int | None = None
    _random: Random = field(default_factory=lambda: Random("faults"))

    def compose(
        self, snapshot: Snapshot, counter: int, *, wrong_key: bool = False
    ) -> Telegram:
        """Return the telegram of this meter for what it knows now."""
        raise NotImplementedError

    def due(self, after: float) -> float:
        """Return the next multiple of the interval."""
        return (after // self.interval + 1) * self.interval

    def push(self, at: float) -> tuple[Chunk, ...]:
        """Send, with the faults that are planned for now."""
        troubles = self._troubles(at)
        self._pushes += 1
        if troubles & {Trouble.SILENCE, Trouble.UNPLUG}:
            return ()
        telegram = self.compose(
            self.house.at(at),
            self._counter(at, frozen=Trouble.FROZEN_COUNTER in troubles),
            wrong_key=Trouble.WRONG_KEY in troubles,
        )
        self.sent = telegram.says
        return self._spoilt(telegram.frames, troubles)

    def receive(self, data: bytes, at: float) -> tuple[Chunk, ...]:
        """Hear nothing: the interface is one way."""
        return ()

    def plugged(self, at: float) -> bool:
        """Tell whether the port is there."""
        return Trouble.UNPLUG not in self._troubles(at)

    def telegram(self, at: float) -> bytes:
        """Return one telegram as bytes without any fault, and note it in `sent`."""
        telegram = self.compose(self.house.at(at), self._counter(at))
        self.sent = telegram.says
        return b"".join(telegram.frames)

    def _troubles(self, at: float) -> set[Trouble]:
        if self._on_since is None:
            self._on_since = at
        on = at - self._on_since
        return {plan.trouble for plan in self.plans if plan.begin <= on < plan.end}

    def _counter(self, at: float, *, frozen: bool = False) -> int:
        counter = int((at - COUNTER_START) / self.interval) + self.counter_shift
        counter %= 1 << 32
        if not frozen:
            self._frozen = None
            return counter
        self._frozen = counter if self._frozen is None else self._frozen
        return self._frozen

    def _spoilt(
        self, frames: tuple[bytes, ...], troubles: set[Trouble]
    ) -> tuple[Chunk, ...]:
        kept = list(frames)
        if Trouble.LOST_SEGMENT in troubles and self._pushes % 2:
            kept.pop(self._random.randrange(len(kept)))
        if Trouble.REPEATED_SEGMENT in troubles:
            kept = [frame for frame in kept for _ in range(2)]
        if Trouble.NOISE in troubles:
            kept = self._noisy(kept)
        return tuple(
            Chunk(frame, SEGMENT_PAUSE if number else 0.0)
            for number, frame in enumerate(kept)
        )

    def _noisy(self, frames: list[bytes]) -> list[bytes]:
        stray = self._random.randbytes(self._random.randint(1, 12))
        if self._pushes % 3:
            return [stray, *frames]
        victim = bytearray(frames[0])
        victim[self._random.randrange(len(victim))] ^= self._random.randint(1, 255)
        return [stray, bytes(victim), *frames[1:]]


# Value group C of the three phases (1x L1, 2x L2, 3x L3 -> 20, 40, 60 higher) back to the total.
def unit_of(code: str) -> tuple[str | None, int]:
    """Return the plain unit of a reduced code `1.8.0`, and its number in the DLMS table of units."""
    c, d, _ = map(int, code.split("."))
    if c == 81:
        return "°", 8
    kind = c if c <= 20 else (c - 21) % 20 + 1
    return (_ENERGY if d in (8, 9) else _POWER)[kind]


_ACTIVE_C, _REACTIVE_C, _APPARENT_C = (1, 2, 15, 16), range(3, 9), (9, 10)
_POWER: dict[int, tuple[str | None, int]] = {
    **dict.fromkeys(_ACTIVE_C, ("W", 27)),
    **dict.fromkeys(_REACTIVE_C, ("var", 29)),
    **dict.fromkeys(_APPARENT_C, ("VA", 28)),
    11: ("A", 33),
    12: ("V", 35),
    13: (None, 255),
    14: ("Hz", 44),
}
_ENERGY: dict[int, tuple[str | None, int]] = {
    **dict.fromkeys(_ACTIVE_C, ("Wh", 30)),
    **dict.fromkeys(_REACTIVE_C, ("varh", 32)),
    **dict.fromkeys(_APPARENT_C, ("VAh", 31)),
}


def value(snapshot: Snapshot, code: str, scaler: int) -> Value:
    """Return what a register with this scaler says, in its plain unit."""
    return Value(scaled(snapshot.raw(code, scaler), scaler), unit_of(code)[0])


def said(
    identity: MeterIdentity,
    snapshot: Snapshot,
    scalers: Mapping[str, int],
    prefix: str = "1-0:",
) -> Reading:
    """Return the reading a telegram with these codes and scalers amounts to."""
    return Reading(
        meter=identity,
        time=snapshot.time,
        values={
            ObisCode.parse(prefix + code): value(snapshot, code, scaler)
            for code, scaler in scalers.items()
        },
    )
