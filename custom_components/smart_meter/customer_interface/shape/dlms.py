"""The shape of a DLMS push: which of its bytes are numbers and times, and what they are the value of.

    0F  invoke id(4)  date-time  structure { clock, code, value, {scaler, unit}, code, value, {scaler, unit}, ... }
        ^^^^^^^^^     ^^^^^^^^^              ^^^^^        ^^^^^                        ^^^^^

What is marked may change from one telegram to the next; every other byte has to be the same, so that tags, lengths,
codes, scalers, units, texts and flags are as they were when the list was read the long way. Where the long way looks at
the numbers themselves, they have to give the same answer again: none may stand for "not available", what voltages and
currents without scaler say of their decimals has to be the same, and a time has to stay as aware as it was.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from math import hypot
from typing import Any

from ..application.dlms import NOT_AVAILABLE, NUMBERS, OTHER_NUMBERS, is_clock, unit_of
from ..application.dlms.axdr import Data, Reader, Tag
from ..application.dlms.clock import looks_like_datetime, read_datetime
from ..application.dlms.layout import DATE, TIME, Layout
from ..application.dlms.notification import Notification, read_notification
from ..application.dlms.scaling import (
    FIXED,
    HIGHEST_VOLTAGE,
    LIMITS,
    MARGIN,
    bare_kinds,
    rescale,
)
from ..application.dlms.shapes import Attribute, Content, recognise
from ..named import NamedTuple
from ..obis import ObisCode
from ..quantity import Kind
from ..reading import Fault, Reading, Value
from ..units import Conversion, Number, plain, scaled
from .cache import Filling
from .mask import Mask, Span, make_mask

_FORMS = {
    Tag.INT8: "b",
    Tag.INT16: "h",
    Tag.INT32: "i",
    Tag.INT64: "q",
    Tag.UINT8: "B",
    Tag.UINT16: "H",
    Tag.UINT32: "I",
    Tag.UINT64: "Q",
}
_INVOKE_ID, _TIME_FORM, _TIME = (1, 5, "4s"), 5, 12
# Imported and exported active and reactive power: the axis of the apparent power, and the sign.
_POWERS = {1: (0, 1), 2: (0, -1), 3: (1, 1), 4: (1, -1)}
_MOST_DIGITS = 2
# Numbers that say who the meter is stay as they are.
_IDENTITIES = frozenset((*NUMBERS, *OTHER_NUMBERS))


type Parts = Sequence[Any] | Mapping[int, Any]
"""Variable parts by their place."""


class _Tracer(Reader):
    """Reads Data and notes where each simple element stands, its length included."""

    def __init__(self, data: bytes, at: int) -> None:
        super().__init__(data, at)
        self.places: list[tuple[Data, int, int]] = []

    def read_as(self, tag: Tag, depth: int) -> Data:
        """Read an element and note its place."""
        start = self.at
        data = Reader.read_as(self, tag, depth)
        if not data.items:
            self.places.append((data, start, self.at))
        return data


class _Number(NamedTuple):
    """A number that may change: its place among the variable parts, its code, and what becomes of the integer.

    `size` is how much of the plain unit a one of it is.
    """

    place: int
    code: ObisCode
    scale: Callable[[int], Number] | None
    unit: str | None
    time: datetime | None
    absent: frozenset[int]
    size: Decimal


class _Time(NamedTuple):
    """A time that may change: its place among the variable parts, and its code where it has one."""

    place: int
    code: ObisCode | None
    aware: bool


class DlmsShape:
    """One list of one meter, and what it said last; `own` is the place of the meter's time in `times`."""

    def __init__(
        self,
        mask: Mask,
        numbers: tuple[_Number, ...],
        times: tuple[_Time, ...],
        own: int | None,
        decimals: _Decimals | None,
        parts: tuple[Any, ...],
        values: dict[ObisCode, Value],
    ) -> None:
        """Hold what was learned."""
        self.mask = mask
        self.numbers = numbers
        self.times = times
        self.own = own
        self.decimals = decimals
        self.parts = parts
        self.values = values

    @property
    def sizes(self) -> tuple[dict[ObisCode, Decimal]]:
        """The numbers that may change, and how much of the plain unit a one of each is."""
        return ({number.code: number.size for number in self.numbers},)

    def read(self, plaintext: bytes) -> tuple[Filling] | None:
        """Return the values and the meter's time; None where the plaintext has another shape."""
        parts: tuple[Any, ...] | None = self.mask.read(plaintext)
        if parts is None or not (self.decimals is None or self.decimals.hold(parts)):
            return None
        values, before = self.values.copy(), self.parts
        moments = []
        octets, moment = b"", None
        for index, code, aware in self.times:
            if parts[index] != octets:
                octets = parts[index]
                moment = _moment(octets)
            if moment is None or (moment.tzinfo is not None) is not aware:
                return None
            moments.append(moment)
            if code is not None:
                values[code] = Value(moment)
        changes = []
        for index, code, scale, unit, time, absent, _ in self.numbers:
            raw = parts[index]
            if raw != before[index]:
                if raw in absent:
                    return None
                value = Value(scale(raw) if scale else raw, unit, time)
                values[code] = value
                changes.append((code, raw, before[index], value))
        self.values, self.parts = values, parts
        own = None if self.own is None else moments[self.own]
        return (Filling(values, own, changes),)


