"""What may be believed, given what was believed before: pure judgements about single values.

A value that fails is withheld, never corrected. Two kinds of reasons: what cannot be (a counter that falls, more energy
than the connection carries, a voltage of 5 kV), and, where a telegram is protected by less than a 16-bit check and no
tag, what does not fit the telegrams before and after: such a change waits for the next telegram to confirm it.
"""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from math import ceil, floor, inf, isinf

from .named import NamedTuple
from .quantity import Kind, Quantity
from .units import Number

STRONG_CHECK_BITS = 16
DAY = 86_400.0
HOUR = 3_600.0
# Seconds of telegrams that adapters and networks hold back at most: a clock under a weak check is believed no more.
HELD_BACK = 60.0
# Besides, a clock that tells no seconds is off by up to a minute.
ASTRAY = HELD_BACK + 60.0
# Wherever meters are read, summer time begins and ends on a Sunday before this hour.
SUNDAY, CHANGED_BEFORE = 6, 5


class Verdict(Enum):
    """What to do with a value."""

    BELIEVE = "believe"
    WITHHOLD = "withhold"  # it cannot be
    CONFIRM = "confirm"  # it may be: the next telegram decides


class Judgement(NamedTuple):
    """A verdict and, where it is not BELIEVE, the reason in English."""

    verdict: Verdict
    reason: str = ""


BELIEVED = Judgement(Verdict.BELIEVE)

_THERMAL = ("heat_", "cooling_")


class Limits(NamedTuple):
    """What the connection can carry: power in W (both directions), volume flow in m³/h.

    100 kW is what three phases of 145 A carry, beyond any household connection; with current transformers the user
    says more. Heat and cold are metered for whole houses too: 10 MW is what 200 m³/h of water carry at 43 K.
    """

    power: float = 100_000.0
    volume_flow: float = 200.0
    thermal_power: float = 10_000_000.0

    def power_of(self, quantity: Quantity) -> float:
        """Return the highest power of a quantity, or that its energy may be counted with."""
        return self.thermal_power if quantity.name.startswith(_THERMAL) else self.power


class Earlier(NamedTuple):
    """A number believed before, and how many seconds ago; None where the clock ran backwards in between."""

    number: Number
    seconds: float | None


class Surroundings(NamedTuple):
    """What else the same telegram says: highest active power and the apparent power of all phases, in W and VA."""

    weak: bool = False
    power: float | None = None
    apparent: float | None = None


# Physical bounds a household meter's value cannot leave, in plain units.
_BOUNDS: dict[Kind, tuple[float, float]] = {
    Kind.VOLTAGE: (0, 1_000),
    Kind.CURRENT: (-5_000, 5_000),
    Kind.FREQUENCY: (0, 70),
    Kind.POWER_FACTOR: (-1, 1),
    Kind.ANGLE: (-360, 360),
    Kind.TEMPERATURE: (-100, 300),
}

# A change within one telegram's time that is worth a second look where the check is weak.
_SUDDEN: dict[Kind, float] = {Kind.POWER: 3_000, Kind.CURRENT: 16, Kind.VOLTAGE: 40}

# What a meter allows, not what it measures: a limit beyond every connection is how some say that there is none.
_LIMITS = ("limit", "power_limit")

# Heat cost allocators begin at zero again on their due date, and tell what they stood at as a value of its own.
_BEGIN_ANEW = ("heat_cost_units",)

_RATES = {Kind.ENERGY, Kind.REACTIVE_ENERGY, Kind.APPARENT_ENERGY}

# What says the same for hours and days: another word is worth a second look where the check is weak.
RARELY_CHANGED = (Kind.STATE, Kind.TEXT, Kind.COUNT, Kind.NUMBER)


class Margins(NamedTuple):
    """Within these `judge_number` believes a number whatever the rest of the telegram says: the quick way past it.

    A number of the plain unit from `low` to `high` that differs from the one before by no more than `change`; a
    counter that rose by no more than `rate` a second, or `weak_rate` where the check is weak.
    """

    low: float
    high: float
    cumulative: bool = False
    change: float = inf
    rate: float = inf
    weak_rate: float = inf


