"""BFW 240 radio: a heat cost allocator whose data are announced as records and are none.

    2F 2F | 2 bytes | units at the billing date (2) | units (2) | 29 bytes | day | month | year

Units are high byte first, the date is BCD.
"""

from ....reading import MeterIdentity
from ..data_types import bcd, to_date_g

_VERSION, _MEDIUM = 0x02, "heat_cost_allocator"
_FILLERS, _SIZE = b"\x2f\x2f", 40


def records(meter: MeterIdentity, data: bytes) -> bytes | None:
    """Return units, those at the billing date, and the date; None for other data of this meter."""
    if meter.version != _VERSION or meter.medium != _MEDIUM:
        return data
    if len(data) != _SIZE or not data.startswith(_FILLERS):
        return None
    day, month, year = (bcd(bytes((byte,))) for byte in data[-3:])
    if day is None or month is None or year is None:
        return None
    # Units are unsigned: a third byte keeps them positive.
    return (
        b"\x03\x6e"
        + data[7:5:-1]
        + b"\x00\x43\x6e"
        + data[5:3:-1]
        + b"\x00\x02\x6c"
        + to_date_g(year, month, day)
    )