def _moment(octets: bytes) -> datetime | None:
    return read_datetime(octets) if looks_like_datetime(octets) else None


class _Bare(NamedTuple):
    """Places of numbers without scaler, and the range of their largest in which they have as many decimals as before."""

    indexes: tuple[int, ...]
    least: int
    most: int

    def holds(self, parts: Parts) -> bool:
        """Tell whether they have as many decimals as before."""
        largest: int = max(abs(parts[i]) for i in self.indexes)
        return self.least <= largest < self.most


class _Decimals(NamedTuple):
    """What scaling.py decides by the numbers: decimals by kind, and whether currents in 0.01 A carry the power."""

    kinds: tuple[_Bare, ...]
    voltages: tuple[int, ...]
    volt: float
    currents: tuple[int, ...]
    powers: tuple[tuple[int, int, float], ...]
    carried: bool

    def hold(self, parts: Parts) -> bool:
        """Tell whether all is decided as it was when the shape was learned."""
        return (
            all(kind.holds(parts) for kind in self.kinds)
            and self.carries(parts) is self.carried
        )

    def carries(self, parts: Parts) -> bool:
        """Tell whether the currents, taken in 0.01 A, carry the power."""
        amperes = sum(abs(parts[i]) for i in self.currents)
        if not amperes:
            return True
        highest = max((abs(parts[i]) for i in self.voltages), default=0) * self.volt
        flows = [0.0, 0.0]
        for index, axis, factor in self.powers:
            flows[axis] += parts[index] * factor
        most = (amperes + len(self.currents)) * 10.0 ** FIXED[Kind.CURRENT]
        return bool(hypot(*flows) <= most * (highest or HIGHEST_VOLTAGE) * MARGIN)


# --- learning --------------------------------------------------------------------------------------------------------


