"""Qundis (also sold by Siemens): the walk-by data set, a record of variable length with VIF FF 5F.

    00 | 82 | 5 bytes | 07 | B0, C0 or C1 | VIF | error date (2) | value (4) | date (2) | value (4) | date (2) | value (4) |
         12 months (2 each) | 2F

Values are BCD in the unit of the VIF, dates type G: as it is now, at the yearly billing date, at the end of the last month.
Months are what was consumed in each, low byte first, the last one last; 80 00 is none. They are in the unit of the VIF,
but for volumes, where one is 10 litres: their sum says so in all published telegrams but those of 0.1 kWh.
"""

from ....reading import MeterIdentity, Record
from .build import dib

_HEADER = "0dff5f"
_TYPE, _TYPE_AT, _VIF_AT = 0x82, 1, 9
_SIZE = 28
# The VIFs published telegrams have: energy, volume, heat cost units.
_VIFS = frozenset({0x05, 0x06, 0x0D, 0x0E, 0x13, 0x6E})
# The VIFs whose months are proven, and those of the months; a month's consumption is the quantity per month, with a
# manufacturer's own VIFE that tells it from the register of the same storage number.
_MONTHLY = {0x06: 0x86, 0x0D: 0x8D, 0x13: 0x94}
_PER_MONTH = b"\xa5\xff\x02"
_MONTHS, _END = slice(28, 52), 0x2F
_LAST_MONTH = 17


def within(_meter: MeterIdentity, record: Record) -> bytes:
    """Return the records of a walk-by data set."""
    raw = bytes.fromhex(record.raw) if record.raw.startswith(_HEADER) else b""
    data = raw[4:]
    if len(data) < _SIZE or data[_TYPE_AT] != _TYPE or data[_VIF_AT] not in _VIFS:
        return b""
    vif = data[_VIF_AT : _VIF_AT + 1]
    error, now, year, at_year, month, at_month = (
        data[start:end]
        for start, end in ((10, 12), (12, 16), (16, 18), (18, 22), (22, 24), (24, 28))
    )
    return (
        b"\x0c"
        + vif
        + now
        + b"\x4c"
        + vif
        + at_year
        + b"\x42\x6c"
        + year
        + b"\xcc\x08"
        + vif
        + at_month
        + b"\xc2\x08\x6c"
        + month
        + b"\x32\x6c"
        + error
        + _months(data)
    )


def _months(data: bytes) -> bytes:
    """Return what was consumed in each month: the last has the storage number of its end, each before it the next."""
    vif = _MONTHLY.get(data[_VIF_AT])
    if vif is None or data[_MONTHS.stop : _MONTHS.stop + 1] != bytes((_END,)):
        return b""
    months = data[_MONTHS]
    return b"".join(
        dib(0x2, _LAST_MONTH + n)
        + bytes((vif,))
        + _PER_MONTH
        + months[len(months) - 2 * n - 2 :][:2]
        for n in range(len(months) // 2)
    )
