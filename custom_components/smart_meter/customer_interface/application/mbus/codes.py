"""OBIS codes of M-Bus records (EN 13757-1:2014; OMS Specification Vol. 2, annex A; Netz OÖ's list for AMIS meters).

Only instantaneous and maximum values of the current storage have a code. A meter that keeps only its last hourly value
(Dutch P2: storage 1 with a time of its own) is mapped with that time.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from ...named import NamedTuple
from ...obis import CLOCK, ObisCode
from ...reading import MeterIdentity, Record, RecordFunction, Scalar, Value

_INSTANT = RecordFunction.INSTANTANEOUS
_MAXIMUM = RecordFunction.MAXIMUM

# Value group A by the medium of the meter (EN 13757-1, table 1).
GROUP_A = {
    "electricity": 1,
    "heat_cost_allocator": 4,
    "cooling": 5,
    "heat": 6,
    "heat_cooling": 6,
    "gas": 7,
    "water": 8,
    "cold_water": 8,
    "warm_water": 9,
    "hot_water": 9,
}
_ELECTRICITY, _COOLING, _HEAT, _GAS = 1, 5, 6, 7

# (quantity, qualifiers) -> value groups C and D; E is the tariff.
type _Key = tuple[str, tuple[str, ...]]
type _Groups = tuple[int, int]


def _both_ways(
    quantity: str, forward: int, backward: int, function: int
) -> dict[_Key, _Groups]:
    """Import and export, for all phases together and for each."""
    rows: dict[_Key, _Groups] = {}
    for phase in range(4):
        where = (f"phase_l{phase}",) if phase else ()
        rows |= {
            (quantity, where): (forward + 20 * phase, function),
            (quantity, ("forward", *where)): (forward + 20 * phase, function),
            (quantity, (*where, "forward")): (forward + 20 * phase, function),
            (quantity, ("backward", *where)): (backward + 20 * phase, function),
            (quantity, (*where, "backward")): (backward + 20 * phase, function),
        }
    return rows


def _phases(quantity: str, group_c: int) -> dict[_Key, _Groups]:
    return {
        (quantity, (f"phase_l{phase}",) if phase else ()): (group_c + 20 * phase, 7)
        for phase in range(4)
    }


_ELECTRIC: dict[_Key, _Groups] = {
    **_both_ways("energy", 1, 2, 8),
    **_both_ways("reactive_energy", 3, 4, 8),
    **_both_ways("apparent_energy", 9, 10, 8),
    **_both_ways("power", 1, 2, 7),
    **_both_ways("reactive_power", 3, 4, 7),
    **_both_ways("apparent_power", 9, 10, 7),
    **_phases("current", 11),
    **_phases("voltage", 12),
    ("frequency", ()): (14, 7),
    ("energy", ("absolute",)): (15, 8),
    ("energy", ("import_minus_export",)): (16, 8),
    ("power", ("absolute",)): (15, 7),
    ("power", ("import_minus_export",)): (16, 7),
}
_THERMAL: dict[_Key, _Groups] = {
    ("energy", ()): (1, 0),
    ("energy", ("forward",)): (1, 0),
    ("volume", ()): (2, 0),
    ("power", ()): (8, 0),
    ("volume_flow", ()): (9, 0),
    ("flow_temperature", ()): (10, 0),
    ("return_temperature", ()): (11, 0),
    ("temperature_difference", ()): (12, 0),
}
_WATER: dict[_Key, _Groups] = {("volume", ()): (1, 0), ("volume_flow", ()): (2, 0)}
_GAS_VOLUME: dict[_Key, _Groups] = {
    ("volume", ()): (3, 0),
    ("volume", ("uncorrected",)): (3, 0),
}
_CODES: dict[int, dict[_Key, _Groups]] = {
    1: _ELECTRIC,
    4: {("heat_cost_units", ()): (1, 0)},
    5: {**_THERMAL, ("energy", ("backward",)): (1, 0)},
    6: _THERMAL,
    7: _GAS_VOLUME,
    8: _WATER,
    9: _WATER,
}
# Plain units a code may have: a counter in joules and one in cubic feet keep theirs, power in J/h has no code.
_WITHOUT_CODE = frozenset({"J/h", "cal", "1/h"})

# Records whose own data decide what a telegram or another record of it means.
DECISIVE = frozenset({"special_supplier_information", "fabrication_number"})

_SERIAL = ObisCode(0, 0, 96, 1, 0)
_VALVE = ObisCode(0, 0, 24, 4, 0)
_COLLECTION = ObisCode(1, 0, 1, 128, 0)
_AMIS = "SAM"
_MAXIMUM_POWER = 6
_CONVERTED = 1
_VOLUME_CONVERTED_BIT = 4


class Mapped(NamedTuple):
    """Records with their codes, the values, and the meter's clock."""

    records: tuple[Record, ...]
    values: Mapping[ObisCode, Value]
    time: datetime | None