def learn(
    plaintext: bytes, layouts: Sequence[Layout], reading: Reading
) -> DlmsShape | None:
    """Return the shape of a plaintext that was read as this one reading; None where it is better read the long way."""
    tracer = _Tracer(plaintext, 1)
    notification = read_notification(plaintext, tracer)
    if isinstance(notification, Fault) or _is_told_by_sums(notification.body, layouts):
        return None
    content = recognise(notification.body, layouts)
    if content is None or content.devices:
        return None
    bare = dict(bare_kinds(content.attributes.values()))
    attributes = rescale(content, layouts).attributes
    numbers = dict(_numbers(attributes, tracer, reading))
    times = list(_times(plaintext, notification, content, tracer, reading))
    spans = sorted(
        {
            _INVOKE_ID,
            *numbers.values(),
            *(span for span, _ in times),
            *_unheeded(notification, layouts, tracer),
        }
    )
    index = {span: number for number, span in enumerate(spans)}
    places = {code: index[span] for code, span in numbers.items()}
    decimals = _decimals(attributes, bare, places)
    shape = DlmsShape(
        make_mask(plaintext, spans),
        tuple(
            _number(attributes[code], place, reading) for code, place in places.items()
        ),
        tuple(
            _Time(index[span], code, _is_aware(plaintext, span)) for span, code in times
        ),
        _own(reading, times, plaintext),
        decimals if decimals and (decimals.kinds or decimals.currents) else None,
        (None,) * len(spans),
        dict(reading.values),
    )
    proven = shape.read(plaintext) if decimals is not None else None
    return shape if proven and proven[0][:2] == (reading.values, reading.time) else None


def _is_told_by_sums(body: Data, layouts: Sequence[Layout]) -> bool:
    """Tell whether the numbers have a say in which layout it is."""
    items = _items(body)
    alike = [known for known in layouts if known.resembles(items)]
    first = next((n for n, known in enumerate(alike) if not known.sums), len(alike))
    return first > 0


def _items(body: Data) -> Sequence[Data]:
    """Return the elements of the innermost list, as `recognise` finds it."""
    while len(body.items) == 1 and body.items[0].items:
        body = body.items[0]
    return body.items


def _unheeded(
    notification: Notification, layouts: Sequence[Layout], tracer: _Tracer
) -> Iterator[Span]:
    """Yield the places of date and time apart, which nobody looks at where the notification itself tells an aware time."""
    items = _items(notification.body)
    fitting = next((known for known in layouts if known.fits(items)), None)
    told = notification.time is not None and notification.time.tzinfo is not None
    if fitting is None or not told:
        return
    ends = {id(data): end for data, _, end in tracer.places}
    # The first text may tell which layout it is.
    first = next((data for data in items if isinstance(data.value, bytes)), None)
    for field, data in zip(fitting.fields, items, strict=True):
        size = len(_octets(data))
        if field.role in (DATE, TIME) and size and data is not first:
            yield ends[id(data)] - size, ends[id(data)], f"{size}s"


def _numbers(
    attributes: Mapping[ObisCode, Attribute], tracer: _Tracer, reading: Reading
) -> Iterator[tuple[ObisCode, Span]]:
    """Yield the places of the integers that may change."""
    places = {id(data): (start, end) for data, start, end in tracer.places}
    for code, attribute in attributes.items():
        form, place = _FORMS.get(attribute.data.tag), places.get(id(attribute.data))
        known = reading.values.get(code)
        if form and place and known is not None and known.value is not None:
            if code not in _IDENTITIES:
                yield code, (*place, form)


def _times(
    plaintext: bytes,
    notification: Notification,
    content: Content,
    tracer: _Tracer,
    reading: Reading,
) -> Iterator[tuple[Span, ObisCode | None]]:
    """Yield the places of the times that may change, in the order in which the meter's own is looked for."""
    if notification.time is not None:
        start = _TIME_FORM + (2 if plaintext[_TIME_FORM] == Tag.OCTETS else 1)
        yield (start, start + _TIME, "12s"), None
    places = {
        id(data): (end - _TIME, end, "12s")
        for data, _, end in tracer.places
        if isinstance(data.value, bytes) and len(data.value) == _TIME
    }
    named = {id(entry.data) for entry in content.attributes.values()}
    nameless = [
        places[id(data)]
        for data, _, _ in tracer.places
        if id(data) in places.keys() - named
        and content.clock == read_datetime(_octets(data)) is not None
    ]
    if len(nameless) == 1:
        yield nameless[0], None
    for code, entry in content.attributes.items():
        known = reading.values.get(code)
        if id(entry.data) in places and known and isinstance(known.value, datetime):
            yield places[id(entry.data)], code


