"""BMeters: Hydrodigit water meters and Hydroclima heat cost allocators add a block behind DIF 0F; RFM-TX1 scrambles.

    Hydrodigit   contents | [battery] [fraud] [leak] [backflow] [months]        each part where its bit of contents is set
    battery      voltage in the low four bits, by a table
    fraud        year | kind and month, four bits each | day                    BCD but for the month
    leak         year | month | day                                            BCD
    backflow     4 bytes in litres
    months       12 times 3 bytes in 0.01 m³: the total at the end of the last January, February, ...; FF FF FF none

    Hydroclima   10 | status | time | date | room now | maximum | its date | 2 bytes | room before | radiator before | ...
                 11 | status | time | date | opened | radiator now | room now | maximum before | its date | radiator before |
                      room before | units (4 times) | room (3 times) | 12 bytes

    RFM-TX1      7A | access number | status | 06 10 | 2 bytes | volume (4) | 7 bytes | second | minute | hour | day |
                      month | year | ...

All low byte first, in two bytes where not said. Temperatures are averages of a billing period in 0.01 °C, 80 00 none; of
the periods before the newest comes first. The volume of the RFM-TX1 is BCD in litres; each byte of it is combined by
exclusive or with the access number and a byte of a table, whose row is the low four bits of the access number. Its
clock is BCD.
"""

from collections.abc import Callable

from ....reading import MeterIdentity, Record
from ..data_types import bcd, to_date_g
from .build import count, dib

type _Read = Callable[[bytes], bytes]

_WATER = frozenset({"water", "warm_water"})
_HYDRODIGIT = frozenset({0x13, 0x15, 0x17})
_HYDROCLIMA = frozenset({0x53, 0x85})
_BLOCK = "0f"
_RFM_TX1 = 0x05

# Voltages by the table of the maker, in 0.01 V.
_VOLTAGES = (
    *(370, 190, 210, 220, 230, 240, 250, 265),
    *(280, 290, 305, 320, 335, 350, 370, 370),
)
_MONTHS, _MONTH = 12, 3
_VOLUME, _HUNDREDTH = b"\x13", b"\x14"
_BACKWARD, _LEAKAGE = b"\x93\x3c", b"\xec\x69"
_VOLTAGE, _ERROR_DATE, _NO_DATE = b"\x02\xfd\x47", b"\x32\x6c", b"\xff\xff"


def _battery(data: bytes) -> bytes:
    return _VOLTAGE + _VOLTAGES[data[0] & 0xF].to_bytes(2, "little")


def _date(data: bytes) -> bytes:
    """Return year, month and day, each BCD, as a date of type G."""
    year, month, day = (bcd(bytes((byte,))) for byte in data)
    if year is None or month is None or day is None:
        return _NO_DATE
    return to_date_g(year, month, day)


def _fraud(data: bytes) -> bytes:
    year, day = bcd(data[:1]), bcd(data[2:])
    if year is None or day is None:
        return _ERROR_DATE + _NO_DATE
    return _ERROR_DATE + to_date_g(year, data[1] & 0xF, day)


def _leak(data: bytes) -> bytes:
    return dib(0x2) + _LEAKAGE + _date(data)


def _backflow(data: bytes) -> bytes:
    return dib(0x4) + _BACKWARD + data


def _months(data: bytes) -> bytes:
    return b"".join(
        count(data[_MONTH * (n - 1) : _MONTH * n], _HUNDREDTH, n)
        for n in range(1, _MONTHS + 1)
    )


# The parts in their order: bit of the contents, size, how to read it.
_PARTS: tuple[tuple[int, int, _Read], ...] = (
    (0x01, 1, _battery),
    (0x02, 3, _fraud),
    (0x80, 3, _leak),
    (0x04, 4, _backflow),
    (0x10, _MONTHS * _MONTH, _months),
)
_KNOWN = 0x97
# What may follow the last part.
_BEHIND = (b"", b"\x00", b"\x2f")


def hydrodigit(meter: MeterIdentity, record: Record) -> bytes:
    """Return the records of the block of a Hydrodigit; none where it has parts that are not known."""
    data = _block(record)
    if (
        meter.version not in _HYDRODIGIT
        or meter.medium not in _WATER
        or not data
        or data[0] & ~_KNOWN
    ):
        return b""
    found, position = bytearray(), 1
    for bit, size, read in _PARTS:
        if not data[0] & bit:
            continue
        if position + size > len(data):
            return b""
        found += read(data[position : position + size])
        position += size
    return bytes(found) if data[position : position + 1] in _BEHIND else b""


