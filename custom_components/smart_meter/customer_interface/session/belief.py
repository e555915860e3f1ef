"""Which readings of a session are passed on: frame counters, repeated telegrams, plausibility, learned intervals."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from ..keys import KeyRing
from ..obis import CLOCK, ObisCode
from ..plausibility import (
    BELIEVED,
    HELD_BACK,
    RARELY_CHANGED,
    STRONG_CHECK_BITS,
    Judgement,
    Limits,
    Surroundings,
    Verdict,
    confirms,
    judge_going_on,
    judge_number,
    judge_time,
)
from ..quantity import Kind, Quantity
from ..reading import Fault, FaultKind, Protection, Reading, Value
from ..shape.cache import Filled
from .base import SessionState
from .memory import MAX_METERS, Memory, MeterMemory, Register, Word, is_number
from .steady import Follower, Steady, steady

# A meter whose counter starts again without telling a time is believed after so many telegrams in order.
_RESTARTED_AFTER = 10

JOULES_PER_WH = 3_600


class Belief:
    """Passes on what may be believed, and remembers it in an immutable state."""

    def __init__(
        self,
        state: SessionState,
        limits: Limits,
        keys: KeyRing,
        *,
        counters_restart: bool = True,
        known: frozenset[str] = frozenset(),
        expected: Protection = Protection.NONE,
    ) -> None:
        """Go on from a state stored earlier.

        Without `counters_restart` a frame counter only ever rises. Meters of the keys in `known` need not be heard
        twice. What is weaker protected than `expected` is withheld.
        """
        self._certain = known
        self._counters_restart = counters_restart
        self._expected = expected
        self.memory = Memory(state, limits)
        self.limits = limits
        self.keys = keys
        self._strangers: set[str] = set()
        self._channels: set[int] = set()
        self._followers: dict[str | None, Follower] = {}

    @property
    def state(self) -> SessionState:
        """The state to store; a new object whenever it changed."""
        return self.memory.state

    def judge(
        self, reading: Reading, at: float, filled: Filled | None = None
    ) -> tuple[Reading | Fault, ...]:
        """Return the reading with what may be believed, and a fault for each value withheld; nothing for a repetition.

        `filled` is the last message that was read at once: where that is this reading, what did not change is not looked at.
        """
        if filled is None or filled.reading is not reading:
            return self._judge(reading, at)
        follower = self._followers.get(reading.meter.key)
        believed = follower.judge(filled, at) if follower else None
        if believed is not None:
            return believed
        judged = self._judge(reading, at)
        if judged == (reading,):
            self._follow(filled)
        return judged

    def _follow(self, filled: Filled) -> None:
        """Go on from a reading that was believed whole."""
        reading, sizes = filled.reading, filled.shape.sizes
        follower = self._followers.pop(reading.meter.key, None) or Follower()
        if len(self._followers) >= MAX_METERS:
            del self._followers[next(iter(self._followers))]
        self._followers[reading.meter.key] = follower
        if follower.wanted() and sizes is not None:
            follower.learn(filled.shape, self.steady(reading, sizes))

    def _judge(self, reading: Reading, at: float) -> tuple[Reading | Fault, ...]:
        if reading.protection < self._expected:
            return (Fault(FaultKind.PROTECTION, self._weaker(reading), reading.meter),)
        name = reading.meter.key or ""
        known = name in self._certain or self.memory.knows(name)
        if not known and self._doubtful(name, reading):
            return (
                Fault(
                    FaultKind.IMPLAUSIBLE,
                    "another meter number; waiting for it to come again",
                    reading.meter,
                ),
            )
        self._channels.add(reading.meter.channel)
        meter = self.memory.meter(name)
        meter.judged += 1
        if meter.last is not None and _same_telegram(meter.last, reading):
            return ()
        if meter.checked and _unchecked(reading):
            return (_CHECKSUM_LOST._replace(meter=reading.meter),)
        if reading.records and _weak(reading) and meter.reshaped(reading.records):
            return (_RESHAPED._replace(meter=reading.meter),)
        replay = self._replayed(meter, reading)
        if replay is not None:
            return (replay,)
        meter.checked |= _by_checksum(reading)
        clock = _judge_own_time(meter, reading, at)
        in_time = clock is BELIEVED
        apart = self._apart(meter, reading) if in_time else 0.0
        if in_time and _unremarkable(meter, reading, at, apart):
            self.memory.went_on(meter, reading, at)
            return (reading,)
        meter.settle()
        believed, faults = self._weigh(meter, reading, at, apart, clock)
        self.memory.believed(meter, believed, at)
        if faults:
            self.memory.noticed(meter, reading)
        # What was not believed whole is no repetition when it comes again, unless its frame counter says so.
        if not faults or reading.counter is not None:
            meter.last = reading
        return (believed, *faults)

    def _weaker(self, reading: Reading) -> str:
        arrived, expected = reading.protection.name, self._expected.name
        return f"protection {arrived.lower()}, where {expected.lower()} is expected"

    def _doubtful(self, name: str, reading: Reading) -> bool:
        """A number never seen, from a telegram with a weak check, must come twice.

        The first meter heard on a channel behind the meter is none to doubt, but for one that tells no number: where
        another told one, it may be damaged.
        """
        channel = reading.meter.channel
        new = channel not in self._channels
        if not _weak(reading) or (name and new and channel > 0):
            return False
        stranger = name or f"channel {channel}"
        if stranger in self._strangers and (name or new):
            return False
        if len(self._strangers) >= MAX_METERS:
            self._strangers.clear()
        self._strangers.add(stranger)
        return True

    def _replayed(self, meter: MeterMemory, reading: Reading) -> Fault | None:
        if reading.counter is None or reading.meter.channel:
            return None
        slot = self._slot(meter, reading)
        last = self.memory.counter(slot)
        if last is not None and (
            reading.counter == last
            or (reading.counter < last and not self._restarted(meter, reading))
        ):
            return Fault(FaultKind.REPLAY, _REPLAY, reading.meter)
        meter.restarted = (0, 0)
        self.memory.keep_counter(slot, reading.counter)
        return None

    def _restarted(self, meter: MeterMemory, reading: Reading) -> bool:
        """Tell a counter that began again from a replay: a replay brings an old time."""
        if not self._counters_restart:
            return False
        if reading.time is not None and meter.clock is not None:
            return _later(reading.time, meter.clock)
        previous, times = meter.restarted
        rising = reading.counter is not None and reading.counter > previous
        meter.restarted = (reading.counter or 0, times + 1 if rising else 1)
        return meter.restarted[1] >= _RESTARTED_AFTER

    def _slot(self, meter: MeterMemory, reading: Reading) -> str:
        """Return where the frame counters of a meter under a key are kept."""
        index, keys = reading.key_index, self.keys.keys
        if index is None or index >= len(keys):
            return f"{meter.name}/-"
        return f"{meter.name}/{_fingerprint(keys[index].secret)}"

    def steady(
        self, reading: Reading, sizes: Mapping[ObisCode, Decimal]
    ) -> Steady | None:
        """Return how a meter goes on, of which this was the last reading; None where the next needs a closer look.

        `sizes` are the values that are about to change, and how much of their plain unit a one of each is, as sent.
        """
        meter = self.memory.heard(reading.meter.key or "")
        if meter is None or not meter.heard:
            return None
        if reading.protection < self._expected or (
            meter.checked and _unchecked(reading)
        ):
            return None
        if reading.counter is not None and reading.meter.channel:
            return None
        meter.settle()
        slot = None if reading.counter is None else self._slot(meter, reading)
        return steady(self.memory, meter, slot, reading, sizes, weak=_weak(reading))

    def _weigh(
        self,
        meter: MeterMemory,
        reading: Reading,
        at: float,
        apart: float,
        clock: Judgement,
    ) -> tuple[Reading, list[Fault]]:
        """Look at each value closely; `clock` is the judgement of the meter's own time."""
        around = _surroundings(reading)
        in_time = clock is BELIEVED
        time = reading.time if in_time else None
        kept: dict[ObisCode, Value] = {}
        faults: list[Fault] = []
        for code, value in reading.values.items():
            register = self.memory.register(meter, code)
            judgement = self._judge_value(
                meter, register, value, around, at, apart, time
            )
            if judgement.verdict is Verdict.BELIEVE:
                kept[code] = value
            else:
                faults.append(
                    Fault(
                        FaultKind.IMPLAUSIBLE,
                        f"{code} {judgement.reason}",
                        reading.meter,
                        code=code,
                    )
                )
        if not in_time:
            faults.append(
                Fault(
                    FaultKind.IMPLAUSIBLE,
                    f"the meter's clock {clock.reason}",
                    reading.meter,
                    code=CLOCK,
                )
            )
        if not faults:
            return reading, faults
        withheld = reading.values.keys() - kept.keys()
        records = tuple(
            record for record in reading.records if record.code not in withheld
        )
        return reading._replace(
            values=MappingProxyType(kept),
            time=time,
            records=records,
        ), faults

    def _judge_value(
        self,
        meter: MeterMemory,
        register: Register,
        value: Value,
        around: Surroundings,
        at: float,
        apart: float,
        time: datetime | None,
    ) -> Judgement:
        quantity, number = register.quantity, value.value
        if around.weak and meter.misses(register, number):
            return Judgement(Verdict.CONFIRM, "never came before")
        if quantity is not None and not _of_its_kind(quantity, value, around):
            return Judgement(Verdict.WITHHOLD, "is not what its code measures")
        if around.weak and _changes_rarely(quantity, value):
            return _settle(register, value)
        if isinstance(number, datetime):
            return _judge_moment(register, number, time, at, weak=around.weak)
        if quantity is None or not is_number(number):
            return BELIEVED
        before = register.earlier(at, apart)
        scale = JOULES_PER_WH if value.unit == "J" else 1
        if around.weak and quantity.kind is Kind.NUMBER:
            kind = _KIND_OF_UNIT.get(value.unit, quantity.kind)
            quantity = quantity._replace(kind=kind)
        judgement = judge_number(quantity, number, before, around, self.limits, scale)
        pending, register.pending = register.pending, None
        if judgement.verdict is not Verdict.CONFIRM:
            return judgement
        if (
            is_number(pending)
            and before is not None
            and confirms(pending, number, before.number)
        ):
            return BELIEVED
        register.pending = number
        return judgement

    def _apart(self, meter: MeterMemory, reading: Reading) -> float:
        """Return how many seconds the meter's own clock went on since its last reading, 0 where it tells none.

        A network that held telegrams back delivers them at once, though the consumption of minutes lies between them.
        """
        clock, before = reading.time, meter.clock
        if clock is None or before is None or not _later(clock, before):
            return 0.0
        apart = (clock - before).total_seconds()
        return min(apart, HELD_BACK) if _weak(reading) else apart

    def interval(self) -> float | None:
        """Return the shortest learned interval of any value in seconds: the push interval of the port."""
        return self.memory.shortest_interval