def _octets(data: Data) -> bytes:
    return data.value if isinstance(data.value, bytes) else b""


def _own(
    reading: Reading, times: list[tuple[Span, ObisCode | None]], plaintext: bytes
) -> int | None:
    """Return which of the times is the meter's: the first aware one, else the first."""
    clocks = [
        number
        for number, (_, code) in enumerate(times)
        if code is None or is_clock(code)
    ]
    aware = (n for n in clocks if _is_aware(plaintext, times[n][0]))
    return next(aware, clocks[0] if clocks else None)


def _is_aware(plaintext: bytes, span: Span) -> bool:
    moment = read_datetime(plaintext[span[0] : span[1]])
    return moment is not None and moment.tzinfo is not None


def _number(attribute: Attribute, place: int, reading: Reading) -> _Number:
    conversion, tag = unit_of(attribute), attribute.data.tag
    absent = attribute.absent | {NOT_AVAILABLE.get(tag, 0)} - {0}
    return _Number(
        place,
        attribute.code,
        _scale(attribute.exponent, conversion),
        conversion.unit,
        reading.values[attribute.code].time,
        frozenset(absent),
        Decimal(conversion.factor).scaleb(attribute.exponent + conversion.exponent),
    )


def _scale(exponent: int, conversion: Conversion) -> Callable[[int], Number] | None:
    """Return what makes a plain number of an integer, as `plain` and `scaled` would; None where nothing is to be done."""
    if conversion.factor == 1 and conversion.exponent == 0:
        return partial(scaled, exponent=exponent) if exponent else None
    return lambda raw: plain(scaled(raw, exponent), conversion)


def _decimals(
    attributes: Mapping[ObisCode, Attribute],
    bare: Mapping[ObisCode, Kind],
    places: Mapping[ObisCode, int],
) -> _Decimals | None:
    """Return what has to be decided again; None where a number it is decided by is not among those that may change."""
    powers = [
        code
        for code in attributes
        if (code.a, code.d, code.e) == (1, 7, 0) and code.c in _POWERS
    ]
    by_kind = {
        kind: [code for code, of in bare.items() if of is kind]
        for kind in (*LIMITS, Kind.CURRENT)
    }
    if not any(by_kind.values()):
        return _Decimals((), (), 0.0, (), (), carried=True)
    if not places.keys() >= {
        *powers,
        *(c for codes in by_kind.values() for c in codes),
    }:
        return None
    raw = {code: abs(int(str(attributes[code].data.value))) for code in places}
    digits = {kind: _digits(kind, (raw[c] for c in by_kind[kind])) for kind in LIMITS}
    kinds = tuple(
        _Bare(
            tuple(places[code] for code in by_kind[kind]),
            limit * 10 ** (digits[kind] - 1) if digits[kind] else 0,
            limit * 10 ** min(digits[kind], _MOST_DIGITS),
        )
        for kind, limit in LIMITS.items()
        if by_kind[kind]
    )
    decided = _Decimals(
        kinds,
        tuple(places[code] for code in by_kind[Kind.VOLTAGE]),
        10.0 ** -digits[Kind.VOLTAGE],
        tuple(places[code] for code in by_kind[Kind.CURRENT]),
        tuple(
            (
                places[code],
                _POWERS[code.c][0],
                _POWERS[code.c][1]
                * 10.0 ** (0 if code in bare else attributes[code].exponent),
            )
            for code in powers
        ),
        carried=True,
    )
    parts = {places[code]: attributes[code].data.value for code in places}
    return decided._replace(carried=decided.carries(parts))


def _digits(kind: Kind, numbers: Iterable[int]) -> int:
    digits, largest = 0, max(numbers, default=0)
    while largest >= LIMITS[kind] * 10**digits:
        digits += 1
    return digits