def margins(quantity: Quantity | None, limits: Limits) -> Margins:
    """Return the margins of a quantity; none where nothing is known of it."""
    if quantity is None:
        return Margins(-inf, inf)
    low, high = _whole_bounds(quantity, limits)
    hour = _most(quantity, 3_600, limits)
    rate = inf if hour is None else hour / 3_600
    likely = _likely(quantity, 1.0, Surroundings())
    return Margins(
        low,
        high,
        quantity.cumulative,
        0 if quantity.kind in RARELY_CHANGED else _SUDDEN.get(quantity.kind, inf),
        rate,
        # What is counted is told by the unit, if at all.
        0 if quantity.kind is Kind.NUMBER else min(rate, likely or rate),
    )


def _whole_bounds(quantity: Quantity, limits: Limits) -> tuple[float, float]:
    """Return whole numbers within the bounds, which are quick to compare with; infinities where there are none."""
    low, high = _bounds(quantity, limits)
    return (low, high) if isinf(high) else (ceil(low), floor(high))


def judge_number(
    quantity: Quantity,
    number: Number,
    before: Earlier | None,
    around: Surroundings,
    limits: Limits,
    scale: int = 1,
) -> Judgement:
    """Judge one number by itself, by the number believed before and by what the same telegram says.

    `scale` is how many of the number's unit are one of the quantity's: 3600 for a counter of joules.
    """
    judgement = _bounded(quantity, number, limits)
    if judgement is not BELIEVED or before is None:
        return judgement
    if quantity.cumulative:
        return _counter(quantity, number, before, around, limits, scale)
    return _sudden(quantity, number, before, around) if around.weak else BELIEVED


def _bounded(quantity: Quantity, number: Number, limits: Limits) -> Judgement:
    low, high = _bounds(quantity, limits)
    if not low <= number <= high:
        return Judgement(Verdict.WITHHOLD, "is outside of what is possible")
    if quantity.cumulative and number < 0:
        return Judgement(Verdict.WITHHOLD, "is a negative counter")
    return BELIEVED


def _bounds(quantity: Quantity, limits: Limits) -> tuple[float, float]:
    if quantity.kind in (
        Kind.POWER,
        Kind.REACTIVE_POWER,
        Kind.APPARENT_POWER,
    ) and not quantity.name.startswith(_LIMITS):
        power = limits.power_of(quantity)
        return -power, power
    if quantity.kind is Kind.VOLUME_FLOW:
        return -limits.volume_flow, limits.volume_flow
    return _BOUNDS.get(quantity.kind, (-inf, inf))


def _counter(
    quantity: Quantity,
    number: Number,
    before: Earlier,
    around: Surroundings,
    limits: Limits,
    scale: int,
) -> Judgement:
    increase = number - before.number
    if increase < 0:
        return _fallen(quantity, -increase, around, scale)
    if before.seconds is None or increase == 0:
        return BELIEVED
    most = _most(quantity, before.seconds, limits)
    step = _resolution(number, before.number, 10_000 * scale)
    if most is not None and increase > most * scale + 2 * step:
        return Judgement(Verdict.WITHHOLD, "rose faster than the connection can carry")
    likely = _likely(quantity, before.seconds, around) if around.weak else None
    if likely is not None and increase > likely * scale + 2 * _finest(
        number, before.number, step
    ):
        return Judgement(Verdict.CONFIRM, "rose faster than is likely")
    return BELIEVED


def _fallen(
    quantity: Quantity, fall: Number, around: Surroundings, scale: int
) -> Judgement:
    """A counter never falls; where the check is weak it may be the number before that was wrong, by a little."""
    likely = _likely(quantity, 3_600, around) if around.weak else None
    slight = likely is not None and fall <= likely * scale
    may = slight or quantity.name in _BEGIN_ANEW
    verdict = Verdict.CONFIRM if may else Verdict.WITHHOLD
    return Judgement(verdict, "fell below the reading before")


def _most(quantity: Quantity, seconds: float, limits: Limits) -> float | None:
    """Return the largest believable increase over a time, None where no rate is known."""
    if quantity.kind in _RATES:
        return limits.power_of(quantity) * seconds / 3_600
    if quantity.kind is Kind.VOLUME:
        return limits.volume_flow * seconds / 3_600
    return None