def assign(records: tuple[Record, ...], meter: MeterIdentity) -> Mapped:
    """Give records the codes they have for this meter; the first of several with the same code wins."""
    dutch = is_dutch_p2(records)
    if dutch:
        records = tuple(record._replace(value=_utc(record.value)) for record in records)
    converted = _tells_converted(records)
    hourly = _time(records, storage=1)
    coded = [
        _with_code(
            record,
            _VALVE if dutch and _is_valve(record) else _code(record, meter, converted),
        )
        for record in records
    ]
    values: dict[ObisCode, Value] = {}
    for record in coded:
        if record.code is not None and record.storage == 0:
            values.setdefault(record.code, _value(record))
    for index, record in enumerate(coded):
        if record.code is None or record.storage == 0:
            continue
        if hourly is None or record.code in values:
            coded[index] = _with_code(record, None)
        else:
            values[record.code] = Value(record.value, record.unit, time=hourly)
    return Mapped(tuple(coded), values, _time(records, storage=0))


def _value(record: Record) -> Value:
    """A record's value; a fabrication number is a text of at least eight digits, as printed on meters."""
    if record.code == _SERIAL:
        return Value(str(record.value).zfill(8))
    return Value(record.value, record.unit)


def is_dutch_p2(records: Iterable[Record]) -> bool:
    """A Dutch P2 telegram has meter configuration data and an equipment identifier of 17 characters (P2 4.2.2, 6.3)."""
    quantities = {
        record.quantity
        for record in records
        if record.quantity == "special_supplier_information"
        or (
            record.quantity == "fabrication_number"
            and isinstance(record.value, str)
            and len(record.value) == 17
        )
    }
    return len(quantities) == 2


def _is_valve(record: Record) -> bool:
    """Whether it is the valve of older P2 meters: 89 40 FD 1A, 0 closed, 1 open, 2 released (P2 4.2.2, 9.1)."""
    return (record.quantity, record.subunit) == ("digital_output", 1)


def _tells_converted(records: Iterable[Record]) -> bool:
    """Whether plain gas volume is the converted one: another is marked unconverted, or P2's configuration says so."""
    return any(
        (record.quantity == "volume" and "uncorrected" in record.qualifiers)
        or (
            record.quantity == "special_supplier_information"
            and isinstance(record.value, int)
            and bool(record.value & _VOLUME_CONVERTED_BIT)
        )
        for record in records
    )


def _time(records: Iterable[Record], storage: int) -> datetime | None:
    """Return the meter's clock (storage 0), or the time of hourly values (storage 1: type I, P2 4.2.2, 6.4.3)."""
    for record in records:
        found = (record.quantity, record.storage, record.function, record.qualifiers)
        if found != ("datetime", storage, _INSTANT, ()):
            continue
        if storage == 0 or record.raw.startswith("466d"):
            return record.value if isinstance(record.value, datetime) else None
    return None


def _utc(value: Scalar) -> Scalar:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _with_code(record: Record, code: ObisCode | None) -> Record:
    if record.code is code:
        return record
    quantity, value, unit, function, storage, tariff, subunit, words, _, raw = record
    return Record(
        quantity, value, unit, function, storage, tariff, subunit, words, code, raw
    )


def _code(record: Record, meter: MeterIdentity, converted: bool) -> ObisCode | None:
    if record.value is None or record.storage > 1:
        return None
    if (
        record.function is _INSTANT
        and record.subunit == 0
        and record.quantity in ("datetime", "fabrication_number")
    ):
        return _general(record)
    if meter.manufacturer == _AMIS and (record.quantity, record.qualifiers) == (
        "energy",
        ("manufacturer_04",),
    ):
        return _COLLECTION
    return _measured(record, meter, converted)


def _general(record: Record) -> ObisCode | None:
    if record.qualifiers or record.storage:
        return None
    return CLOCK if record.quantity == "datetime" else _SERIAL


def _measured(record: Record, meter: MeterIdentity, converted: bool) -> ObisCode | None:
    group_a = GROUP_A.get(meter.medium or "")
    if group_a is None and meter.manufacturer == _AMIS:
        group_a = _ELECTRICITY
    if group_a == _HEAT and _is_cold(record, meter):
        return _built(record, _COOLING, converted)
    if group_a is None or record.subunit:
        return None
    return _built(record, group_a, converted)


def _is_cold(record: Record, meter: MeterIdentity) -> bool:
    """Energy taken out: marked backward (OMS), or by the subunit of a meter of both (P2 4.2.2, 6.4.5)."""
    if record.quantity != "energy":
        return False
    by_subunit = meter.medium == "heat_cooling" and not record.qualifiers
    return (
        (record.subunit == 1)
        if by_subunit
        else record.qualifiers == ("backward",) and not record.subunit
    )


def _built(record: Record, group_a: int, converted: bool) -> ObisCode | None:
    groups = _CODES[group_a].get((record.quantity, record.qualifiers))
    if (
        groups is None
        or not isinstance(record.value, int | Decimal)
        or record.unit in _WITHOUT_CODE
    ):
        return None
    group_c, group_d = groups
    if record.function is _MAXIMUM and (group_a, record.quantity) == (
        _ELECTRICITY,
        "power",
    ):
        group_d = _MAXIMUM_POWER
    elif record.function is not _INSTANT:
        return None
    if group_a == _GAS and converted and not record.qualifiers:
        group_d = _CONVERTED
    return (
        ObisCode(group_a, 0, group_c, group_d, record.tariff)
        if record.tariff < 64
        else None
    )