_ANY = float("inf")


def _unremarkable(
    meter: MeterMemory, reading: Reading, at: float, apart: float
) -> bool:
    """Tell whether every value came before and went on within its margins: then each is believed without a closer look.

    Nearly every telegram is like that. It must not be true of one with a value that `_judge_value` would withhold.
    """
    if not meter.line_up(reading.values):
        return False
    weak, clock, ahead = _weak(reading), reading.time, meter.ahead
    values = reading.values.values()
    for register, last, value in zip(meter.line, meter.said(), values, strict=True):
        if last is None or register.pending is not None:
            return False
        number: Any
        before: Any
        number, unit, _, _ = value
        before, former_unit, _, _ = last
        kind, quantity = type(number), register.quantity
        if kind is not type(before) or unit != former_unit:
            return False
        if weak and quantity is not None and unit != quantity.unit:
            return False
        if kind is int or kind is Decimal:
            if number == before:
                continue
            low, high, cumulative, change, rate, weak_rate = register.margins
            # Decimals are slow to compare: without their decimals they are within, or at a bound and looked at closely.
            if high < _ANY and not low < int(number) < high:
                return False
            if not cumulative:
                if weak and change < _ANY and not -change <= number - before <= change:
                    return False
                continue
            seconds = max(at - (ahead.seen if ahead else register.at), apart)
            most = (weak_rate if weak else rate) * seconds
            if not 0.0 < float(number - before) <= most:
                return False
        elif kind is datetime:
            if number != clock:
                return False
        elif weak and value != last:
            return False
    return True


