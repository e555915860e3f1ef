"""Which readings of a session are passed on: frame counters, repeated telegrams, plausibility, learned intervals."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from statistics import median
from types import MappingProxyType

from ..keys import KeyRing
from ..obis import ObisCode
from ..plausibility import (
    BELIEVED,
    STRONG_CHECK_BITS,
    Earlier,
    Judgement,
    Limits,
    Surroundings,
    Verdict,
    confirms,
    judge_number,
    judge_time,
)
from ..quantity import Kind, Quantity, quantity_of
from ..reading import Fault, FaultKind, Protection, Reading, Value
from ..units import Number, exact_text
from .base import SessionState

# Readings kept of one meter to learn its intervals: the median of so few follows a change within some telegrams and
# ignores one lost telegram.
_GAPS = 5

# A meter whose counter starts again without telling a time is believed after so many telegrams in order.
_RESTARTED_AFTER = 10

# Seconds of telegrams that adapters and networks hold back at most: a clock under a weak check is believed no more.
_HELD_BACK = 60.0

# A stick in a large building hears some hundred meters; what goes beyond these bounds forgets its oldest.
MAX_METERS = 1_000
JOULES_PER_WH = 3_600
MAX_NUMBERS = 50 * MAX_METERS
MAX_CODES = 4_096


@dataclass(slots=True)
class _Meter:
    """What is known of one meter while the session runs; the rest is in SessionState."""

    last: Reading | None = None
    restarted: tuple[int, int] = (
        0,
        0,
    )  # lower counters seen in order: the last of them, how many
    codes: set[ObisCode] = field(
        default_factory=set
    )  # all that ever came, believed or not
    pending: dict[ObisCode, Number] = field(default_factory=dict)
    seen: dict[ObisCode, float] = field(default_factory=dict)
    gaps: dict[ObisCode, deque[float]] = field(default_factory=dict)


class Belief:
    """Passes on what may be believed, and remembers it in an immutable state."""

    def __init__(
        self,
        state: SessionState,
        limits: Limits,
        keys: KeyRing,
        *,
        counters_restart: bool = True,
        expected: Protection = Protection.NONE,
    ) -> None:
        """Go on from a state stored earlier.

        Without `counters_restart` a frame counter only ever rises. What is weaker protected than `expected` is withheld.
        """
        self._counters_restart = counters_restart
        self._expected = expected
        self.state = state
        self.limits = limits
        self.keys = keys
        self._meters: dict[str, _Meter] = {}
        self._strangers: dict[str, float] = {}

    def judge(self, reading: Reading, at: float) -> tuple[Reading | Fault, ...]:
        """Return the reading with what may be believed, and a fault for each value withheld; nothing for a repetition."""
        if reading.protection < self._expected:
            return (Fault(FaultKind.PROTECTION, self._weaker(reading), reading.meter),)
        name = reading.meter.key or ""
        if not self._known(name) and self._doubtful(name, reading):
            return (
                Fault(
                    FaultKind.IMPLAUSIBLE,
                    "another meter number; waiting for it to come again",
                    reading.meter,
                ),
            )
        meter = self._meter(name)
        repeated = meter.last is not None and _same_telegram(meter.last, reading)
        if repeated:
            return ()
        replay = self._replayed(name, meter, reading)
        if replay is not None:
            return (replay,)
        believed, faults = self._weigh(name, meter, reading, at)
        self._remember(name, meter, believed, at)
        meter.last = reading
        if len(meter.codes) < MAX_CODES:
            meter.codes.update(reading.values)
        return (believed, *faults)

    def _weaker(self, reading: Reading) -> str:
        arrived, expected = reading.protection.name, self._expected.name
        return f"protection {arrived.lower()}, where {expected.lower()} is expected"

    def _known(self, name: str) -> bool:
        return (
            (not self._meters and not self.state.last)
            or name in self._meters
            or self._stored(name)
        )

    def _stored(self, name: str) -> bool:
        return any(key.startswith(f"{name}|") for key in self.state.last)

    def _doubtful(self, name: str, reading: Reading) -> bool:
        """A number never seen, from a telegram with a weak check, must come twice."""
        if not _weak(reading) or reading.meter.channel or name in self._strangers:
            return False
        if len(self._strangers) >= MAX_METERS:
            self._strangers.clear()
        self._strangers[name] = 0.0
        return True

    def _meter(self, name: str) -> _Meter:
        if name not in self._meters and len(self._meters) >= MAX_METERS:
            self._meters.pop(next(iter(self._meters)))
        return self._meters.setdefault(name, _Meter())

    def _replayed(self, name: str, meter: _Meter, reading: Reading) -> Fault | None:
        if reading.counter is None or reading.meter.channel:
            return None
        slot = f"{name}/{self._fingerprint(reading)}"
        last = self.state.counters.get(slot)
        if last is not None and (
            reading.counter == last
            or (reading.counter < last and not self._restarted(name, meter, reading))
        ):
            return Fault(FaultKind.REPLAY, _REPLAY, reading.meter)
        meter.restarted = (0, 0)
        self.state = replace(
            self.state, counters=_set(self.state.counters, slot, reading.counter)
        )
        return None

    def _restarted(self, name: str, meter: _Meter, reading: Reading) -> bool:
        """Tell a counter that began again from a replay: a replay brings an old time."""
        if not self._counters_restart:
            return False
        clock = self.state.extra.get(f"clock {name}")
        if reading.time is not None and isinstance(clock, str):
            return _later(reading.time, datetime.fromisoformat(clock))
        previous, times = meter.restarted
        rising = reading.counter is not None and reading.counter > previous
        meter.restarted = (reading.counter or 0, times + 1 if rising else 1)
        return meter.restarted[1] >= _RESTARTED_AFTER

    def _fingerprint(self, reading: Reading) -> str:
        if reading.key_index is None or reading.key_index >= len(self.keys.keys):
            return "-"
        return sha256(self.keys.keys[reading.key_index].secret).hexdigest()[:8]

    def _weigh(
        self, name: str, meter: _Meter, reading: Reading, at: float
    ) -> tuple[Reading, list[Fault]]:
        around = _surroundings(reading)
        apart = self._apart(name, reading, at)
        kept: dict[ObisCode, Value] = {}
        faults: list[Fault] = []
        for code, value in reading.values.items():
            judgement = self._judge_value(name, meter, code, value, around, at, apart)
            if judgement.verdict is Verdict.BELIEVE:
                kept[code] = value
            else:
                faults.append(
                    Fault(
                        FaultKind.IMPLAUSIBLE,
                        f"{code} {judgement.reason}",
                        reading.meter,
                    )
                )
        clock = reading.time
        if clock is not None and judge_time(clock, at).verdict is not Verdict.BELIEVE:
            clock = None
            faults.append(
                Fault(
                    FaultKind.IMPLAUSIBLE,
                    "the meter's clock is more than two days off",
                    reading.meter,
                )
            )
        if not faults:
            return reading, faults
        withheld = reading.values.keys() - kept.keys()
        records = tuple(
            record for record in reading.records if record.code not in withheld
        )
        return replace(
            reading, values=MappingProxyType(kept), time=clock, records=records
        ), faults

    def _judge_value(
        self,
        name: str,
        meter: _Meter,
        code: ObisCode,
        value: Value,
        around: Surroundings,
        at: float,
        apart: float,
    ) -> Judgement:
        quantity = quantity_of(code)
        number = value.value
        if around.weak and meter.last is not None and code not in meter.codes:
            return Judgement(Verdict.CONFIRM, "never came before")
        if quantity is not None and not _of_its_kind(quantity, value, around):
            return Judgement(Verdict.WITHHOLD, "is not what its code measures")
        if (
            quantity is None
            or not isinstance(number, int | Decimal)
            or isinstance(number, bool)
        ):
            return _judge_clock(quantity.kind if quantity else None, value, at)
        before = self._earlier(name, code, at, apart)
        scale = JOULES_PER_WH if value.unit == "J" else 1
        judgement = judge_number(quantity, number, before, around, self.limits, scale)
        pending = meter.pending.pop(code, None)
        if judgement.verdict is not Verdict.CONFIRM:
            return judgement
        if (
            pending is not None
            and before is not None
            and confirms(pending, number, before.number)
        ):
            return BELIEVED
        meter.pending[code] = number
        return judgement

    def _apart(self, name: str, reading: Reading, at: float) -> float:
        """Return how many seconds the meter's own clock went on since its last reading, 0 where it tells none.

        A network that held telegrams back delivers them at once, though the consumption of minutes lies between them.
        """
        clock, last = reading.time, self.state.extra.get(f"clock {name}")
        if clock is None or not isinstance(last, str):
            return 0.0
        before = datetime.fromisoformat(last)
        if not _later(clock, before) or judge_time(clock, at) is not BELIEVED:
            return 0.0
        apart = (clock - before).total_seconds()
        return min(apart, _HELD_BACK) if _weak(reading) else apart

    def _earlier(
        self, name: str, code: ObisCode, at: float, apart: float
    ) -> Earlier | None:
        stored = self.state.last.get(f"{name}|{code}")
        if stored is None:
            return None
        text, arrived = stored
        seconds = max(at - arrived, apart) if at >= arrived else None
        return Earlier(
            int(text) if text.lstrip("-").isdigit() else Decimal(text), seconds
        )

    def _remember(self, name: str, meter: _Meter, reading: Reading, at: float) -> None:
        last = dict(self.state.last)
        intervals = dict(self.state.intervals)
        for code, value in reading.values.items():
            if isinstance(value.value, int | Decimal) and not isinstance(
                value.value, bool
            ):
                last[f"{name}|{code}"] = (exact_text(value.value), at)
            self._learn(meter, code, f"{name}|{code}", intervals, at)
        extra = self.state.extra
        if reading.time is not None:
            extra = _set(extra, f"clock {name}", reading.time.isoformat())
        self.state = SessionState(
            self.state.counters,
            MappingProxyType(last),
            MappingProxyType(intervals),
            extra,
        )

    def _learn(
        self,
        meter: _Meter,
        code: ObisCode,
        key: str,
        intervals: dict[str, float],
        at: float,
    ) -> None:
        previous = meter.seen.get(code)
        meter.seen[code] = at
        if previous is None or at <= previous:
            return
        gaps = meter.gaps.setdefault(code, deque(maxlen=_GAPS))
        gaps.append(at - previous)
        intervals[key] = float(f"{median(gaps):.2g}")

    def interval(self) -> float | None:
        """Return the shortest learned interval of any value in seconds: the push interval of the port."""
        return min(self.state.intervals.values(), default=None)


_REPLAY = "a frame counter that is not higher than the last valid one: an old or repeated telegram"


def _set[Value](
    mapping: Mapping[str, Value], key: str, value: Value
) -> Mapping[str, Value]:
    return MappingProxyType({**mapping, key: value})


def _weak(reading: Reading) -> bool:
    return reading.check_bits < STRONG_CHECK_BITS and not reading.authenticated


def _same_telegram(last: Reading, reading: Reading) -> bool:
    """A repeated telegram says the same under the same counter, or the same at the same meter time."""
    if last.counter is None and last.time is None:
        return False
    return (last.counter, last.time, last.values, last.records) == (
        reading.counter,
        reading.time,
        reading.values,
        reading.records,
    )


def _later(new: datetime, old: datetime) -> bool:
    return (new.tzinfo is None) == (old.tzinfo is None) and new > old


def _judge_clock(kind: Kind | None, value: Value, at: float) -> Judgement:
    if kind is Kind.TIME and isinstance(value.value, datetime):
        return judge_time(value.value, at)
    return BELIEVED


def _of_its_kind(quantity: Quantity, value: Value, around: Surroundings) -> bool:
    """Tell whether a value can be what its code measures: no text for a number, no other unit where the check is weak."""
    if quantity.unit is None or value.value is None:
        return True
    if isinstance(value.value, str):
        return False
    electric = quantity.kind in (Kind.ENERGY, Kind.POWER, Kind.VOLTAGE, Kind.CURRENT)
    joules = quantity.kind is Kind.ENERGY and value.unit == "J"
    return not (around.weak and electric and value.unit != quantity.unit) or joules


def _surroundings(reading: Reading) -> Surroundings:
    if not _weak(reading):
        return Surroundings()
    powers = _numbers(reading, {(1, 7, 0), (2, 7, 0), (16, 7, 0)})
    volts, amperes = _phases(reading, 12), _phases(reading, 11)
    apparent = sum(
        volts[phase] * abs(amperes[phase]) for phase in volts.keys() & amperes.keys()
    )
    return Surroundings(
        weak=True,
        power=max(map(abs, powers), default=None),
        apparent=apparent if volts and volts.keys() <= amperes.keys() else None,
    )


def _numbers(reading: Reading, codes: Iterable[tuple[int, int, int]]) -> list[float]:
    wanted = set(codes)
    return [
        float(value.value)
        for code, value in reading.values.items()
        if (code.c, code.d, code.e) in wanted and isinstance(value.value, int | Decimal)
    ]


def _phases(reading: Reading, base: int) -> dict[int, float]:
    """Return instantaneous values of the three phases, keyed 1 to 3; 11 is current, 12 voltage."""
    found: dict[int, float] = {}
    for code, value in reading.values.items():
        phase, rest = divmod(code.c - base, 20)
        if (
            rest == 0
            and 1 <= phase <= 3
            and (code.a, code.d, code.e) == (1, 7, 0)
            and isinstance(value.value, int | Decimal)
        ):
            found[phase] = float(value.value)
    return found
