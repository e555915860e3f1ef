"""Meters that go on as they did: the same values as last time, those that changed within their margins.

Nearly every telegram is like that, and `Belief.judge` believes each of its values without a closer look. Where it is
known which of them changed, and by how many ones as they were sent, only these have to be looked at, and no decimal.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from math import floor, inf, isfinite

from ..named import NamedTuple
from ..obis import ObisCode
from ..plausibility import BELIEVED, goes_on, judge_time
from ..reading import Reading, Value
from ..shape.cache import Filled, Filling, Sized
from .memory import Memory, MeterMemory, Register, is_number

# After so many readings from which was learned for nothing only every so many-th is.
_PATIENCE = 16


class Margin(NamedTuple):
    """Where a number may be, and by how much it may rise at once and more each second: in ones as they are sent."""

    low: float
    high: float
    least: float
    most: float
    rate: float


class Steady(NamedTuple):
    """One meter, the margins of what is about to change, and the codes under which it tells its time.

    It holds as long as no reading of the meter was `judged` value by value since. `slot` is where its frame counters are
    kept, None where it has none; `weak` is whether the check of its telegrams is weak.
    """

    memory: Memory
    meter: MeterMemory
    slot: str | None
    margins: Mapping[ObisCode, Margin]
    clocks: tuple[ObisCode, ...]
    judged: int
    weak: bool

    def repeats(self, filling: Filling) -> bool:
        """Tell whether a telegram without frame counter says the same at the same meter time."""
        last = self.meter.last
        return (
            self.meter.judged == self.judged
            and self.slot is None
            and not filling.changes
            and filling.time is not None
            and last is not None
            and filling.time == last.time
        )

    def holds(self, filling: Filling, counter: int | None, at: float) -> bool:
        """Tell whether each value of the next reading is believed without a closer look."""
        meter, time = self.meter, filling.time
        if meter.judged != self.judged:
            return False
        rhythm = meter.ahead or meter.line[0].rhythm
        if rhythm is None or at < rhythm.seen:
            return False
        if counter is not None and not self._rises(counter):
            return False
        seconds = at - rhythm.seen
        for code, number, before, _ in filling.changes:
            low, high, least, most, rate = self.margins[code]
            if not low <= number <= high:
                return False
            if not least <= number - before <= most + rate * seconds:
                return False
        if any(filling.values[code].value != time for code in self.clocks):
            return False
        return time is None or self._is_in_time(time, at)

    def _is_in_time(self, time: datetime, at: float) -> bool:
        if judge_time(time, at) is not BELIEVED:
            return False
        clock, told = self.meter.clock, self.meter.told
        if not self.weak or clock is None or told is None:
            return True
        return goes_on(time, clock, at - told)

    def _rises(self, counter: int) -> bool:
        last = None if self.slot is None else self.memory.counter(self.slot)
        return last is not None and counter > last

    def take(self, reading: Reading, at: float) -> None:
        """Remember a reading that holds."""
        if self.slot is not None and reading.counter is not None:
            self.memory.keep_counter(self.slot, reading.counter)
            self.meter.restarted = (0, 0)
        self.memory.went_on(self.meter, reading, at)


class Follower:
    """Goes on with the shape by which a meter's readings are read, as long as nothing else is said in between."""

    def __init__(self) -> None:
        """Begin with no shape."""
        self._shape: Sized | None = None
        self._steady: Steady | None = None
        self._in_vain = 0

    def judge(self, filled: Filled, at: float) -> tuple[Reading, ...] | None:
        """Return what is believed of a reading, nothing of a repetition; None where it needs a closer look."""
        steady, reading = self._steady, filled.reading
        if steady is None or self._shape is not filled.shape:
            return None
        last = steady.meter.last
        # What changed is known against the telegram before, and how much may change by how that was protected.
        if (
            last is None
            or last.values is not filled.before
            or last.check_bits != reading.check_bits
        ):
            return None
        if steady.repeats(filled.filling) and last.records == reading.records:
            return ()
        if not steady.holds(filled.filling, reading.counter, at):
            return None
        self._in_vain = 0
        steady.take(reading, at)
        return (reading,)

    def wanted(self) -> bool:
        """Count a reading that needed a closer look, and tell whether to learn from it is worth its time."""
        self._in_vain += 1
        return self._in_vain <= _PATIENCE or self._in_vain % _PATIENCE == 0

    def learn(self, shape: Sized, steady: Steady | None) -> None:
        """Go on from a reading of a shape that was believed whole; `steady` is how, where it can be told."""
        self._shape, self._steady = shape, steady


# --- learning --------------------------------------------------------------------------------------------------------


def steady(
    memory: Memory,
    meter: MeterMemory,
    slot: str | None,
    reading: Reading,
    sizes: Mapping[ObisCode, Decimal],
    *,
    weak: bool,
) -> Steady | None:
    """Return how a meter goes on; None where its last reading was another, or not believed whole.

    `sizes` as in `Belief.steady`, `weak` is whether its check is weak.
    """
    last = meter.last
    said = (reading.counter, reading.time, reading.values)
    if last is None or (last.counter, last.time, last.values) != said:
        return None
    if not reading.values or not meter.line_up(reading.values):
        return None
    line, rhythm = meter.line, meter.line[0].rhythm
    pairs = list(zip(line, reading.values.values(), strict=True))
    if any(
        register.rhythm is not rhythm or not _is_believed(register, value)
        for register, value in pairs
    ):
        return None
    if not all(_is_usual(*pair, reading.time, weak=weak) for pair in pairs):
        return None
    return Steady(
        memory,
        meter,
        slot,
        {
            code: _margin(register, sizes[code], weak=weak)
            for code, register in zip(reading.values, line, strict=True)
            if code in sizes
        },
        tuple(
            code
            for code, value in reading.values.items()
            if isinstance(value.value, datetime)
        ),
        meter.judged,
        weak,
    )


def _is_believed(register: Register, value: Value) -> bool:
    """Tell whether a value is the last that was believed, and came when the other values of its rhythm did."""
    rhythm = register.rhythm
    return (
        register.value == value
        and register.pending is None
        and (
            not is_number(value.value)
            or (rhythm is not None and register.at == rhythm.seen)
        )
    )


def _is_usual(
    register: Register, value: Value, time: datetime | None, *, weak: bool
) -> bool:
    """Tell whether a value is believed without a closer look as long as it stays the same."""
    if weak and register.quantity is not None and value.unit != register.quantity.unit:
        return False
    number = value.value
    if is_number(number):
        return register.margins.low <= number <= register.margins.high
    return not isinstance(number, datetime) or number == time


def _margin(register: Register, size: Decimal, *, weak: bool) -> Margin:
    """Return the margin of a number of which a one is so much of the plain unit."""
    usual = register.margins
    low, high = -_ones(-usual.low, size), _ones(usual.high, size)
    if usual.cumulative:
        rate = usual.weak_rate if weak else usual.rate
        return Margin(low, high, 0, 0, rate / float(size))
    most = _ones(usual.change, size) if weak else inf
    return Margin(low, high, -most, most, 0)


def _ones(limit: float, size: Decimal) -> float:
    """Return how many ones are within a limit."""
    return floor(Decimal(limit) / size) if isfinite(limit) else limit