# What a meter behind a meter counts is told by the unit.
_KIND_OF_UNIT: dict[str | None, Kind] = {
    "m³": Kind.VOLUME,
    "Wh": Kind.ENERGY,
    "J": Kind.ENERGY,
}


def _changes_rarely(quantity: Quantity | None, value: Value) -> bool:
    if value.log is not None or isinstance(value.value, str | None):
        return True
    return (
        quantity is not None
        and quantity.kind in RARELY_CHANGED
        and not quantity.cumulative
    )


def _settle(register: Register, value: Value) -> Judgement:
    """Judge a name, a state, a log or that there is no value: what changed must be said twice."""
    said, before = _word(value), register.value
    pending, register.pending = register.pending, None
    if before is None or said in (_word(before), pending):
        return BELIEVED
    register.pending = said
    return Judgement(Verdict.CONFIRM, "changed")


def _word(value: Value) -> Word:
    """Return what is said; that nothing is, too, can be said twice."""
    if value.log is not None:
        return value.log
    return "" if value.value is None else value.value


_REPLAY = "a frame counter that is not higher than the last valid one: an old or repeated telegram"


# A P1 telegram of which the digits of the checksum got lost looks like one of a meter that sends none.
_CHECKSUM_LOST = Fault(
    FaultKind.CHECKSUM, "a telegram without the checksum that this meter's have"
)


