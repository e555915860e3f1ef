"""What a session remembers of its meters: alive while it runs, and as the immutable state that outlives it.

A telegram changes all that is remembered of its meter, every second at some. So it is kept in plain objects, which cost
next to nothing to change, and written into a `SessionState` only when somebody asks for one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeGuard

from ..named import NamedTuple
from ..obis import ObisCode
from ..plausibility import Earlier, Limits, Margins, margins
from ..quantity import Quantity, quantity_of
from ..reading import LogEntry, Reading, Record, Scalar, Value
from ..units import Number, exact_text
from .base import SessionState

# Readings kept of one meter to learn its intervals: the median of so few follows a change within some telegrams and
# ignores one lost telegram.
_GAPS = 5

# A stick in a large building hears some hundred meters; what goes beyond these bounds forgets its oldest.
MAX_METERS = 1_000
MAX_NUMBERS = 50 * MAX_METERS
MAX_CODES = 4_096
MAX_SHAPES = 64


_NUMBERS = (int, Decimal)


type Word = Scalar | tuple[LogEntry, ...]
"""What one value says."""


def is_number(value: Word) -> TypeGuard[Number]:
    """Tell a number from a flag, a text and a time."""
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


class Rhythm(NamedTuple):
    """When values came last, and the seconds between the times before; shared by all that always came together."""

    seen: float
    gaps: tuple[float, ...] = ()
    interval: float | None = None

    def next(self, at: float) -> Rhythm:
        """Return the rhythm with one more arrival."""
        if at <= self.seen:
            return self._replace(seen=at)
        gaps = (*self.gaps[1 - _GAPS :], at - self.seen)
        return Rhythm(at, gaps, float(f"{_median(gaps):.2g}"))


def _median(numbers: tuple[float, ...]) -> float:
    half, odd = divmod(len(numbers), 2)
    ordered = sorted(numbers)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2


class Register:
    """One value of one meter: `value` was believed last in this session, `number` at `at`, perhaps before it.

    For a time, `at` is when it was believed. `came` is whether it ever came in this session, believed or not; `pending`
    waits for the next telegram to confirm it.
    """

    __slots__ = (
        "at",
        "came",
        "key",
        "margins",
        "number",
        "pending",
        "quantity",
        "rhythm",
        "value",
    )

    def __init__(self, key: str, quantity: Quantity | None, margins: Margins) -> None:
        """Begin with what nobody said yet."""
        self.key = key
        self.quantity = quantity
        self.margins = margins
        self.value: Value | None = None
        self.number: Number | None = None
        self.at = 0.0
        self.came = False
        self.pending: Word = None
        self.rhythm: Rhythm | None = None

    def take(self, value: Value, at: float) -> None:
        """Take a value that is believed."""
        number: Any = value.value
        self.value, self.came = value, True
        if type(number) is int or type(number) is Decimal:
            self.number, self.at = number, at
        elif type(number) is datetime:
            self.at = at

    def earlier(self, at: float, apart: float) -> Earlier | None:
        """Return the number believed before and its age, which the meter's clock may know to be more: `apart` seconds."""
        if self.number is None:
            return None
        seconds = max(at - self.at, apart) if at >= self.at else None
        return Earlier(self.number, seconds)