# What a household may switch on and off again between two telegrams without either of them showing it.
_UNSEEN_POWER = 5_000.0
# More gas or water, in m³/h, than a household draws for long.
_UNSEEN_FLOW = 10.0


def _likely(quantity: Quantity, seconds: float, around: Surroundings) -> float | None:
    """Return the largest increase over a time that nobody wonders at, None where no rate is known."""
    if quantity.kind in _RATES:
        return ((around.power or 0.0) * 1.5 + _UNSEEN_POWER) * seconds / 3_600
    return _UNSEEN_FLOW * seconds / 3_600 if quantity.kind is Kind.VOLUME else None


def _resolution(number: Number, before: Number, most: int) -> int:
    """Estimate a counter's step: the largest power of ten up to `most` that both readings are multiples of."""
    step = 1
    if isinstance(number, int) and isinstance(before, int):
        while step < most and number % (step * 10) == 0 and before % (step * 10) == 0:
            step *= 10
    return step


def _finest(number: Number, before: Number, step: int) -> float:
    """Return what a counter may rise by at once: the last digit of a decimal, else its step, which a zero does not tell."""
    exponents = [
        exponent
        for decimal in (number, before)
        if isinstance(decimal, Decimal)
        and isinstance(exponent := decimal.as_tuple().exponent, int)
    ]
    if exponents:
        return float(10.0 ** min(exponents))
    return step if before else 1


def _size(number: Number) -> Number:
    return number if number >= 0 else -number


def _sudden(
    quantity: Quantity, number: Number, before: Earlier, around: Surroundings
) -> Judgement:
    allowed = _SUDDEN.get(quantity.kind)
    if (
        allowed is None
        or _size(number - before.number) <= allowed
        or _corroborated(quantity, number, around)
    ):
        return BELIEVED
    return Judgement(Verdict.CONFIRM, "changed suddenly")


def _corroborated(quantity: Quantity, number: Number, around: Surroundings) -> bool:
    """Tell whether voltages and currents of the same telegram explain a power."""
    if quantity.kind is not Kind.POWER or around.apparent is None:
        return False
    return _size(number) <= around.apparent * 1.15 + 100


def confirms(pending: Number, number: Number, believed: Number) -> bool:
    """Tell whether a number speaks for the pending one rather than for the one believed before."""
    return _size(number - pending) <= _size(number - believed)


def judge_time(clock: datetime, arrived: float) -> Judgement:
    """Judge a meter clock against the arrival: more than two days apart is nonsense."""
    try:
        seconds = clock.timestamp()
    except OverflowError, ValueError:  # the first and last years there are
        seconds = inf
    if abs(seconds - arrived) > 2 * DAY:
        return Judgement(Verdict.WITHHOLD, "is more than two days off")
    return BELIEVED


def goes_on(clock: datetime, before: datetime, seconds: float) -> bool:
    """Tell whether a clock stands, or went on as time did since it showed another time, so many seconds ago."""
    ahead = _ahead(clock, before)
    jump = abs(ahead - seconds)
    if ahead == 0 or jump <= ASTRAY:
        return True
    return _is_set_that_night(clock) and abs(jump - HOUR) <= ASTRAY


def judge_going_on(
    clock: datetime, before: datetime, seconds: float, pending: datetime | None
) -> Judgement:
    """Judge a clock under a weak check: one that does not go on must come twice, and the first of these is `pending`."""
    if goes_on(clock, before, seconds) or (
        pending is not None and abs(_ahead(clock, pending)) < abs(_ahead(clock, before))
    ):
        return BELIEVED
    return Judgement(Verdict.CONFIRM, "does not go on as time does")


def _is_set_that_night(clock: datetime) -> bool:
    """Tell whether summer time may begin or end: a Sunday's first hours, of a clock that tells local time alone."""
    return (
        clock.tzinfo is None
        and clock.weekday() == SUNDAY
        and clock.hour < CHANGED_BEFORE
    )


def _ahead(clock: datetime, other: datetime) -> float:
    """Return how many seconds a clock is ahead of another, infinity where one of them does not know its offset."""
    if (clock.tzinfo is None) is not (other.tzinfo is None):
        return inf
    return (clock - other).total_seconds()
