"""Compact profiles (EN 13757-3:2018, annex F): the past of one register in one record of variable length.

    LVAR | spacing control | spacing value | value | value | ...

Spacing control   I I U U D D D D   I: 0 values, 1 increases, 2 decreases, 3 changes of either sign
                                    U: 0 seconds, 1 minutes, 2 hours, 3 days; D: the data field of each value
Spacing value     how many units lie between two values; 254 with days: a month

The profile belongs to the register with its storage number, whose value and time are the base. The first value is one
step behind it, in an inverse profile one step before it; each gets the next storage number. A change is always the later
value less the earlier one. What the annex says of half months is not known well enough and left packed.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from ...reading import Fault, Record
from .dif import BCD_FIELDS, DATA_LENGTHS
from .records import Header, parse_header, to_record
from .vif import interpret

_INVERSE = "inverse_compact_profile"
_PROFILES = frozenset({"compact_profile", "compact_profile_with_registers", _INVERSE})
# The VIFEs of profiles, which are the last of their record.
_CODES = frozenset({0x13, 0x1E, 0x1F})
# A profile of more values is a load curve, and no history that anybody reads as single values.
_LONGEST = 64
_VALUES, _INCREASES, _DECREASES = 0, 1, 2
_UNITS = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(1))
_DAYS, _MONTH, _MOST = 3, 254, 250


def unpacked(records: Sequence[Record]) -> Iterator[Record]:
    """Yield a record for each value of each profile among `records`, and one for its time where the base has one."""
    for record in records:
        if record.raw and is_profile(record):
            yield from _unpack(record, records)


def is_profile(record: Record) -> bool:
    """Whether a record holds the past of a register."""
    return not _PROFILES.isdisjoint(record.qualifiers)


def _unpack(profile: Record, records: Sequence[Record]) -> Iterator[Record]:
    raw = bytes.fromhex(profile.raw)
    header = parse_header(raw, 0)
    content = b"" if isinstance(header, Fault) else raw[len(header.raw) + 1 :]
    if isinstance(header, Fault) or len(content) < 2:
        return
    control, spacing = content[0], content[1]
    inverse = _INVERSE in profile.qualifiers
    size = DATA_LENGTHS[control & 0xF] if control & 0xF < 0xF else None
    kind = control >> 6
    if (
        not size
        or len(content) > _LONGEST * size
        or header.raw[-1] not in _CODES
        or not _is_spacing(control, spacing)
    ):
        return
    chunks = (content[at : at + size] for at in range(2, len(content) - size + 1, size))
    elements = [_element(header, control, chunk, kind) for chunk in chunks]
    values = (
        elements
        if kind == _VALUES
        else _summed(
            _base(profile, records), elements, falls=(kind == _DECREASES) != inverse
        )
    )
    times = _times(_base_time(profile, records), control, spacing, inverse=inverse)
    for step, value in enumerate(values, 1):
        when = next(times, None)
        if value.value is None:
            continue
        storage = profile.storage + step
        yield value._replace(storage=storage, raw="")
        if when is not None:
            quantity = "datetime" if isinstance(when, datetime) else "date"
            yield Record(quantity, when, storage=storage)


def _is_spacing(control: int, spacing: int) -> bool:
    return 1 <= spacing <= _MOST or (spacing == _MONTH and control >> 4 & 3 == _DAYS)


def _element(header: Header, control: int, data: bytes, kind: int) -> Record:
    """Read one value as a record of the register itself; increases and decreases have no sign."""
    vib = header.raw[header.dib.end : -1]
    vib = vib[:-1] + bytes((vib[-1] & 0x7F,))
    dib = header.dib._replace(field=control & 0xF)
    own = Header(dib, interpret(vib), b"")
    signless = kind in (_INCREASES, _DECREASES)
    if signless and dib.field not in BCD_FIELDS and data == b"\xff" * len(data):
        return to_record(own, b"")
    return to_record(own, data, unsigned=signless)


def _base(profile: Record, records: Iterable[Record]) -> int | Decimal | None:
    """Return the value of the register the profile belongs to."""
    own = tuple(word for word in profile.qualifiers if word not in _PROFILES)
    for record in records:
        if (
            (record.quantity, record.qualifiers) == (profile.quantity, own)
            and record.storage == profile.storage
            and (record.function, record.tariff, record.subunit)
            == (profile.function, profile.tariff, profile.subunit)
            and isinstance(record.value, int | Decimal)
        ):
            return record.value
    return None


def _base_time(profile: Record, records: Iterable[Record]) -> date | None:
    """Return the date, or the date and time, of the register the profile belongs to."""
    for record in records:
        if record.storage == profile.storage and isinstance(record.value, date):
            return record.value
    return None


def _summed(
    base: int | Decimal | None, changes: Iterable[Record], *, falls: bool
) -> Iterator[Record]:
    """Yield absolute values; nothing behind a change that is not known."""
    for change in changes:
        if base is None or not isinstance(change.value, int | Decimal):
            return
        base += -change.value if falls else change.value
        yield change._replace(value=base)


def _times(
    base: date | None, control: int, spacing: int, *, inverse: bool
) -> Iterator[date]:
    sign = -1 if inverse else 1
    unit = control >> 4 & 3
    if base is None or (unit != _DAYS and not isinstance(base, datetime)):
        return
    step = 0
    while True:
        step += sign
        try:
            yield (
                months_later(base, step)
                if spacing == _MONTH
                else base + step * spacing * _UNITS[unit]
            )
        except OverflowError, ValueError:
            return


def months_later(base: date, months: int) -> date:
    """Return the same day of another month; the last day of a month stays the last."""
    year, month = divmod(base.year * 12 + base.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    is_last = base.day == monthrange(base.year, base.month)[1]
    return base.replace(
        year=year, month=month + 1, day=last if is_last else min(base.day, last)
    )