class MeterMemory:
    """What is known of one meter; `clock` is its time last told, `restarted` the last of so many lower counters in order.

    `told` is when its time was told in this session, `doubted` a time told since then that did not go on from there.
    `last` is the last reading that had a frame counter, or of which nothing was withheld; `heard` is whether there was
    any in this session, `stored` whether numbers were kept of one before, `checked` whether a checksum of 16 bits covered
    one. `judged` counts the readings that were judged value by value. `ahead` is the rhythm of `last` where the registers,
    in `line`, were not yet told. `shapes` are the kinds of records its telegrams had.
    """

    def __init__(
        self, name: str, clock: datetime | None = None, *, stored: bool = False
    ) -> None:
        """Begin with a meter that was not heard yet."""
        self.name = name
        self.stored = stored
        self.clock = clock
        self.told: float | None = None
        self.doubted: datetime | None = None
        self.last: Reading | None = None
        self.heard = False
        self.checked = False
        self.restarted: tuple[int, int] = (0, 0)
        self.registers: dict[ObisCode, Register] = {}
        self.codes: tuple[ObisCode, ...] = ()
        self.line: tuple[Register, ...] = ()
        self.shapes: set[tuple[Any, ...]] = set()
        self.shape: tuple[Any, ...] | None = None
        self.judged = 0
        self.ahead: Rhythm | None = None

    def misses(self, register: Register, said: Word) -> bool:
        """Tell whether a value never came before, though the meter was heard, or its numbers were kept."""
        unkept = self.stored and register.number is None and is_number(said)
        return not register.came and (self.heard or unkept)

    def settle(self) -> None:
        """Tell the registers what the last reading said."""
        if self.ahead is None or self.last is None:
            return
        for register, value in zip(self.line, self.last.values.values(), strict=True):
            register.take(value, self.ahead.seen)
            register.rhythm = self.ahead
        self.ahead = None

    def line_up(self, values: Mapping[ObisCode, Value]) -> bool:
        """Put the registers of these values into `line`, where mostly they are; False where a value never came before."""
        codes = tuple(values)
        if codes != self.codes:
            if not self.registers.keys() >= values.keys():
                return False
            self.settle()
            self.codes = codes
            self.line = tuple(self.registers[code] for code in codes)
        return True

    @property
    def together(self) -> bool:
        """Whether the values in `line` always came together."""
        line = self.line
        return self.ahead is not None or (
            bool(line) and all(one.rhythm is line[0].rhythm for one in line)
        )

    def said(self) -> Iterable[Value | None]:
        """Return what was believed last of each value in `line`."""
        if self.ahead is not None and self.last is not None:
            return self.last.values.values()
        return [register.value for register in self.line]

    def reshaped(self, records: tuple[Record, ...]) -> bool:
        """Whether no telegram before had records of these kinds, though there were telegrams; the next one has had them."""
        shape = tuple([(record.quantity, record[2:-1]) for record in records])
        if shape == self.shape:
            return False
        self.shape = shape
        known = not self.shapes or shape in self.shapes
        if len(self.shapes) >= MAX_SHAPES:
            self.shapes.clear()
        self.shapes.add(shape)
        return not known


