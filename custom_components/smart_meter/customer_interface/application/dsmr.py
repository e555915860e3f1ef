"""The text of P1 telegrams: DSMR 2.2 to 5 and its national kin, and IEC 62056-21 mode D.

    /XXXn ident
    A-B:C.D.E(value*unit)                     a value
    A-B:C.D.E(time)(value*unit)               a value with a time of its own
    A-B:C.D.E(count)(code)...(time)(value*unit)(time)(value*unit)...       a log
    0-n:24.3.0(time)(status)(minutes)(count)(code)(unit)...(value)...      a profile (DSMR 2 and 3)
    !CRC

Sources: DSMR P1 companion standard 2.2, 3.0, 4.2 and 5.0.2 (chapter 6), e-MUCS P1 1.7.1 (Fluvius), Smarty P1 1.0
(Luxembourg), and published telegrams of meters in Austria, Denmark, Germany, Hungary, Lithuania, Poland and Slovenia.

Times are YYMMDDhhmmss with S for summer and W for winter time: Central European Time is meant, +02:00 and +01:00,
unless the caller knows the meter to be elsewhere, for no telegram says where it is from.
Texts and identifiers are often printed as the hexadecimal codes of their characters and are given as those characters.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone
import re

from ..errors import ObisFormatError
from ..media import MEDIA
from ..named import NamedTuple
from ..obis import CLOCK, ObisCode
from ..reading import (
    CENTRAL_EUROPE,
    Fault,
    FaultKind,
    LogEntry,
    MeterIdentity,
    Reading,
    Scalar,
    Value,
)
from ..units import TEXT_UNITS, from_text, plain

_MAKER = re.compile(r"/([A-Za-z]{3})")
_LINE = re.compile(r"\s*([0-9A-Z]{1,3}[0-9A-Z:.*&-]*)\s*\((.*)", re.DOTALL)
_GROUP = re.compile(r"\(([^()]*)\)")
_NUMBER = re.compile(r"([+-]?[0-9]+(?:[.,][0-9]+)?)(?:\s*\*?\s*([^\s*\d.,][^\s*]*))?")
_TIME = re.compile(
    r"(?:20)??(?P<year>\d\d)-?(?P<month>\d\d)-?(?P<day>\d\d)[ T]?"
    r"(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d))?(?P<season>[SW]?)"
)
_PART = re.compile(r"([0-9]{2})([:-]?)([0-9]{2})\2([0-9]{2})")
_ZONES = {
    "S": timezone(CENTRAL_EUROPE + timedelta(hours=1)),
    "W": timezone(CENTRAL_EUROPE),
}
# A power factor is 1 at most: one with leading zeros and without point is in thousandths (Lithuania).
_THOUSANDTHS = re.compile(r"[0-9]{4,}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_BLANK = re.compile(r"(?:20)*")
_LEAST_IDENTIFIER, _LEAST_DIGITS = 4, 3

_TIMES_OF_DAY = tuple(ObisCode(a, 0, 0, 9, 1) for a in (0, 1))
_DATES = tuple(ObisCode(a, 0, 0, 9, 2) for a in (0, 1))
# Where a meter's number is found, the likeliest first.
_NUMBERS = tuple(
    ObisCode.parse(text)
    for text in (
        "0-0:96.1.0",
        "0-0:96.1.1",
        "0-0:96.1.255",
        "1-0:96.1.0",
        "1-0:0.0.0",
        "0-0:42.0.0",
    )
)
_DEVICE, _IDENTIFIER, _MESSAGE = 24, (96, 1), (96, 13)
_PROFILE, _DEVICE_TYPE = (24, 3), (24, 1, 0)
_LOGS = frozenset({(99, 97), (99, 1), (98, 1)})
_NAMES = frozenset({(42, 0), (0, 0), _IDENTIFIER})
_POWER_FACTORS = frozenset((c, 7) for c in (13, 33, 53, 73))


class _Line(NamedTuple):
    """One line: its code and what its brackets hold."""

    code: ObisCode
    groups: tuple[str, ...]


def read(
    text: bytes, standard_time: timedelta = CENTRAL_EUROPE
) -> tuple[Reading | Fault, ...]:
    """Read a telegram, from '/' to the end of the checksum line; the checksum is the link's to verify.

    The first reading is the meter's own; each device behind it has one with its channel. Energy comes out in Wh, power
    in W, volume in m³. `standard_time` is how far winter time is ahead of UTC where the meter is. A telegram without a
    line that can be read is a `layout` fault.
    """
    decoded = text.decode("latin-1")
    own, devices = _by_device(list(lines_of(decoded)))
    readings = [_read_meter(own, _MAKER.match(decoded))] if own else []
    for channel in sorted(devices):
        readings += _read_device(channel, devices[channel])
    shift = standard_time - CENTRAL_EUROPE
    return tuple(_moved(r, shift) if shift else r for r in readings) or (_NOTHING,)


_NOTHING = Fault(FaultKind.LAYOUT, "a P1 telegram without a line that can be read")


def _moved(reading: Reading, shift: timedelta) -> Reading:
    """Move a reading's times into the zone they were printed in, what the clock shows stays."""
    return reading._replace(
        time=_moved_time(reading.time, shift),
        values={
            code: value._replace(
                value=_moved_time(value.value, shift),
                time=_moved_time(value.time, shift),
                log=value.log
                and tuple(
                    entry._replace(time=_moved_time(entry.time, shift))
                    for entry in value.log
                ),
            )
            for code, value in reading.values.items()
        },
    )


