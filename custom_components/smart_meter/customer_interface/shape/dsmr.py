"""The shape of a P1 telegram: which of its digits are numbers and times, and what they are the value of.

    0-0:1.0.0(260921161320S)                        1-0:1.8.1(026041.403*kWh)
              ^^^^^^^^^^^^                                    ^^^^^^ ^^^
    0-1:24.2.1(260921161000S)(05352.089*m3)         1-0:32.7.0(229.9*V)
               ^^^^^^^^^^^^   ^^^^^ ^^^                        ^^^ ^

What is marked may be other digits in the next telegram; every other character has to be the same, also the digits of
codes, names, flags and logs. Numbers keep their width, as nearly all meters print them; one that grows by a digit goes
the long way once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
import re
from typing import Any

from ..application.dsmr import lines_of, parse_time
from ..errors import ObisFormatError
from ..named import NamedTuple
from ..obis import CLOCK, ObisCode
from ..reading import Reading, Value
from ..units import TEXT_UNITS, Conversion, scaled
from .cache import Filling
from .mask import DIGITS, Mask, make_mask

_END = re.compile(rb"[\r\n]!")
_CODE = rb"\n(?P<code>[0-9]{1,3}-[0-9]{1,3}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?:\*[0-9]{1,3})?)"
_TIME = rb"\((?P<time>[0-9]{12}[SW])\)"
_MEASURED = re.compile(
    _CODE
    + rb"(?:"
    + _TIME
    + rb")?\((?P<number>[0-9]+(?:[.,][0-9]+)?)\*(?P<unit>[^()*\s]+)\)(?=\r?\n)"
)
_CLOCK_LINE = re.compile(_CODE + _TIME + rb"(?P<number>)(?=\r?\n)")


class _Number(NamedTuple):
    """Digits that may change: whose and what value they are, the power of ten behind them, and where their time stands."""

    place: int
    reading: int
    code: ObisCode
    exponent: int
    unit: str | None
    time: int | None


class _Moment(NamedTuple):
    """A time that may change; `reading` and `code` where it is a value itself."""

    place: int
    reading: int
    code: ObisCode | None


type _Times = dict[int | None, datetime | None]
"""Times by their places, and None where nothing says a time."""


class DsmrShape:
    """One telegram of one meter, and what it said last; `end` is where its checksum begins."""

    def __init__(
        self,
        end: int,
        mask: Mask,
        moments: tuple[_Moment, ...],
        numbers: tuple[_Number, ...],
        clocks: tuple[int | None, ...],
        parts: tuple[Any, ...],
        values: tuple[dict[ObisCode, Value], ...],
    ) -> None:
        """Hold what was learned."""
        self.end = end
        self.mask = mask
        self.moments = moments
        self.numbers = numbers
        self.clocks = clocks
        self.parts = parts
        self.times: _Times = {}
        self.raws: dict[ObisCode, int] = {}
        self.values = values

    @property
    def sizes(self) -> tuple[dict[ObisCode, Decimal], ...]:
        """The numbers that may change, and how much of the plain unit a one of their last digit is."""
        sizes: tuple[dict[ObisCode, Decimal], ...] = tuple({} for _ in self.values)
        for number in self.numbers:
            sizes[number.reading][number.code] = Decimal(1).scaleb(number.exponent)
        return sizes

    def read(self, plaintext: bytes) -> list[Filling] | None:
        """Return values and time of the meter and of each device behind it; None where the text has another shape."""
        parts: tuple[Any, ...] | None = self.mask.read(plaintext[: self.end])
        if parts is None:
            return None
        times = self._times(parts)
        if times is None:
            return None
        fillings = [
            Filling(values.copy(), times[clock], [])
            for values, clock in zip(self.values, self.clocks, strict=True)
        ]
        for place, reading, code in self.moments:
            if code is not None:
                fillings[reading].values[code] = Value(times[place])
        if not self._fill(fillings, parts, times):
            return None
        self.parts, self.times = parts, times
        self.values = tuple(filling.values for filling in fillings)
        return fillings

    def _times(self, parts: tuple[Any, ...]) -> _Times | None:
        """Return the times by their places; None where one cannot be."""
        times: _Times = {None: None}
        for place, _, _ in self.moments:
            if parts[place] == self.parts[place]:
                times[place] = self.times[place]
                continue
            moment = parse_time(parts[place].decode("ascii"))
            if moment is None:
                return None
            times[place] = moment
        return times

    def _fill(
        self, fillings: Sequence[Filling], parts: tuple[Any, ...], times: _Times
    ) -> bool:
        """Fill in the numbers that changed; False where one has other characters than digits."""
        before, raws = self.parts, self.raws.copy()
        for place, reading, code, exponent, unit, time in self.numbers:
            digits = parts[place]
            if digits == before[place] and (
                time is None or parts[time] == before[time]
            ):
                continue
            try:
                raw = int(digits.translate(None, b".,"))
            except ValueError:
                return False
            value = Value(scaled(raw, exponent), unit, times[time])
            values, _, changes = fillings[reading]
            values[code] = value
            changes.append((code, raw, raws.get(code, raw), value))
            raws[code] = raw
        self.raws = raws
        return True


# --- learning --------------------------------------------------------------------------------------------------------


def learn(text: bytes, readings: Sequence[Reading]) -> DsmrShape | None:
    """Return the shape of a text that was read as these readings; None where it is better read the long way."""
    mark = _END.search(text)
    if mark is None:
        return None
    body = text[: mark.end()]
    found = list(_found(body, readings))
    spans = sorted(
        line.span(name)
        for line, _, _ in found
        for name in ("time", "number")
        if line[name]
    )
    places = {span: place for place, span in enumerate(spans)}
    moments = dict(_moments(found, places))
    numbers = {number.code: number for number in _numbers(found, places)}
    shape = DsmrShape(
        mark.end(),
        make_mask(
            body, ((start, end, f"{end - start}s") for start, end in spans), DIGITS
        ),
        tuple(moments.values()),
        tuple(numbers.values()),
        tuple(_clock(reading, moments, numbers) for reading in readings),
        (None,) * len(spans),
        tuple(dict(reading.values) for reading in readings),
    )
    said = [(reading.values, reading.time) for reading in readings]
    filled = [filling[:2] for filling in shape.read(text) or ()]
    return shape if filled == said else None


type _Line = tuple[re.Match[bytes], int, ObisCode]
"""A line with a number or time, whose reading it belongs to, and its code."""


def _found(body: bytes, readings: Sequence[Reading]) -> Iterator[_Line]:
    """Yield the lines whose code is printed once and is the value of one reading."""
    printed = Counter(line.code for line in lines_of(body.decode("latin-1")))
    for line in (*_MEASURED.finditer(body), *_CLOCK_LINE.finditer(body)):
        try:
            code = ObisCode.parse(line["code"].decode("ascii"))
        except ObisFormatError:
            continue
        owners = [n for n, reading in enumerate(readings) if code in reading.values]
        known = code == CLOCK if line.re is _CLOCK_LINE else _unit(line) is not None
        if printed[code] == 1 and len(owners) == 1 and known:
            yield line, owners[0], code


def _unit(line: re.Match[bytes]) -> Conversion | None:
    """Return the unit of a number that only its power of ten parts from the plain one."""
    conversion = TEXT_UNITS.get(line["unit"].decode("latin-1").lower())
    return conversion if conversion and conversion.factor == 1 else None


def _moments(
    found: Sequence[_Line], places: Mapping[tuple[int, int], int]
) -> Iterator[tuple[int, _Moment]]:
    for line, reading, code in found:
        if line["time"]:
            place = places[line.span("time")]
            yield place, _Moment(place, reading, code if code == CLOCK else None)


def _numbers(
    found: Sequence[_Line], places: Mapping[tuple[int, int], int]
) -> Iterator[_Number]:
    for line, reading, code in found:
        if line["number"] and (conversion := _unit(line)):
            decimals = len(line["number"].replace(b",", b".").partition(b".")[2])
            yield _Number(
                places[line.span("number")],
                reading,
                code,
                conversion.exponent - decimals,
                conversion.unit,
                places[line.span("time")] if line["time"] else None,
            )


def _clock(
    reading: Reading,
    moments: Mapping[int, _Moment],
    numbers: Mapping[ObisCode, _Number],
) -> int | None:
    """Return the place of a reading's time: the meter's clock, or the time of a device's first value that has one."""
    for place, moment in moments.items():
        if moment.code == CLOCK and CLOCK in reading.values:
            return place
    timed = (code for code, value in reading.values.items() if value.time)
    first = next(timed, None)
    number = numbers.get(first) if first else None
    return number.time if number else None
