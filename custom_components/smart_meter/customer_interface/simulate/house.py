"""A household to meter: a believable week of load and sunshine, the same for the same seed, at any time asked for.

Everything follows from the time alone, so a simulator that is started again goes on where it was. Power is constant
over a minute but for a ripple that cancels out within it; energy is its exact integral, so counters never fall.
All numbers are integers in thousandths of the plain unit (mW, mWh, mV, mA), named by their reduced OBIS code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
import math
from random import Random

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
WEEK_SECONDS = WEEK_MINUTES * 60
FIRST_MONDAY = datetime(2020, 1, 6, tzinfo=UTC).timestamp()
QUARTER = 900
PHASES = (1, 2, 3)
# Low tariff from 22 to 6 o'clock.
HIGH_TARIFF_HOURS = range(6, 22)

# Thousandths by which a second's power differs from its minute's; they cancel out.
_HALF = (0, 12, -8, 25, 7, -19, 31, -4, 16, -27, 9, 3, -14, 22, -6) * 2
RIPPLE = (*_HALF, *(-r for r in _HALF))
_RIPPLE_BEFORE = tuple(
    sum(1000 + r for r in RIPPLE[:second]) for second in range(len(RIPPLE) + 1)
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the meter knows at one moment: its clock, and by reduced OBIS code all numbers in thousandths."""

    time: datetime
    milli: dict[str, int]

    def raw(self, code: str, scaler: int) -> int:
        """Return the integer a register of this scaler (-3 or more) shows."""
        value: int = abs(self.milli[code]) // 10 ** (3 + scaler)
        return -value if self.milli[code] < 0 else value


def central_european(at: float, standard_hours: int = 1) -> datetime:
    """Return the legal time, aware, in a country with the European Union's summer time."""
    moment = datetime.fromtimestamp(int(at), UTC)
    summer = _last_sunday(moment.year, 3) <= moment < _last_sunday(moment.year, 10)
    return moment.astimezone(timezone(timedelta(hours=standard_hours + summer)))


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