class Memory:
    """All meters of a session, and the state they were and will be stored as."""

    def __init__(self, state: SessionState, limits: Limits) -> None:
        """Go on from a state stored earlier."""
        self._state: SessionState | None = state
        self._limits = limits
        self._counters = dict(state.counters)
        self._last = dict(state.last)
        self._intervals = dict(state.intervals)
        self._extra = dict(state.extra)
        self._names = {key.rpartition("|")[0] for key in state.last}
        self._meters: dict[str, MeterMemory] = {}
        self._changed: dict[str, MeterMemory] = {}
        self._shortest = min(self._intervals.values(), default=None)

    # --- as it is stored ---------------------------------------------------------------------------------------------

    @property
    def state(self) -> SessionState:
        """The state to store; a new object whenever it changed."""
        if self._state is None:
            for meter in self._changed.values():
                self._write(meter)
            self._changed.clear()
            while len(self._last) > MAX_NUMBERS:
                del self._last[next(iter(self._last))]
            self._state = SessionState(
                MappingProxyType(dict(self._counters)),
                MappingProxyType(dict(self._last)),
                MappingProxyType(dict(self._intervals)),
                MappingProxyType(dict(self._extra)),
            )
        return self._state

    def _write(self, meter: MeterMemory) -> None:
        meter.settle()
        for register in meter.registers.values():
            if register.number is not None:
                self._last[register.key] = exact_text(register.number), register.at
        if meter.clock is not None:
            self._extra[_clock_key(meter.name)] = meter.clock.isoformat()

    @property
    def extra(self) -> Mapping[str, int | str]:
        """What one kind of session keeps besides."""
        return self._extra

    def keep(self, key: str, word: int | str) -> None:
        """Keep something that one kind of session needs besides."""
        self._extra[key] = word
        self._state = None

    def counter(self, slot: str) -> int | None:
        """Return the last valid frame counter of a slot."""
        return self._counters.get(slot)

    def keep_counter(self, slot: str, counter: int) -> None:
        """Keep the last valid frame counter of a slot."""
        self._counters[slot] = counter
        self._state = None

    # --- alive -------------------------------------------------------------------------------------------------------

    def knows(self, name: str) -> bool:
        """Whether the meter was heard or stored before; any is where none was."""
        if not self._meters and not self._names:
            return True
        return name in self._meters or name in self._names

    def heard(self, name: str) -> MeterMemory | None:
        """Return what is known of a meter that was heard in this session."""
        return self._meters.get(name)

    def meter(self, name: str) -> MeterMemory:
        """Return what is known of a meter."""
        meter = self._meters.get(name)
        if meter is None:
            if len(self._meters) >= MAX_METERS:
                self._forget(next(iter(self._meters)))
            meter = self._meters[name] = MeterMemory(
                name, self._stored_clock(name), stored=name in self._names
            )
        return meter

    def _forget(self, name: str) -> None:
        meter = self._meters.pop(name)
        meter.judged += 1
        self._write(meter)
        self._changed.pop(name, None)
        self._names.add(name)

    def _stored_clock(self, name: str) -> datetime | None:
        text = self._extra.get(_clock_key(name))
        return datetime.fromisoformat(text) if isinstance(text, str) else None

    def register(self, meter: MeterMemory, code: ObisCode) -> Register:
        """Return the register of a value; beyond the bound one that nobody keeps."""
        register = meter.registers.get(code)
        if register is None:
            register = self._new_register(f"{meter.name}|{code}", quantity_of(code))
            if len(meter.registers) < MAX_CODES:
                meter.registers[code] = register
        return register

    def _new_register(self, key: str, quantity: Quantity | None) -> Register:
        register = Register(key, quantity, margins(quantity, self._limits))
        if stored := self._last.get(key):
            text, register.at = stored
            whole = text.lstrip("-").isdigit()
            register.number = int(text) if whole else Decimal(text)
        return register

    def believed(self, meter: MeterMemory, reading: Reading, at: float) -> None:
        """Remember what was believed of a reading that came `at` this time."""
        meter.settle()
        line: Sequence[Register]
        if meter.line_up(reading.values):
            line = meter.line
        else:
            line = [self.register(meter, code) for code in reading.values]
        before: Rhythm | None = None
        first = now = Rhythm(at)
        changed = False
        for register, value in zip(line, reading.values.values(), strict=True):
            register.take(value, at)
            if register.rhythm is not before:
                before = register.rhythm
                now = before.next(at) if before else first
                changed = before is not None and now.interval != before.interval
            register.rhythm = now
            if changed and now.interval is not None:
                self._intervals[register.key] = now.interval
                self._shortest = None
        meter.heard = True
        self._keep(meter, reading, at)

    def went_on(self, meter: MeterMemory, reading: Reading, at: float) -> None:
        """Remember a reading of values that all came before, and are all believed."""
        if not meter.together:
            self.believed(meter, reading, at)
            meter.last = reading
            return
        before = meter.ahead or meter.line[0].rhythm or Rhythm(at)
        now = before.next(at)
        if now.interval is not None and now.interval != before.interval:
            for register in meter.line:
                self._intervals[register.key] = now.interval
            self._shortest = None
        meter.last, meter.ahead = reading, now
        self._keep(meter, reading, at)

    def _keep(self, meter: MeterMemory, reading: Reading, at: float) -> None:
        if reading.time is not None:
            meter.clock, meter.told, meter.doubted = reading.time, at, None
        self._changed[meter.name] = meter
        self._state = None

    def noticed(self, meter: MeterMemory, reading: Reading) -> None:
        """Remember which values a reading had, also those that were not believed."""
        for code in reading.values:
            self.register(meter, code).came = True

    @property
    def shortest_interval(self) -> float | None:
        """The shortest learned interval of any value in seconds."""
        if self._shortest is None:
            self._shortest = min(self._intervals.values(), default=None)
        return self._shortest


def _clock_key(name: str) -> str:
    return f"clock {name}"