def _moved_time[T: Scalar](time: T, shift: timedelta) -> T:
    offset = time.utcoffset() if isinstance(time, datetime) else None
    if offset is None or not isinstance(time, datetime):
        return time
    return time.replace(tzinfo=timezone(offset + shift))


def lines_of(text: str) -> Iterator[_Line]:
    """Yield the lines that have a code, soft line breaks mended."""
    body = text[text.find("\n") :] if text.startswith("/") else text
    pieces: list[list[str]] = []
    unclosed = 0
    for line in re.split(r"[\r\n]+", re.split(r"[\r\n]!", body)[0]):
        if not pieces or _LINE.match(line) or not (unclosed > 0 or line[:1] == "("):
            pieces.append([])
            unclosed = 0
        pieces[-1].append(line)
        unclosed += line.count("(") - line.count(")")
    for line in map("".join, pieces):
        parsed = _parse_line(line)
        if parsed is not None:
            yield parsed


def _parse_line(line: str) -> _Line | None:
    match = _LINE.match(line)
    if match is None:
        return None
    code = _code(match[1])
    groups = tuple(group.strip() for group in _GROUP.findall("(" + match[2]))
    return _Line(code, groups) if code and groups else None


def _code(text: str) -> ObisCode | None:
    """Read a code; DSMR 4 prints `1-0:99:97.0` for `1-0:99.97.0`."""
    head, colon, tail = text.partition(":")
    try:
        return ObisCode.parse(head + colon + tail.replace(":", "."))
    except ObisFormatError:
        return None


def _by_device(lines: list[_Line]) -> tuple[list[_Line], dict[int, list[_Line]]]:
    """Part the lines into the meter's own and those of each channel that has a device."""
    own: list[_Line] = []
    devices: dict[int, list[_Line]] = {
        line.code.b: [] for line in lines if _introduces_device(line.code)
    }
    for line in lines:
        foreign = line.code.a == 0 and line.code.b in devices
        (devices[line.code.b] if foreign else own).append(line)
    return own, devices


def _introduces_device(code: ObisCode) -> bool:
    return code.a == 0 and code.b > 0 and code.c in (_DEVICE, _IDENTIFIER[0])


def _values(lines: list[_Line]) -> Mapping[ObisCode, Value]:
    """Return the values; where a code is printed twice the newest, or the first that says something, counts."""
    values: dict[ObisCode, Value] = {}
    for line in lines:
        for code, value in _read_line(line):
            known = values.get(code)
            if known is None or _says_nothing(known) or _is_newer(value, known):
                values[code] = value
    return values


def _is_newer(value: Value, known: Value) -> bool:
    """Whether both have a time and it is the later: the ACE4000 prints its gas of each hour of a day, in any order."""
    if value.time is None or known.time is None:
        return False
    return value.time.replace(tzinfo=None) > known.time.replace(tzinfo=None)


