"""Qundis (also sold by Siemens): the walk-by data set, a record of variable length with VIF FF 5F.

    00 | 82 | 5 bytes | 07 | B0, C0 or C1 | VIF | error date (2) | value (4) | date (2) | value (4) | date (2) | value (4) | ...

Values are BCD in the unit of the VIF, dates type G: as it is now, at the yearly billing date, at the end of the last month.
"""

from ....reading import MeterIdentity, Record

_HEADER = "0dff5f"
_TYPE, _TYPE_AT, _VIF_AT = 0x82, 1, 9
_SIZE = 28
# The VIFs published telegrams have: energy, volume, heat cost units.
_VIFS = frozenset({0x05, 0x06, 0x0D, 0x0E, 0x13, 0x6E})


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
    )
