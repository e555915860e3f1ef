"""BFW 240 radio: a heat cost allocator whose data are announced as records and are none.

    2F 2F | 2 bytes | units at the billing date (2) | units (2) | 2 bytes | months (27) | day | month | year

Units are high byte first, the date is BCD. The months are the units at the end of the last 18, two in three bytes, the
newest last: low eight bits of the older | its high four bits | high four bits of the newer | its low eight bits.
"""

from ....reading import MeterIdentity
from ..data_types import bcd, to_date_g
from .build import count

_VERSION, _MEDIUM = 0x02, "heat_cost_allocator"
_FILLERS, _SIZE = b"\x2f\x2f", 40
_UNITS = b"\x6e"
# The newest month has the storage number behind the one of the billing date.
_MONTHS, _NEWEST = slice(10, 37), 2


def records(meter: MeterIdentity, data: bytes) -> bytes | None:
    """Return units, those at the billing date, the date, and those of each month; None for other data of this meter."""
    if meter.version != _VERSION or meter.medium != _MEDIUM:
        return data
    if len(data) != _SIZE or not data.startswith(_FILLERS):
        return None
    day, month, year = (bcd(bytes((byte,))) for byte in data[-3:])
    if day is None or month is None or year is None:
        return None
    return (
        count(data[7:5:-1], _UNITS)
        + count(data[5:3:-1], _UNITS, 1)
        + b"\x02\x6c"
        + to_date_g(year, month, day)
        + _months(data[_MONTHS])
    )


def _months(data: bytes) -> bytes:
    found = bytearray()
    for pair in range(0, len(data), 3):
        low, middle, high = data[len(data) - pair - 3 : len(data) - pair]
        newer, older = bytes((high, middle & 0xF)), bytes((low, middle >> 4))
        found += count(newer, _UNITS, _NEWEST + pair * 2 // 3)
        found += count(older, _UNITS, _NEWEST + pair * 2 // 3 + 1)
    return bytes(found)
