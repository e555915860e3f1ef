"""A reading as the standardised document of seed 004, section D: one format for every meter and every way out.

Each quantity has one canonical key; a key the meter does not send is there and null. The payload is not adjustable.
The version follows semantic versioning: a new minor version only adds keys, so readers of an older one go on.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .jsonform import record_object, value_object
from .named import NamedTuple
from .obis import ObisCode
from .reading import Reading, Value

VERSION = "1.0"


class Row(NamedTuple):
    """One line of seed 004, section D.

    `printed` is the code as the seed prints it, `key` the canonical key of the document, `sources` the codes that fill
    it, the first present one wins; `note` says what is odd about the print. `amis` rows repeat a value under the
    spelling of Netz OÖ's meters and are filled by those only.
    """

    printed: str
    key: str
    sources: tuple[str, ...]
    note: str = ""
    amis: bool = False


def _rows(*codes: str) -> tuple[Row, ...]:
    return tuple(Row(f"{code}.255", code, _sources(code)) for code in codes)


def _sources(code: str) -> tuple[str, ...]:
    """Kamstrup meters count electricity on channel 1: 1-1 fills what no 1-0 does."""
    other = code.replace("1-0:", "1-1:", 1)
    return (code,) if other == code else (code, other)


def _without_f(*codes: str) -> tuple[Row, ...]:
    """Codes that are printed without value group F."""
    return tuple(Row(code, code, (code,)) for code in codes)


def _amis(*groups: str) -> tuple[Row, ...]:
    """Channel 1 in print is Netz OÖ's spelling of channel 0."""
    return tuple(
        Row(
            f"1-1:{group}",
            f"1-1:{group}",
            (f"1-0:{group}",),
            f"Netz OÖ's spelling of 1-0:{group}",
            amis=True,
        )
        for group in groups
    )


def _tariffs(*bases: str) -> tuple[str, ...]:
    return tuple(f"1-0:{base}.8.{tariff}" for base in bases for tariff in range(5))


_METER_NUMBERS = ("0-0:96.1.0", "0-0:96.1.1", "1-0:0.0.5", "1-0:0.0.0")

# Seed 004, section D, in its order.
ROWS: tuple[Row, ...] = (
    Row("0-0:1.0.0.255", "0-0:1.0.0", ("0-0:1.0.0",)),
    Row(
        "0-0:C.1.0.255", "0-0:96.1.0", _METER_NUMBERS, "C stands for 96 (IEC 62056-61)"
    ),
    *_rows(*_tariffs("1", "2", "3", "4", "15")),
    *_rows("1-0:1.7.0", "1-0:2.7.0", "1-0:3.7.0", "1-0:4.7.0"),
    *_rows("1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0"),
    *_rows("1-0:31.7.0", "1-0:51.7.0", "1-0:71.7.0"),
    *_rows("1-0:1.6.0", "1-0:15.35.0"),
    *_without_f("1-0:33.7.0", "1-0:53.7.0", "1-0:73.7.0"),
    *_rows("1-0:13.7.0"),
    Row("0-0:96.1.0.255", "0-0:96.1.0", _METER_NUMBERS),
    *_rows("0-0:42.0.0"),
    Row(
        "0-0:0.9.2 and 0-0:0.9.1",
        "0-0:1.0.0",
        ("0-0:1.0.0",),
        "date and time in one M-Bus field (CP48)",
    ),
    *_amis("1.8.0", "2.8.0", "3.8.1", "4.8.1", "1.7.0", "2.7.0", "3.7.0", "4.7.0"),
    Row(
        "0-0:96.1.1.255",
        "0-0:96.1.0",
        _METER_NUMBERS,
        "printed twice; the first is the meter number",
    ),
    Row(
        "0-0:96.1.1.255",
        "0-0:1.0.0",
        ("0-0:1.0.0",),
        "printed twice; the second, 'time', is a misprint for 0-0:1.0.0",
    ),
    Row(
        "0-0:96.1.2.255",
        "0-0:1.0.0",
        ("0-0:1.0.0",),
        "printed as 'date', a misprint for 0-0:1.0.0",
    ),
    *_rows("0-0:96.13.0", "0-0:96.13.1"),
    Row(
        "0.0.1",
        "0-0:96.1.0",
        _METER_NUMBERS,
        "the short code 0.0.1 of the meter number",
    ),
    *_without_f("1-0:81.7.40", "1-0:81.7.51", "1-0:81.7.62"),
    Row("1-3:0.2.8.255,2", "1-3:0.2.8", ("1-3:0.2.8",)),
)

# Canonical keys in the order of their first row, each with what fills it.
_KEYS: dict[str, Row] = {}
for _row in ROWS:
    _KEYS.setdefault(_row.key, _row)

KEYS = tuple(_KEYS)

# Netz OÖ's meters name themselves with these letters in every telegram.
_AMIS_MANUFACTURER = "SAM"


def document(reading: Reading) -> dict[str, Any]:
    """Return the document of a reading; numbers stay exact (write it with jsonform.to_text)."""
    meter = reading.meter
    return {
        "version": VERSION,
        "meter": {
            "id": meter.key,
            "number": meter.number,
            "manufacturer": meter.manufacturer,
            "system_title": meter.title,
            "medium": meter.medium,
            "channel": meter.channel,
        },
        "meter_time": reading.time.isoformat() if reading.time else None,
        "arrival_time": datetime.fromtimestamp(reading.arrived, UTC).isoformat()
        if reading.arrived is not None
        else None,
        "authenticated": reading.authenticated,
        "encrypted": reading.encrypted,
        "values": _values(reading),
        "further": _further(reading),
        "records": [
            record_object(record) for record in reading.records if record.code is None
        ],
    }


def _values(reading: Reading) -> dict[str, Any]:
    return {key: _filled(row, reading) for key, row in _KEYS.items()}


def _filled(row: Row, reading: Reading) -> Any:
    if row.amis and reading.meter.manufacturer != _AMIS_MANUFACTURER:
        return None
    found = _first(row.sources, reading.values)
    if found is not None:
        return value_object(found)
    return _from_identity(row.key, reading)


def _first(sources: tuple[str, ...], values: Mapping[ObisCode, Value]) -> Value | None:
    return next(
        (values[code] for code in map(ObisCode.parse, sources) if code in values), None
    )


def _from_identity(key: str, reading: Reading) -> Any:
    """Fill what a telegram says outside of its values: the meter number and the clock."""
    if key == "0-0:96.1.0" and reading.meter.number is not None:
        return {"value": reading.meter.number, "unit": None}
    if key == "0-0:1.0.0" and reading.time is not None:
        return {"value": reading.time.isoformat(), "unit": None}
    return None


def _further(reading: Reading) -> dict[str, Any]:
    """Return what the meter sends beyond section D, by its own code."""
    used = {ObisCode.parse(source) for row in _KEYS.values() for source in row.sources}
    return {
        str(code): value_object(value)
        for code, value in reading.values.items()
        if code not in used
    }