@dataclass(frozen=True, slots=True)
class _Minute:
    """Active and reactive power of each phase in W and var, import positive; voltages in mV."""

    active: tuple[int, ...]
    reactive: tuple[int, ...]
    voltage: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class House:
    """One household behind a meter with one or three phases, `seed` tells them apart; `solar` in W peak, 0 for none."""

    seed: int = 1
    phases: int = 3
    solar: int = 6_000
    standard_hours: int = 1

    def at(self, at: float) -> Snapshot:
        """Return everything at a time in seconds since the epoch."""
        week = _week(self.seed, self.phases, self.solar)
        second = int(at - FIRST_MONDAY)
        milli = week.instant(second) | {
            code: week.energy(code, second) for code in week.sums
        }
        return Snapshot(central_european(at, self.standard_hours), milli)

    def quarter(self, start: float, end: float) -> int:
        """Return the average import in mW between two times."""
        week = _week(self.seed, self.phases, self.solar)
        first, last = int(start - FIRST_MONDAY), int(end - FIRST_MONDAY)
        energy = week.energy("1.8.0", last) - week.energy("1.8.0", first)
        return energy * 3600 // max(last - first, 1)

    def peak(self, start: float, end: float) -> tuple[int, float]:
        """Return the highest quarter-hour import in mW between two times, and when that quarter ended."""
        first, last = -(-int(start) // QUARTER), int(end) // QUARTER
        return _peak(self, first, last) if first < last else (0, start)


@lru_cache(maxsize=64)
def _peak(house: House, first: int, last: int) -> tuple[int, float]:
    """Return the highest of the quarters from the one number `first` on, before number `last`."""
    ends = (number * QUARTER for number in range(first + 1, last + 1))
    return max((house.quarter(end - QUARTER, end), float(end)) for end in ends)


@dataclass(frozen=True, slots=True)
class _Week:
    """The week that repeats: its minutes, and the sum of each energy in Ws before each of them."""

    minutes: tuple[_Minute, ...]
    sums: dict[str, tuple[int, ...]]

    def energy(self, code: str, second: int) -> int:
        """Return a counter in mWh (or mvarh)."""
        weeks, rest = divmod(second, WEEK_SECONDS)
        minute, part = divmod(rest, 60)
        sums = self.sums[code]
        power = (sums[minute + 1] - sums[minute]) // 60
        whole = (weeks * sums[-1] + sums[minute]) * 1000
        return (whole + power * _RIPPLE_BEFORE[part]) // 3600

    def instant(self, second: int) -> dict[str, int]:
        """Return powers, voltages, currents, factors and angles of one second."""
        minute, part = divmod(second % WEEK_SECONDS, 60)
        here, ripple = self.minutes[minute], 1000 + RIPPLE[part]
        active = [p * ripple for p in here.active]
        reactive = [q * ripple for q in here.reactive]
        voltage = [u - 4 * RIPPLE[part] if u else 0 for u in here.voltage]
        values = _totals(sum(active), sum(reactive)) | {"14.7.0": 50_000 + RIPPLE[part]}
        for phase, p, q, u in zip(PHASES, active, reactive, voltage, strict=True):
            values |= _phase(phase, p, q, u)
        return values


def _totals(active: int, reactive: int) -> dict[str, int]:
    apparent = math.isqrt(active**2 + reactive**2)
    return {
        "1.7.0": max(active, 0),
        "2.7.0": max(-active, 0),
        "3.7.0": max(reactive, 0),
        "4.7.0": max(-reactive, 0),
        "16.7.0": active,
        "9.7.0": apparent if active >= 0 else 0,
        "10.7.0": apparent if active < 0 else 0,
        "13.7.0": _factor(active, apparent),
    }


def _phase(phase: int, active: int, reactive: int, voltage: int) -> dict[str, int]:
    c = 20 * phase
    apparent = math.isqrt(active**2 + reactive**2)
    return {
        f"{c + 1}.7.0": max(active, 0),
        f"{c + 2}.7.0": max(-active, 0),
        f"{c + 3}.7.0": max(reactive, 0),
        f"{c + 4}.7.0": max(-reactive, 0),
        f"{c + 11}.7.0": apparent * 1000 // voltage if voltage else 0,
        f"{c + 12}.7.0": voltage,
        f"{c + 13}.7.0": _factor(active, apparent),
        f"81.7.{(40, 51, 62)[phase - 1]}": _angle(active, reactive),
    }


def _factor(active: int, apparent: int) -> int:
    return abs(active) * 1000 // apparent if apparent else 1000


def _angle(active: int, reactive: int) -> int:
    return round(math.degrees(math.atan2(reactive, active))) % 360 * 1000


@lru_cache(maxsize=8)
def _week(seed: int, phases: int, solar: int) -> _Week:
    minutes = tuple(_minutes(Random(f"house {seed}"), phases, solar))
    return _Week(
        minutes,
        {code: _sums([flow(m) for m in minutes]) for code, flow in _FLOWS.items()}
        | _tariffs(minutes),
    )


def _sums(powers: list[int]) -> tuple[int, ...]:
    sums = [0]
    for power in powers:
        sums.append(sums[-1] + 60 * power)
    return tuple(sums)


_FLOWS: dict[str, Callable[[_Minute], int]] = {
    "1.8.0": lambda m: max(sum(m.active), 0),
    "2.8.0": lambda m: max(-sum(m.active), 0),
    "3.8.0": lambda m: max(sum(m.reactive), 0),
    "4.8.0": lambda m: max(-sum(m.reactive), 0),
    "15.8.0": lambda m: abs(sum(m.active)),
    "21.8.0": lambda m: max(m.active[0], 0),
    "22.8.0": lambda m: max(-m.active[0], 0),
    "41.8.0": lambda m: max(m.active[1], 0),
    "42.8.0": lambda m: max(-m.active[1], 0),
    "61.8.0": lambda m: max(m.active[2], 0),
    "62.8.0": lambda m: max(-m.active[2], 0),
}


def _tariffs(minutes: tuple[_Minute, ...]) -> dict[str, tuple[int, ...]]:
    """Split import, export and both reactive counters between high (1) and low tariff (2)."""
    high = [
        _standard_hour(number) in HIGH_TARIFF_HOURS for number in range(len(minutes))
    ]
    return {
        f"{c}.8.{tariff}": _sums(
            [
                _FLOWS[f"{c}.8.0"](m) if is_high == (tariff == 1) else 0
                for m, is_high in zip(minutes, high, strict=True)
            ]
        )
        for c in (1, 2, 3, 4, 15)
        for tariff in (1, 2)
    }


def _standard_hour(minute: int) -> int:
    return (minute // 60 + 1) % 24


def _minutes(random: Random, phases: int, solar: int) -> list[_Minute]:
    load = _loads(random)
    sun = _sunshine(random, solar)
    return [
        _minute(random, phases, load[number], sun[number], fridge=number % 45 < 17)
        for number in range(WEEK_MINUTES)
    ]


def _minute(
    random: Random, phases: int, load: tuple[int, ...], sun: int, *, fridge: bool
) -> _Minute:
    active = [load[0] + 70 * fridge - sun // 3, load[1] - sun // 3, load[2] - sun // 3]
    reactive = [45 * fridge - 25, load[1] // 9 - 30, load[2] // 12 - 15]
    voltage = [230_400 + random.randint(-900, 900) - p // 3 for p in active]
    if phases == 1:
        return _Minute((sum(active), 0, 0), (sum(reactive), 0, 0), (voltage[0], 0, 0))
    return _Minute(tuple(active), tuple(reactive), tuple(voltage))


# Appliance: phase, W, minutes it runs, hours in which it may begin, times a day.
_APPLIANCES = (
    (0, 2_000, 4, (6, 7, 15, 16), 3),  # kettle, coffee
    (1, 1_800, 45, (11, 17, 18), 2),  # stove and oven
    (2, 2_100, 25, (9, 13, 20), 1),  # washing machine heating
    (0, 900, 60, (8, 19, 21), 1),  # dishwasher
    (1, 130, 240, (17, 18), 1),  # television
    (2, 160, 300, (6, 16, 17), 2),  # light
)
_CAR = (10_500, 150, (18, 22))  # charges on all phases, every other day


def _loads(random: Random) -> list[tuple[int, ...]]:
    """Return W per phase for each minute of the week."""
    loads = [[90, 75, 60] for _ in range(WEEK_MINUTES)]
    for day in range(7):
        for phase, watts, lasts, hours, times in _APPLIANCES:
            for _ in range(times):
                _run(loads, _begin(random, day, hours), lasts, ((phase, watts),))
        if day % 2:
            watts, lasts, hours = _CAR
            _run(
                loads,
                _begin(random, day, hours),
                lasts,
                [(p, watts // 3) for p in range(3)],
            )
    return [tuple(p + random.randint(0, 12) for p in minute) for minute in loads]


def _begin(random: Random, day: int, hours: tuple[int, ...]) -> int:
    return day * DAY_MINUTES + (random.choice(hours) - 1) * 60 + random.randint(0, 59)


def _run(
    loads: list[list[int]],
    begin: int,
    lasts: int,
    phases: list[tuple[int, int]] | tuple[tuple[int, int], ...],
) -> None:
    for minute in range(begin, begin + lasts):
        for phase, watts in phases:
            loads[minute % WEEK_MINUTES][phase] += watts


def _sunshine(random: Random, peak: int) -> list[int]:
    """Return W of the solar plant for each minute of the week: a bell by day, weather by the day, clouds by the minute."""
    sun = []
    for _ in range(7):
        weather, cloud = random.uniform(0.35, 1.0), 1.0
        for minute in range(DAY_MINUTES):
            cloud = min(1.0, max(0.4, cloud + random.uniform(-0.06, 0.06)))
            height = math.sin(math.pi * (minute - 5 * 60) / (12 * 60))
            sun.append(int(peak * weather * cloud * max(height, 0.0) ** 1.4))
    return sun