_RESHAPED = Fault(
    FaultKind.IMPLAUSIBLE, "other records than before; waiting for them to come again"
)


@lru_cache(maxsize=64)
def _fingerprint(secret: bytes) -> str:
    from hashlib import sha256  # noqa: PLC0415 - a meter without a key needs no OpenSSL

    return sha256(secret).hexdigest()[:8]


def _by_checksum(reading: Reading) -> bool:
    return not (_weak(reading) or reading.authenticated)


def _unchecked(reading: Reading) -> bool:
    return not (reading.check_bits or reading.authenticated)


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


def _judge_own_time(meter: MeterMemory, reading: Reading, at: float) -> Judgement:
    """Judge the time a telegram tells as its meter's own; one that was doubted is kept for the next telegram."""
    clock, before, pending = reading.time, meter.clock, meter.doubted
    if clock is None:
        return BELIEVED
    meter.doubted = None
    judgement = judge_time(clock, at)
    if judgement is not BELIEVED or not _weak(reading):
        return judgement
    if before is None or meter.told is None:
        return BELIEVED
    judgement = judge_going_on(clock, before, at - meter.told, pending)
    if judgement is not BELIEVED:
        meter.doubted = clock
    return judgement


def _judge_moment(
    register: Register, moment: datetime, own: datetime | None, at: float, *, weak: bool
) -> Judgement:
    """Judge a time; under a weak check it is the telegram's own, or goes on."""
    quantity, before = register.quantity, register.value
    pending, register.pending = register.pending, None
    clock = quantity is not None and quantity.kind is Kind.TIME
    judgement = judge_time(moment, at) if clock else BELIEVED
    if judgement is not BELIEVED or not weak or moment == own:
        return judgement
    if before is None or not isinstance(before.value, datetime):
        return BELIEVED
    doubted = pending if isinstance(pending, datetime) else None
    judgement = judge_going_on(moment, before.value, at - register.at, doubted)
    if judgement is not BELIEVED:
        register.pending = moment
    return judgement


def _of_its_kind(quantity: Quantity, value: Value, around: Surroundings) -> bool:
    """Tell whether a value can be what its code measures: no text for a number, no other unit where the check is weak."""
    if isinstance(value.value, str):
        return quantity.unit is None and not quantity.cumulative
    if quantity.unit is None or value.value is None:
        return True
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