_AVERAGE_ROOM, _AVERAGE_RADIATOR = b"\xe5\x12", b"\xd9\x12"
_ROOM, _UNITS = b"\x65", b"\x6e"
_MAXIMUM = 0x10

# Place in the block and what is there: for a temperature the data field with its function, VIB and storage number.
_TEMPERATURES: dict[int, tuple[tuple[int, int, bytes, int], ...]] = {
    0x10: (
        (7, 0x2, _AVERAGE_ROOM, 0),
        (9, 0x2 | _MAXIMUM, _ROOM, 0),
        (15, 0x2, _AVERAGE_ROOM, 1),
        (17, 0x2, _AVERAGE_RADIATOR, 1),
    ),
    0x11: (
        (9, 0x2, _AVERAGE_RADIATOR, 0),
        (11, 0x2, _AVERAGE_ROOM, 0),
        (13, 0x2 | _MAXIMUM, _ROOM, 1),
        (17, 0x2, _AVERAGE_RADIATOR, 1),
        (19, 0x2, _AVERAGE_ROOM, 1),
        (29, 0x2, _AVERAGE_ROOM, 2),
        (31, 0x2, _AVERAGE_ROOM, 3),
        (33, 0x2, _AVERAGE_ROOM, 4),
    ),
}
_COUNTS: dict[int, tuple[tuple[int, int, int], ...]] = {
    0x10: (),
    0x11: ((21, 2, 2), (23, 2, 3), (25, 2, 4), (27, 2, 5)),
}
_SIZES = {0x10: 24, 0x11: 47}


def hydroclima(meter: MeterIdentity, record: Record) -> bytes:
    """Return temperatures and units of the block of a Hydroclima; none where its length is another."""
    data = _block(record)
    if meter.version not in _HYDROCLIMA or not data or _SIZES.get(data[0]) != len(data):
        return b""
    temperatures = (
        dib(field, storage) + vib + data[at : at + 2]
        for at, field, vib, storage in _TEMPERATURES[data[0]]
    )
    units = (
        count(data[at : at + size], _UNITS, storage)
        for at, size, storage in _COUNTS[data[0]]
    )
    return b"".join((*temperatures, *units))


def _block(record: Record) -> bytes:
    return bytes.fromhex(record.raw[2:]) if record.raw.startswith(_BLOCK) else b""


# The rows of the RFM-TX1's table, by byte of the volume.
_TABLE = tuple(
    bytes.fromhex(row)
    for row in (
        "7A70B97907329CB40AF0160C4A77BD39",
        "10130B079AA17EC4CE0598C9482E786F",
        "1A228E4ACB39608019A5117DE48A5728",
        "0A139916690E99A303865EA21FE88C05",
    )
)
_SHORT_HEADER, _OWN_CONFIGURATION = 0x7A, b"\x06\x10"
_VOLUME_AT, _CLOCK_AT, _CLOCK_SIZE = 6, 17, 6


def is_scrambled(ci: int, data: bytes) -> bool:
    """Whether a telegram is one an RFM-TX1 scrambles; `data` is what follows its CI field."""
    return ci == _SHORT_HEADER and data[2:4] == _OWN_CONFIGURATION


def rfm_tx1(meter: MeterIdentity, ci: int, data: bytes) -> bytes | None:
    """Return volume and clock of an RFM-TX1; None where they are none, which tells another table."""
    if (
        meter.version != _RFM_TX1
        or meter.medium not in _WATER
        or not is_scrambled(ci, data)
    ):
        return None
    volume = bytes(
        byte ^ data[0] ^ row[data[0] & 0xF]
        for byte, row in zip(data[_VOLUME_AT:], _TABLE, strict=False)
    )
    clock = _clock(data[_CLOCK_AT : _CLOCK_AT + _CLOCK_SIZE])
    if clock is None or bcd(volume) is None or volume[-1] >> 4 == _MINUS:
        return None
    return dib(_BCD_8) + _VOLUME + volume + clock


_BCD_8, _MINUS = 0xC, 0xF
_DATE_AND_TIME = b"\x04\x6d"


def _clock(data: bytes) -> bytes | None:
    """Return second, minute, hour, day, month and year, each BCD, as date and time of type F; None where they are none."""
    digits = [bcd(bytes((byte,))) for byte in data]
    if len(digits) < _CLOCK_SIZE or None in digits:
        return None
    second, minute, hour, day, month, year = (digit or 0 for digit in digits)
    date = to_date_g(year, month, day)
    if date == _NO_DATE or hour > 23 or max(minute, second) > 59:
        return None
    return _DATE_AND_TIME + bytes((minute, hour)) + date