def _says_nothing(value: Value) -> bool:
    return value.value is None and not value.log


def _read_meter(lines: list[_Line], maker: re.Match[str] | None) -> Reading:
    values = _values(lines)
    electric = any(code.a == 1 and 1 <= code.c <= 80 for code in values)
    meter = MeterIdentity(
        number=_number(values),
        manufacturer=maker[1].upper() if maker else None,
        medium="electricity" if electric else None,
    )
    return Reading(meter, _clock(values), values)


def _number(values: Mapping[ObisCode, Value]) -> str | None:
    for code in _NUMBERS:
        value = values.get(code)
        if value and isinstance(value.value, str) and value.value.strip("0"):
            return value.value
    return None


def _clock(values: Mapping[ObisCode, Value]) -> datetime | None:
    """Return the meter's time, from its clock or from date and time of day."""
    clock = _first(values, (CLOCK,))
    if isinstance(clock, datetime):
        return clock
    day, hour = _first(values, _DATES), _first(values, _TIMES_OF_DAY)
    if isinstance(day, date) and isinstance(hour, time):
        return datetime.combine(day, hour)
    return None


def _first(values: Mapping[ObisCode, Value], codes: tuple[ObisCode, ...]) -> Scalar:
    return next((values[code].value for code in codes if code in values), None)


def _read_device(channel: int, lines: list[_Line]) -> list[Reading]:
    """Read one device behind the meter; one of which nothing is known but an empty place is none."""
    values = _values(lines)
    if all(map(_says_nothing, values.values())):
        return []
    numbers = [
        value.value
        for code, value in values.items()
        if (code.c, code.d) == _IDENTIFIER and isinstance(value.value, str)
    ]
    kind = values.get(ObisCode(0, channel, *_DEVICE_TYPE))
    meter = MeterIdentity(
        number=next((number for number in numbers if number.strip("0")), None),
        medium=MEDIA.get(kind.value) if kind and isinstance(kind.value, int) else None,
        channel=channel,
    )
    times = [value.time for value in values.values() if value.time]
    return [Reading(meter, times[0] if times else None, values)]


def _read_line(line: _Line) -> Iterator[tuple[ObisCode, Value]]:
    code, groups = line.code, line.groups
    if (code.c, code.d) == _PROFILE and len(groups) > 4:
        yield from _read_profile(code, groups)
    elif (code.c, code.d) in _LOGS or len(groups) > 2:
        yield code, Value(None, log=tuple(_entries(groups)))
    elif len(groups) == 2:
        yield code, _timed(groups)
    else:
        yield code, _single(code, groups[0])


def _timed(groups: tuple[str, ...]) -> Value:
    """Read a value with its time, whichever comes first; two other things are a log.

    A zero without unit, or at an impossible time, stands where no value was captured yet.
    """
    for moment, group in (groups, groups[::-1]):
        if _is_time(moment):
            number, unit = _measure(group)
            at = parse_time(moment)
            if number == 0 and (unit is None or at is None):
                return Value(None)
            return Value(number, unit, time=at)
    return Value(None, log=tuple(_entries(groups)))


def _single(code: ObisCode, group: str) -> Value:
    if (code.c, code.d) == _MESSAGE:
        text = _characters(group)
        return Value(group if text is None else text)
    if (code.c, code.d) in _NAMES:
        return Value(_identifier(group))
    if code == CLOCK:
        return Value(parse_time(group))
    if code in _TIMES_OF_DAY or code in _DATES:
        return Value(_parse_part(group, is_date=code in _DATES))
    if (code.c, code.d) in _POWER_FACTORS and _THOUSANDTHS.fullmatch(group):
        group = f"{group[:-3]}.{group[-3:]}"
    number, unit = _measure(group)
    return Value(number, unit)


def _characters(group: str) -> str | None:
    """Return the text that hexadecimal digits spell, None where they spell none."""
    if not _HEX.fullmatch(group):
        return None
    try:
        text = bytes.fromhex(group).decode("utf-8").rstrip("\0 ")
    except UnicodeDecodeError:
        return None
    return text if re.sub(r"[\r\n]", "", text).isprintable() else None


def _identifier(group: str) -> str | None:
    """Return an identifier as printed on the meter; decimal digits stay unless what they spell ends like a number."""
    if _BLANK.fullmatch(group):
        return None
    text = _characters(group)
    if text is None or len(text) < _LEAST_IDENTIFIER or not text.isascii():
        return group
    spelled = not group.isdigit() or text[-_LEAST_DIGITS:].isdigit()
    return text.strip() if spelled else group


def _measure(group: str) -> tuple[Scalar, str | None]:
    """Read a number with or without unit into its plain unit, a time, or else a text; nothing where none is printed."""
    if not group or group[0] == "*":
        return None, None
    if _is_seasonal(group):
        return parse_time(group), None
    match = _NUMBER.fullmatch(group)
    number = from_text(match[1]) if match else None
    if match is None or number is None:
        return group, None
    if not match[2]:
        return number, None
    conversion = TEXT_UNITS.get(match[2].lower())
    if conversion is not None:
        return plain(number, conversion), conversion.unit
    return (number, match[2]) if "*" in group else (group, None)


def _is_seasonal(group: str) -> bool:
    """Tell a time that says it is one, even an impossible one."""
    return group[-1:] in _ZONES and _TIME.fullmatch(group) is not None


def _is_time(group: str) -> bool:
    """Tell a time from a number with as many digits."""
    return _is_seasonal(group) or (len(group) >= 12 and parse_time(group) is not None)


def parse_time(group: str) -> datetime | None:
    """Read a time as it is printed; None where it is none, or cannot be."""
    match = _TIME.fullmatch(group)
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        int(number or 0) for number in match.groups()[:-1]
    )
    try:
        return datetime(
            _full_year(year),
            month,
            day,
            hour,
            minute,
            second,
            tzinfo=_ZONES.get(match["season"]),
        )
    except ValueError:
        return None


def _parse_part(group: str, is_date: bool) -> date | time | None:
    """Read YYMMDD or hhmmss, which older meters print on lines of their own, also as YY-MM-DD and hh:mm:ss."""
    match = _PART.fullmatch(group)
    if match is None:
        return None
    parts = int(match[1]), int(match[3]), int(match[4])
    try:
        return date(_full_year(parts[0]), *parts[1:]) if is_date else time(*parts)
    except ValueError:
        return None


def _full_year(year: int) -> int:
    """Clocks that were never set begin in 1970."""
    return year + (1900 if year >= 70 else 2000)


def _entries(groups: tuple[str, ...]) -> Iterator[LogEntry]:
    """Yield the lines of a log: its length and codes come first, then times and values.

    Where two times precede a value, the end of a month and the moment of its peak, the later one is the value's.
    """
    if _is_count(groups[0]):
        groups = groups[1:] if int(groups[0]) else ()
    codes = [
        index for index, group in enumerate(groups) if ":" in group and _code(group)
    ]
    moment = None
    for group in groups[codes[-1] + 1 if codes else 0 :]:
        if _is_time(group):
            moment = parse_time(group)
        elif group:
            number, unit = _measure(group)
            yield LogEntry(moment, number, unit)


def _is_count(group: str) -> bool:
    return len(group) <= 4 and group.isascii() and group.isdigit()


def _read_profile(
    code: ObisCode, groups: tuple[str, ...]
) -> Iterator[tuple[ObisCode, Value]]:
    """Read `(time)(status)(minutes)(count)`, count pairs of code and unit, and for each period count values."""
    moment, _status, minutes, count = groups[:4]
    columns = int(count) if _is_count(count) else 0
    step = timedelta(minutes=int(minutes) if _is_count(minutes) else 0)
    names, numbers = groups[4 : 4 + 2 * columns], groups[4 + 2 * columns :]
    start, entries = parse_time(moment), []
    for index, group in enumerate(numbers if columns else ()):
        row, column = divmod(index, columns)
        number, unit = _measure(f"{group}*{names[2 * column + 1]}")
        at = start + row * step if start else None
        entries.append(LogEntry(at, number, unit))
        captured = _code(names[2 * column])
        if captured is not None:
            yield captured, Value(number, unit, time=at)
    yield code, Value(None, log=tuple(entries))
